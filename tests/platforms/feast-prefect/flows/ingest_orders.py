import polars as pl
from prefect import flow, task

from lib.settings import LAKE, landing


@task
def orders():
    frame = pl.scan_csv(landing("orders"))
    return frame.select(
        pl.col("order_id"),
        pl.col("user_id").hash().alias("user_key"),
        pl.col("amount"),
        pl.col("ship_zip").str.slice(0, 3).alias("zip3"),
        pl.col("created_at"),
    )


@flow
def ingest_orders():
    orders().sink_parquet(f"{LAKE}/orders.parquet")


if __name__ == "__main__":
    ingest_orders.serve(name="orders", cron="0 * * * *")
