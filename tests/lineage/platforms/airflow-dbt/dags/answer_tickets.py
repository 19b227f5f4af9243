"""Drafts answers to tickets with a language model."""

from datetime import datetime

import pandas as pd
import sqlalchemy
from airflow import DAG
from airflow.hooks.base import BaseHook
from airflow.operators.python import PythonOperator
from openai import OpenAI


def draft():
    engine = sqlalchemy.create_engine(BaseHook.get_connection("replica").get_uri())
    tickets = pd.read_sql("SELECT email, body FROM support.tickets WHERE opened_at > now() - interval '1 hour'", engine)
    client = OpenAI()
    for row in tickets.itertuples():
        client.chat.completions.create(
            model="gpt-4o-mini",
            messages=[{"role": "user", "content": f"Answer {row.email}: {row.body}"}],
        )


with DAG("answer_tickets", schedule="@hourly", start_date=datetime(2025, 1, 1), catchup=False) as dag:
    PythonOperator(task_id="draft", python_callable=draft)
