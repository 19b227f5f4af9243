"""How many tickets each queue got, in words, every night. The job runs as a role of its own."""

import boto3
import pandas as pd
from openai import OpenAI

ROLE = "arn:aws:iam::917364028515:role/lend-nightly"


def schedule() -> None:
    boto3.client("sagemaker").create_processing_job(ProcessingJobName="nightly-counts", RoleArn=ROLE)


def main() -> None:
    tickets = pd.read_json("s3://lend-tickets/dump/tickets.jsonl", lines=True)
    counts = tickets.groupby("subject")["ticket_id"].count()
    OpenAI().chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": f"Put into two sentences: {counts.to_dict()}"}],
    )


if __name__ == "__main__":
    main()
