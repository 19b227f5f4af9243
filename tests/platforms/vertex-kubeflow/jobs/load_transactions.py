"""Loads the day's files of transactions into BigQuery."""
import os

import pandas as pd

from lib.conf import BUCKET, PROJECT, table

DAY = os.environ.get("DAY", "2026-10-31")


def main():
    frame = pd.read_csv(f"{BUCKET}/landing/{DAY}.csv", dtype=str)
    frame = frame.assign(amount=lambda d: d["amount"].astype(float))
    frame.to_gbq(table("raw", "transactions"), project_id=PROJECT, if_exists="append")


if __name__ == "__main__":
    main()
