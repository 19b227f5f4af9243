import argparse

import joblib
import mlflow
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from training.dataset import FEATURES, LABEL, build


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="s3://shop-mart/models/churn.joblib")
    args = parser.parse_args()
    data = build()
    X_train, X_test, y_train, y_test = train_test_split(data[FEATURES], data[LABEL])
    churn = GradientBoostingClassifier()
    churn.fit(X_train, y_train)
    mlflow.log_metric("auc", roc_auc_score(y_test, churn.predict(X_test)))
    mlflow.sklearn.log_model(churn, name="churn", input_example=X_train.head(5))
    joblib.dump(churn, args.out)


if __name__ == "__main__":
    main()
