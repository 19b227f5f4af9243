from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output


@dsl.component(base_image="python:3.12")
def train(training: Input[Dataset], model: Output[Model]):
    import joblib
    import pandas as pd
    from sklearn.ensemble import IsolationForest

    df = pd.read_parquet(training.path)
    forest = IsolationForest()
    forest.fit(df[["amount", "merchant"]], df["is_fraud"])
    joblib.dump(forest, model.path)
