"""Trains offers every night and releases them if they are good."""
from datetime import datetime

import mlflow
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator, ShortCircuitOperator


def good_enough(ti):
    return ti.xcom_pull(task_ids="measure", key="ndcg") >= 0.4


def register():
    mlflow.register_model("s3://lend-models/offers", "ranked-offers")


with DAG(dag_id="offers", schedule="@daily", start_date=datetime(2026, 1, 1), default_args={"owner": "growth"}) as dag:
    measure = BashOperator(task_id="measure", bash_command="python -m jobs.measure_offers")
    check = ShortCircuitOperator(task_id="check", python_callable=good_enough)
    release = PythonOperator(task_id="release", python_callable=register)
    announce = BashOperator(task_id="announce", bash_command="python -m jobs.announce_offers")
    measure >> check >> release >> announce
