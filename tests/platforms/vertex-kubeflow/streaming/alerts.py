"""Alerts of suspicious transactions, from a table to the case system's topic."""
import json

import pandas as pd
from google.cloud import pubsub_v1

from lib.conf import table

publisher = pubsub_v1.PublisherClient()


def alerts():
    return pd.read_gbq(f"SELECT transaction_id, card_number, amount FROM `{table('raw', 'transactions')}` WHERE amount > 10000")


def publish():
    for alert in alerts().to_dict("records"):
        publisher.publish("projects/bank-fraud/topics/alerts", json.dumps(alert).encode())


if __name__ == "__main__":
    publish()
