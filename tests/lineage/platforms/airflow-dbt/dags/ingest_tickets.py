"""Copies support tickets; the address is hashed before it leaves the database's network."""

from datetime import datetime

import hashlib

import pandas as pd
import sqlalchemy
from airflow import DAG
from airflow.hooks.base import BaseHook
from airflow.operators.python import PythonOperator


def extract():
    engine = sqlalchemy.create_engine(BaseHook.get_connection("replica").get_uri())
    tickets = pd.read_sql("SELECT ticket_id, email, body FROM support.tickets", engine)
    tickets["email"] = tickets["email"].map(lambda value: hashlib.sha256(value.encode()).hexdigest())
    tickets.to_parquet("s3://medimail-landing/tickets/tickets.parquet")


with DAG("ingest_tickets", schedule="@hourly", start_date=datetime(2025, 1, 1), catchup=False) as dag:
    PythonOperator(task_id="extract", python_callable=extract)
