"""Shop events and the CRM extract into the warehouse, hourly."""

import pandas as pd
from google.cloud import bigquery

LANDING = "gs://shopfront-landing"


def main() -> None:
    client = bigquery.Client(project="shopfront-prod")

    events = pd.read_json(f"{LANDING}/events/events.jsonl", lines=True)
    print(f"{len(events)} events")
    client.load_table_from_dataframe(events, "shopfront-prod.marketing.events").result()

    customers = pd.read_csv(f"{LANDING}/crm/customers.csv")
    print(customers[["customer_id", "email"]].tail())
    client.load_table_from_dataframe(customers, "shopfront-prod.marketing.customers").result()


if __name__ == "__main__":
    main()
