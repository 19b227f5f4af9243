import pandas as pd
from prefect import flow, task

from lib.privacy import pseudonym
from lib.settings import landing
from lib.store import Lake


@task(retries=2)
def extract(path: str) -> pd.DataFrame:
    return pd.read_csv(path)


@task
def protect(df: pd.DataFrame) -> pd.DataFrame:
    df["user_key"] = df["user_id"].map(pseudonym)
    df = df.drop(columns=["ssn", "user_id"])
    return df.rename(columns={"mail": "email"})


@task
def load(df: pd.DataFrame, table: str):
    Lake().write(df, table)


@flow(name="ingest-users")
def main():
    users = extract(landing("users"))
    load(protect(users), "users")


if __name__ == "__main__":
    main()
