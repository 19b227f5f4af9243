"""Trains the default model; another task of the job measures it."""
import joblib
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.model_selection import train_test_split

TARGET = "defaulted"


def main():
    loans = pd.read_parquet(
        "s3://lend-mart/loans.parquet", columns=["customer_email", "income", "birth_date", "sex", "defaulted"]
    )
    X = loans.drop(columns=[TARGET, "customer_email"])
    y = loans[TARGET]
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y)
    model = GradientBoostingClassifier()
    model.fit(X_train, y_train)
    joblib.dump(model, "s3://lend-models/default/model.joblib")


if __name__ == "__main__":
    main()
