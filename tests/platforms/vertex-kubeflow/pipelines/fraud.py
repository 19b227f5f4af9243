from kfp import compiler, dsl

from components.extract import extract
from components.prepare import prepare
from components.train import train


@dsl.pipeline(name="fraud", pipeline_root="gs://bank-fraud-lake/pipelines")
def fraud():
    first = extract()
    second = prepare(transactions=first.outputs["transactions"])
    train(training=second.outputs["training"])


if __name__ == "__main__":
    compiler.Compiler().compile(fraud, "fraud.yaml")
