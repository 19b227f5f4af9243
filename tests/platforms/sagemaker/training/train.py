"""The script that the training container runs."""
import argparse
import os

import joblib
import pandas as pd
import xgboost as xgb


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN", "/opt/ml/input/data/train"))
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
    args = parser.parse_args()
    data = pd.read_csv(os.path.join(args.train, "train.csv"))
    label = data.pop("readmitted")
    model = xgb.XGBClassifier()
    model.fit(data[["birth_year", "sex", "diagnosis"]], label)
    joblib.dump(model, os.path.join(args.model_dir, "model.joblib"))


if __name__ == "__main__":
    main()
