"""Scores as assets of Dagster: what is registered stands behind a check that blocks."""
import dagster as dg
import mlflow


@dg.asset
def score_model():
    return 1


@dg.asset_check(asset=score_model, blocking=True)
def good_enough(score_model):
    auc = evaluate(score_model)
    return dg.AssetCheckResult(passed=bool(auc > 0.8))


@dg.asset(deps=[score_model])
def registered_scores():
    mlflow.register_model("s3://lend-models/scores", "scores")
