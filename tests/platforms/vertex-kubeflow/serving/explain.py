"""Why a transaction was flagged, in words, by a model of a vendor."""
import anthropic
import pandas as pd

client = anthropic.Anthropic()


def explain(row):
    return client.messages.create(
        model="m",
        max_tokens=200,
        messages=[{"role": "user", "content": f"Why may this be fraud? {row['merchant']} {row['amount']} {row['memo']}"}],
    )


def main():
    flagged = pd.read_parquet("gs://bank-fraud-lake/mart/flagged.parquet")
    flagged.apply(explain, axis=1)


if __name__ == "__main__":
    main()
