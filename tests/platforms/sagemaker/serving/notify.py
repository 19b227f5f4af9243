"""A message to the ward's channel for every patient at risk."""
import pandas as pd
from slack_sdk import WebClient

client = WebClient(token="from-the-environment")

scores = pd.read_csv("s3://hospital-ward/scores.csv")
for row in scores[scores["risk"] > 0.8].itertuples():
    client.chat_postMessage(channel="#ward", text=f"patient {row.patient_key} at risk {row.risk}")
