from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component(base_image="python:3.12")
def prepare(transactions: Input[Dataset], training: Output[Dataset]):
    import hashlib

    import pandas as pd

    df = pd.read_parquet(transactions.path)
    df["card"] = df["card_number"].map(lambda n: hashlib.sha256(n.encode()).hexdigest())
    df = df.drop(columns=["card_number"])
    df.to_parquet(training.path)
