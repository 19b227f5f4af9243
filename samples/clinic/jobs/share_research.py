"""The extract for the university: visits with a pseudonym in place of the record number."""

import hashlib

import pandas as pd

COLUMNS = ["pseudonym", "birth_date", "sex", "diagnosis_code", "procedure_code", "nights"]


def pseudonym(mrn: str) -> str:
    return hashlib.sha256(mrn.encode("utf-8")).hexdigest()


def main() -> None:
    visits = pd.read_parquet("s3://clinic-lake-curated/patients.parquet")
    visits["pseudonym"] = visits["mrn"].map(pseudonym)
    extract = visits[COLUMNS]
    extract.to_parquet("s3://clinic-research-share/extract/visits.parquet", index=False)


if __name__ == "__main__":
    main()
