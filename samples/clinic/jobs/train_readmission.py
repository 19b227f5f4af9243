"""Trains the readmission model on the curated table and registers it."""

import mlflow
import mlflow.sklearn
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from jobs.settings import TRACKING_URI

LABEL = "readmitted_30d"


def main() -> None:
    mlflow.set_tracking_uri(TRACKING_URI)
    cohort = pd.read_parquet("s3://clinic-lake-curated/patients.parquet")
    features = cohort.drop(columns=[LABEL])
    label = cohort[LABEL]
    x_train, x_test, y_train, y_test = train_test_split(features, label, test_size=0.2, random_state=7)

    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), list(features.columns)),
    )
    model = make_pipeline(encode, GradientBoostingClassifier(random_state=7))

    with mlflow.start_run(run_name="readmission"):
        model.fit(x_train, y_train)
        auc = roc_auc_score(y_test, model.predict_proba(x_test)[:, 1])
        mlflow.log_metric("auc", auc)
        mlflow.log_table(data=x_test.head(200), artifact_file="holdout_rows.json")
        mlflow.sklearn.log_model(model, "model", registered_model_name="clinic-readmission")


if __name__ == "__main__":
    main()
