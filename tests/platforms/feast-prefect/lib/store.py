"""Reading and writing the lake."""
import pandas as pd

from lib.settings import lake


class Lake:
    def __init__(self, prefix=None):
        self.prefix = prefix

    def path(self, table):
        if self.prefix:
            return f"{self.prefix}/{table}.parquet"
        return lake(table)

    def read(self, table, columns=None):
        return pd.read_parquet(self.path(table), columns=columns)

    def write(self, df, table):
        df.to_parquet(self.path(table), index=False)
