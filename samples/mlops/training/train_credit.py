"""Trains the default model with scikit-learn and logs it to MLflow."""

import logging

import mlflow
import mlflow.sklearn
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

logger = logging.getLogger(__name__)

SOURCE = "s3://lend-platform/features/applicants.parquet"
LABEL = "defaulted"
NO_FEATURES = ["customer_id", "full_name", "email", "updated_at", LABEL]


def main() -> None:
    applicants = pd.read_parquet(SOURCE)
    features = applicants.drop(columns=NO_FEATURES)
    features["birth_year"] = pd.to_datetime(features["birth_date"]).dt.year
    features = features.drop(columns=["birth_date"])
    label = applicants[LABEL]
    logger.info("training on %d applicants", len(features))

    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["ethnicity"]),
        (StandardScaler(), ["annual_income", "late_payments", "birth_year"]),
    )
    model = make_pipeline(encode, LogisticRegression(max_iter=500))

    mlflow.set_tracking_uri("https://mlflow.lend.internal")
    with mlflow.start_run(run_name="credit"):
        model.fit(features, label)
        mlflow.log_metric("train_accuracy", model.score(features, label))
        mlflow.sklearn.log_model(
            model,
            "model",
            registered_model_name="credit-risk",
            input_example=features.head(5),
        )


if __name__ == "__main__":
    main()
