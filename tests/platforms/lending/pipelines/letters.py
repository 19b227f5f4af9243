"""The model of letters: uploaded by a component that a condition on the evaluation guards."""
from kfp import dsl


@dsl.component(base_image="python:3.12")
def evaluate_letters() -> float:
    return 0.5


@dsl.component(base_image="python:3.12")
def upload_letters():
    from google.cloud import aiplatform

    aiplatform.Model.upload(display_name="letters", artifact_uri="gs://lend-models/letters")


@dsl.pipeline(name="letters")
def letters():
    evaluation = evaluate_letters()
    with dsl.If(evaluation.output > 0.8):
        upload_letters()
