"""Sends the partner its segment file."""

from datetime import datetime

import pandas as pd
import sqlalchemy
from airflow.decorators import dag, task
from airflow.hooks.base import BaseHook

from common.settings import PARTNER


@dag(schedule="@weekly", start_date=datetime(2025, 1, 1), catchup=False)
def export_partner():
    @task
    def export():
        engine = sqlalchemy.create_engine(BaseHook.get_connection("warehouse").get_uri())
        segment = pd.read_sql("SELECT email_hash, postcode_area, segment FROM customer_segments", engine)
        segment.to_csv(f"{PARTNER}/segments.csv", index=False)

    export()


export_partner()
