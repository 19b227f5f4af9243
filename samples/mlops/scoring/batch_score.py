"""Scores all applicants once a night with the model that the serving image ships."""

import pickle
from pathlib import Path

import pandas as pd

MODEL = Path("/opt/ml/model/credit.pkl")


def main() -> None:
    with MODEL.open("rb") as source:
        model = pickle.load(source)

    applicants = pd.read_parquet("s3://lend-platform/features/applicants.parquet")
    applicants["score"] = model.predict_proba(applicants[["annual_income", "late_payments"]])[:, 1]
    applicants[["customer_id", "score"]].to_parquet("s3://lend-platform/scores/latest.parquet", index=False)


if __name__ == "__main__":
    main()
