import logging

import pandas as pd
from prefect import flow, task

from lib.settings import landing
from lib.store import Lake

logger = logging.getLogger(__name__)


@task
def read() -> pd.DataFrame:
    return pd.read_json(landing("tickets"), lines=True)


@task
def keep_open(df):
    for row in df.itertuples():
        if row.body is None:
            logger.warning("empty ticket of %s", row.email)
    return df[df["status"] == "open"]


@flow
def main():
    tickets = keep_open(read())
    Lake().write(tickets[["ticket_id", "email", "body", "status"]], "tickets")


main()
