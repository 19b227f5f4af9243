import mlflow

mlflow.register_model("s3://lend-models/refit/model.joblib", "default-risk-refit")
