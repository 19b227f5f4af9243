"""Nightly: pseudonymise and report; train once a week."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG(
    dag_id="stay_pipeline",
    schedule="30 2 * * *",
    start_date=datetime(2025, 3, 1),
    catchup=False,
    default_args={"owner": "bed-planning", "retries": 2, "retry_delay": timedelta(minutes=15)},
    tags=["bed-planning"],
) as dag:
    pseudonymise = BashOperator(task_id="pseudonymise", bash_command="python -m jobs.pseudonymise")
    train = BashOperator(task_id="train", bash_command="python -m jobs.train_stay")
    report = BashOperator(task_id="report", bash_command="python -m jobs.report_registry")

    pseudonymise >> [train, report]
