import mlflow

mlflow.register_model("s3://lend-models/default/model.joblib", "default-risk")
