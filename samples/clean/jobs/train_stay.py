"""Trains the length-of-stay model and hands it to the registry for approval."""

import boto3
import mlflow
import mlflow.sklearn
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

FEATURES = ["ward", "sex", "age_years", "diagnosis_chapter"]
LABEL = "nights"
WORST_MAE_DAYS = 2.5


def main() -> None:
    visits = pd.read_parquet("s3://northview-lake-curated/visits.parquet", columns=[*FEATURES, LABEL])
    x_train, x_test, y_train, y_test = train_test_split(visits[FEATURES], visits[LABEL], random_state=11)

    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["ward", "sex", "diagnosis_chapter"]),
        remainder="passthrough",
    )
    model = make_pipeline(encode, HistGradientBoostingRegressor(random_state=11))

    mlflow.set_tracking_uri("https://mlflow.northview.internal")
    with mlflow.start_run(run_name="stay"):
        model.fit(x_train, y_train)
        mlflow.log_input(mlflow.data.from_pandas(visits, source="s3://northview-lake-curated/visits.parquet"), "training")
        mlflow.log_params({"learner": "hist-gradient-boosting", "features": len(FEATURES)})
        mae = mean_absolute_error(y_test, model.predict(x_test))
        mlflow.log_metric("mae_days", mae)
        if mae > WORST_MAE_DAYS:
            raise RuntimeError("the model is worse than what is allowed: it is not registered")
        mlflow.sklearn.log_model(model, "model", registered_model_name="northview-stay")

    boto3.client("sagemaker", region_name="eu-central-1").create_model_package(
        ModelPackageGroupName="northview-stay",
        ModelPackageDescription="length of stay, for bed planning",
        ModelApprovalStatus="PendingManualApproval",
    )


if __name__ == "__main__":
    main()
