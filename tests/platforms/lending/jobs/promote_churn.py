"""Puts a version into production if it beats the one that is there."""
from mlflow import MlflowClient

client = MlflowClient()
candidate = client.get_run("a").data.metrics["auc"]
champion = client.get_run("b").data.metrics["auc"]
better = candidate > champion
if better:
    client.transition_model_version_stage("churn", 7, "Production")
