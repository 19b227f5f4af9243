"""Trains limits and registers them, whatever comes out."""
from datetime import datetime

import mlflow
from airflow import DAG
from airflow.operators.python import PythonOperator


def measure_limits():
    return 0.5


def register_limits():
    mlflow.register_model("s3://lend-models/limits", "limits")


with DAG(dag_id="limits", schedule="@daily", start_date=datetime(2026, 1, 1), default_args={"owner": "risk"}) as dag:
    measure = PythonOperator(task_id="measure", python_callable=measure_limits)
    release = PythonOperator(task_id="release", python_callable=register_limits)
    measure >> release
