"""A processing job: raw extracts of patients become pseudonymous."""
import argparse
import logging

import pandas as pd

from common.config import SETTINGS, uri
from common.hashing import Hasher

log = logging.getLogger("pseudonymise")
IDENTIFIERS = ["name", "address", "phone"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--salt", default="2026")
    args = parser.parse_args()
    hasher = Hasher(args.salt)
    patients = pd.read_csv(uri(SETTINGS.buckets.raw, "patients", "patients.csv"))
    patients["patient_key"] = patients["mrn"].map(hasher.digest)
    patients["birth_year"] = pd.to_datetime(patients["born"]).dt.year
    patients = patients.drop(columns=IDENTIFIERS + ["mrn", "born"])
    log.info("kept %d rows", len(patients))
    patients.to_parquet(uri(SETTINGS.buckets.clean, "patients.parquet"))


if __name__ == "__main__":
    main()
