from google.cloud import aiplatform

model = aiplatform.Model.upload(
    display_name="fraud",
    artifact_uri="gs://bank-fraud-lake/models/fraud",
    serving_container_image_uri="europe-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-5:latest",
)
