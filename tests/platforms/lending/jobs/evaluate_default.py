"""Measures the default model, as a whole and by sex."""
import joblib
import pandas as pd
from fairlearn.metrics import MetricFrame
from sklearn.metrics import recall_score, roc_auc_score

holdout = pd.read_parquet("s3://lend-mart/holdout.parquet", columns=["income", "birth_date", "sex", "defaulted"])
model = joblib.load("s3://lend-models/default/model.joblib")
guess = model.predict(holdout[["income", "birth_date", "sex"]])
auc = roc_auc_score(holdout["defaulted"], guess)
by_sex = MetricFrame(
    metrics=recall_score, y_true=holdout["defaulted"], y_pred=guess, sensitive_features=holdout["sex"]
)
dbutils.jobs.taskValues.set(key="auc", value=float(auc))
