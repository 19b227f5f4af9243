"""The training set of the churn model."""
import pandas as pd

from lib.store import Lake

FEATURES = ["spend", "country", "birth_year"]
LABEL = "churned"


def build() -> pd.DataFrame:
    spend = Lake().read("weekly_spend", columns=["user_key", "spend"])
    users = Lake().read("users", columns=["user_key", "country", "birth_year", "churned"])
    return users.merge(spend, on="user_key", how="left")
