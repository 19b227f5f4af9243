import pandas as pd

from common.config import SETTINGS, uri

KEYS = ["patient_key"]


def build():
    patients = pd.read_parquet(uri(SETTINGS.buckets.clean, "patients.parquet"), columns=["patient_key", "birth_year", "sex"])
    stays = pd.read_parquet(uri(SETTINGS.buckets.clean, "stays"), columns=["patient_key", "diagnosis", "readmitted"])
    return patients.merge(stays, on=KEYS)


if __name__ == "__main__":
    build().to_csv(uri(SETTINGS.buckets.clean, "train", "train.csv"), index=False)
