"""Joins the patient extract with the visits and writes the curated table.

One row a visit, with the patient's attributes beside it. Contact details, names and national numbers
are left behind in the raw zone.
"""

import logging

import pandas as pd

logger = logging.getLogger(__name__)

RAW = "s3://clinic-lake-raw"
CURATED = "s3://clinic-lake-curated"

NOT_NEEDED = ["first_name", "last_name", "email", "phone", "street_address", "pps_number", "insurance_id"]


def load() -> tuple[pd.DataFrame, pd.DataFrame]:
    patients = pd.read_csv(f"{RAW}/patients.csv", dtype={"mrn": str})
    visits = pd.read_parquet(f"{RAW}/visits.parquet")
    logger.info("read %d patients and %d visits", len(patients), len(visits))
    return patients, visits


def join(patients: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """Left join: a visit without a patient record stays and is looked at by hand."""
    merged = visits.merge(patients, on="mrn", how="left")
    merged = merged.drop(columns=NOT_NEEDED)
    logger.info("after the join: %s", merged[["mrn", "diagnosis_code"]].head(5).to_dict("records"))
    return merged


def main() -> None:
    patients, visits = load()
    merged = join(patients, visits)
    merged.to_parquet(f"{CURATED}/patients.parquet", index=False)
    logger.info("wrote %d rows", len(merged))


if __name__ == "__main__":
    main()
