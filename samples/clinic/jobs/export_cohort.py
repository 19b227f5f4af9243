"""Writes the weekly list of patients at risk for the referring practices."""

import pandas as pd

CURATED = "s3://clinic-lake-curated"
EXPORTS = "s3://clinic-practice-exports"

COLUMNS = ["mrn", "birth_date", "sex", "ward", "diagnosis_code", "ended_at"]


def main() -> None:
    cohort = pd.read_parquet(f"{CURATED}/patients.parquet")
    at_risk = cohort[cohort["nights"] > 6][COLUMNS]
    at_risk.to_csv(f"{EXPORTS}/weekly/at_risk.csv", index=False)

    # The ward secretary prints this one.
    at_risk.to_csv("/mnt/ward-share/at_risk.csv", index=False)


if __name__ == "__main__":
    main()
