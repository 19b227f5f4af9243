import click
import pandas as pd
from sqlalchemy import create_engine

from lib.conf import table


@click.command()
@click.option("--url", default="postgresql://core.internal/bank")
@click.option("--target", "name", default="customers")
def main(url, name):
    customers = pd.read_sql_query("SELECT customer_id, name, iban, born FROM core.customers WHERE active", create_engine(url))
    customers["iban"] = customers["iban"].str[-4:]
    customers.to_gbq(table("raw", name), if_exists="replace")


if __name__ == "__main__":
    main()
