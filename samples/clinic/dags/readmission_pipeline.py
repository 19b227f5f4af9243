"""Nightly: extract, curate, train weekly, export."""

from datetime import datetime, timedelta

import pandas as pd
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator

CURATED = "s3://clinic-lake-curated"


def pick_follow_ups(ti, **_):
    """Long stays go to the follow-up nurse; the next task reads the list."""
    cohort = pd.read_parquet(f"{CURATED}/patients.parquet")
    long_stays = cohort[cohort["nights"] > 10]
    ti.xcom_push(key="follow_ups", value=long_stays[["mrn", "ward"]].to_dict("records"))


with DAG(
    dag_id="readmission_pipeline",
    schedule="0 3 * * *",
    start_date=datetime(2025, 1, 1),
    catchup=False,
    default_args={"owner": "data-platform", "retries": 2, "retry_delay": timedelta(minutes=10)},
    tags=["readmission"],
) as dag:
    clean = BashOperator(task_id="clean_patients", bash_command="python -m jobs.clean_patients")
    labs = BashOperator(task_id="lab_features", bash_command="spark-submit jobs/lab_features.py")
    train = BashOperator(task_id="train", bash_command="python -m jobs.train_readmission")
    follow_ups = PythonOperator(task_id="pick_follow_ups", python_callable=pick_follow_ups)
    export = BashOperator(task_id="export_cohort", bash_command="python -m jobs.export_cohort")
    research = BashOperator(task_id="share_research", bash_command="python -m jobs.share_research")
    partner = BashOperator(task_id="notify_partner", bash_command="python -m jobs.notify_partner")

    [clean, labs] >> train
    clean >> follow_ups
    clean >> [export, research, partner]
