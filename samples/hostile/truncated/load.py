import pandas as pd

DSN = "postgresql://loader:Wm4xT9qRb2Lz@db.warehouse.internal:5432/sales"


def load(path):
    frame = pd.read_csv(path, usecols=["email", "city"
    frame.to_sql("customers", DSN, if_exists="app