"""The weekly extract for the registry outside."""
import io

import boto3
import pandas as pd
import requests

from common.config import SETTINGS, uri


def extract():
    stays = pd.read_parquet(uri(SETTINGS.buckets.clean, "stays"))
    counts = stays.groupby("diagnosis").size().reset_index(name="n")
    return counts


def deliver(df):
    requests.post("https://registry.health.example/import", data=df.to_csv(index=False))
    buffer = io.StringIO()
    df.to_csv(buffer)
    boto3.client("s3").put_object(Bucket="hospital-exports", Key="registry.csv", Body=buffer.getvalue())


if __name__ == "__main__":
    deliver(extract())
