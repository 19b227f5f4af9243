"""Raw visits become curated visits: a keyed pseudonym, an age, a ward; nothing that names a person."""

import hashlib
import hmac
import logging

import boto3
import pandas as pd

logger = logging.getLogger(__name__)

RAW = "s3://northview-lake-raw"
CURATED = "s3://northview-lake-curated"

COLUMNS = ["patient_key", "ward", "sex", "age_years", "diagnosis_chapter", "nights"]


def pseudonym_key() -> bytes:
    """The key lives in Secrets Manager and is rotated with the yearly re-pseudonymisation."""
    client = boto3.client("secretsmanager", region_name="eu-central-1")
    return client.get_secret_value(SecretId="northview/pseudonym-key")["SecretBinary"]


KEY = pseudonym_key()


def pseudonym(mrn: str) -> str:
    return hmac.new(KEY, mrn.encode("utf-8"), hashlib.sha256).hexdigest()


def main() -> None:
    patients = pd.read_csv(f"{RAW}/patients.csv", usecols=["mrn", "birth_date", "sex"])
    visits = pd.read_parquet(f"{RAW}/visits.parquet", columns=["mrn", "ward", "diagnosis_code", "started_at", "nights"])
    merged = visits.merge(patients, on="mrn", how="inner")

    merged["patient_key"] = merged["mrn"].map(pseudonym)
    merged["age_years"] = merged["started_at"].dt.year - pd.to_datetime(merged["birth_date"]).dt.year
    merged["diagnosis_chapter"] = merged["diagnosis_code"].str[:1]

    curated = merged[COLUMNS]
    logger.info("curated %d of %d visits", len(curated), len(visits))
    logger.info("first keys: %s", curated[["patient_key", "ward"]].head(3).to_dict("records"))
    curated.to_parquet(f"{CURATED}/visits.parquet", index=False)


if __name__ == "__main__":
    main()
