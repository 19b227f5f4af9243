"""Embeds tickets on our own machines, for finding similar ones."""

import pandas as pd
from transformers import AutoModel

MODEL = "nomic-ai/nomic-embed-text-v1.5"


def main() -> None:
    tickets = pd.read_json("s3://lend-tickets/dump/tickets.jsonl", lines=True)
    model = AutoModel.from_pretrained(MODEL, trust_remote_code=True)
    vectors = model.encode(tickets["body"].tolist())
    pd.DataFrame(vectors).to_parquet("s3://lend-tickets/vectors/latest.parquet", index=False)


if __name__ == "__main__":
    main()
