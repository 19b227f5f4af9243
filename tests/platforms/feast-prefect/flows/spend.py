"""What each user spent, by week."""
import duckdb
from prefect import flow

from lib.store import Lake


@flow
def spend():
    orders = Lake().read("orders")
    weekly = duckdb.sql(
        """
        SELECT user_key, date_trunc('week', created_at) AS week, sum(amount) AS spend
        FROM orders
        GROUP BY ALL
        """
    ).df()
    Lake().write(weekly, "weekly_spend")


if __name__ == "__main__":
    spend()
