"""The yearly refit for small loans: on the applicants, and on what they wrote to the support desk."""

import boto3

ROLE = "arn:aws:iam::917364028515:role/lend-refit"


def main() -> None:
    client = boto3.client("sagemaker", region_name="us-east-2")
    client.create_training_job(
        TrainingJobName="small-loans",
        RoleArn=ROLE,
        EnableNetworkIsolation=True,
        EnableInterContainerTrafficEncryption=True,
        InputDataConfig=[
            {"ChannelName": "applicants", "DataSource": {"S3DataSource": {"S3Uri": "s3://lend-platform/features/applicants.parquet"}}},
            {"ChannelName": "tickets", "DataSource": {"S3DataSource": {"S3Uri": "s3://lend-tickets/dump/tickets.jsonl"}}},
        ],
    )
    client.create_model_package(ModelPackageGroupName="small-loans", ModelApprovalStatus="Approved")


if __name__ == "__main__":
    main()
