"""Hands high-risk patients to the tele-care partner, who calls them after discharge."""

import os

import pandas as pd
import requests

PARTNER = "https://intake.telecare-partner.example/v2/referrals"


def main() -> None:
    cohort = pd.read_parquet("s3://clinic-lake-curated/patients.parquet", columns=["mrn", "birth_date", "diagnosis_code"])
    response = requests.post(
        PARTNER,
        json=cohort.to_dict("records"),
        headers={"Authorization": f"Bearer {os.environ['TELECARE_TOKEN']}"},
        timeout=30,
    )
    response.raise_for_status()


if __name__ == "__main__":
    main()
