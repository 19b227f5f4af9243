"""Scores for the ward: features in, one score a patient out."""
import joblib
import pandas as pd

from common.config import SETTINGS, uri


def main():
    model = joblib.load("/opt/ml/model/model.joblib")
    patients = pd.read_parquet(uri(SETTINGS.buckets.clean, "patients.parquet"))
    scores = patients[["patient_key"]].copy()
    scores["risk"] = model.predict_proba(patients[["birth_year", "sex"]])[:, 1]
    scores.to_csv(uri("hospital-ward", "scores.csv"))


if __name__ == "__main__":
    main()
