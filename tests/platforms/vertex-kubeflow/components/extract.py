from kfp import dsl
from kfp.dsl import Dataset, Output


@dsl.component(base_image="python:3.12@sha256:0000000000000000000000000000000000000000000000000000000000000000", packages_to_install=["pandas", "google-cloud-bigquery"])
def extract(transactions: Output[Dataset]):
    from google.cloud import bigquery

    client = bigquery.Client()
    df = client.query(
        "SELECT transaction_id, card_number, amount, merchant, is_fraud FROM `bank-fraud.raw.transactions`"
    ).to_dataframe()
    df.to_parquet(transactions.path)
