"""Settlement files of the acquirer into the warehouse, nightly."""

import pandas as pd
from google.cloud import bigquery
from sqlalchemy import create_engine

ORDERS = create_engine("postgresql+psycopg2://settlement:Jt6wNe4XpQ91@shopfront-orders.c2k9zq7d1mvx.eu-central-1.rds.amazonaws.com:5432/orders")


def main() -> None:
    payments = pd.read_csv("s3://shopfront-payments-archive/settled/payments.csv", dtype={"card_number": str})
    open_orders = pd.read_sql("SELECT order_id, customer_id FROM orders.orders WHERE settled_at IS NULL", ORDERS)
    settled = payments.merge(open_orders, on="customer_id", how="inner")

    client = bigquery.Client(project="shopfront-prod")
    client.load_table_from_dataframe(settled, "shopfront-prod.payments.transactions").result()


if __name__ == "__main__":
    main()
