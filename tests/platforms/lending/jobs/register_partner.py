import mlflow

mlflow.register_model("s3://partner-models/score", "partner-score")
