"""Laboratory results, one row a patient."""
import awswrangler as wr
import pandas as pd

from common.config import SETTINGS, uri


def main():
    labs = wr.s3.read_csv(uri(SETTINGS.buckets.raw, "labs.csv"), usecols=["mrn", "test", "result"])
    wide = labs.pivot_table(index="mrn", columns="test", values="result", aggfunc="last").reset_index()
    wr.s3.to_parquet(df=wide, path=uri(SETTINGS.buckets.clean, "labs.parquet"))


main()
