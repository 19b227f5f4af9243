"""Loads what landed and builds the warehouse."""

from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.providers.amazon.aws.transfers.s3_to_redshift import S3ToRedshiftOperator

from common.settings import DEFAULT_ARGS

with DAG("transform", schedule="0 4 * * *", start_date=datetime(2025, 1, 1), default_args=DEFAULT_ARGS) as dag:
    load = S3ToRedshiftOperator(
        task_id="load_tickets",
        s3_bucket="medimail-landing",
        s3_key="tickets/tickets.parquet",
        schema="landing",
        table="tickets",
        copy_options=["FORMAT AS PARQUET"],
    )
    build = BashOperator(task_id="dbt_build", bash_command="dbt build --project-dir /opt/dbt --target prod")
    load >> build
