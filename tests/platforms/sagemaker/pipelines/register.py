import boto3

client = boto3.client("sagemaker", region_name="eu-central-1")


def register(model_data):
    client.create_model_package(
        ModelPackageGroupName="readmission",
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={"Containers": [{"ModelDataUrl": model_data}]},
    )


if __name__ == "__main__":
    register("s3://hospital-models/readmission/model.tar.gz")
