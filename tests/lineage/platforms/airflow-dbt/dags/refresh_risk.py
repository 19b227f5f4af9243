"""Rebuilds the fraud table inside the warehouse."""

from datetime import datetime

from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

with DAG("refresh_risk", schedule="@daily", start_date=datetime(2025, 1, 1), catchup=False) as dag:
    SQLExecuteQueryOperator(
        task_id="refresh",
        conn_id="warehouse",
        sql="""
            INSERT INTO risk.accounts (account, customer_id, orders)
            SELECT iban, customer_id, count(*) FROM app.orders GROUP BY iban, customer_id
        """,
    )
