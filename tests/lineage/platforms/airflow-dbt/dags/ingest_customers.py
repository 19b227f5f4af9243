"""Copies the customers of the replica to the landing bucket."""

from datetime import datetime

import pandas as pd
import sqlalchemy
from airflow.decorators import dag, task
from airflow.hooks.base import BaseHook

from common.settings import DEFAULT_ARGS, LANDING


@dag(schedule="0 2 * * *", start_date=datetime(2025, 1, 1), catchup=False, default_args=DEFAULT_ARGS, tags=["ingest"])
def ingest_customers():
    @task
    def extract():
        connection = BaseHook.get_connection("replica")
        engine = sqlalchemy.create_engine(connection.get_uri())
        customers = pd.read_sql("SELECT customer_id, full_name, email, phone, birth_date FROM app.customers", engine)
        customers.to_parquet(f"{LANDING}/customers/customers.parquet", index=False)

    extract()


ingest_customers()
