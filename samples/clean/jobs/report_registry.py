"""Reports admissions to the national quality registry under the keyed pseudonym."""

import os

import pandas as pd
import requests

REGISTRY = "https://reporting.quality-registry.example/v1/admissions"


def main() -> None:
    admissions = pd.read_parquet("s3://northview-lake-curated/visits.parquet", columns=["patient_key", "ward"])
    response = requests.post(
        REGISTRY,
        json=admissions.to_dict("records"),
        headers={"Authorization": f"Bearer {os.environ['REGISTRY_TOKEN']}"},
        timeout=60,
    )
    response.raise_for_status()


if __name__ == "__main__":
    main()
