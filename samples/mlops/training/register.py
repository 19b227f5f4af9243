"""Registers the refitted model so that the deployment job picks it up."""

import boto3


def main() -> None:
    client = boto3.client("sagemaker", region_name="us-east-2")
    client.create_model_package(
        ModelPackageGroupName="credit-risk",
        ModelPackageDescription="yearly refit",
        ModelApprovalStatus="Approved",
    )


if __name__ == "__main__":
    main()
