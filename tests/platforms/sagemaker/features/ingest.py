"""Features of patients go to the feature store."""
import pandas as pd
import sagemaker
from sagemaker.feature_store.feature_group import FeatureGroup

from common.config import SETTINGS, uri

session = sagemaker.Session()


def features():
    patients = pd.read_parquet(uri(SETTINGS.buckets.clean, "patients.parquet"))
    return patients[["patient_key", "birth_year", "sex"]]


def ingest():
    group = FeatureGroup(name="patients", sagemaker_session=session)
    group.ingest(data_frame=features(), max_workers=4, wait=True)


if __name__ == "__main__":
    ingest()
