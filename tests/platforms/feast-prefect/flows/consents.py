import pandas as pd
from prefect import flow
from sqlalchemy import create_engine

from lib.settings import LAKE

engine = create_engine("postgresql://db.internal/shop")


@flow
def consents():
    df = pd.read_sql("SELECT user_key, lower(email) AS contact, granted_at FROM shop.consents", engine)
    df.to_parquet(f"{LAKE}/consents.parquet")


if __name__ == "__main__":
    consents()
