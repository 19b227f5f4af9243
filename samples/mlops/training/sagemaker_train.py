"""The same model as a SageMaker training job, for the yearly refit on all applicants."""

from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput

ACCOUNT = "917364028515"
IMAGE = f"{ACCOUNT}.dkr.ecr.us-east-2.amazonaws.com/credit-train@sha256:0b4e8d2f6c19a3750d8e1f4b7c2a5968d3e0f1b4c7a2d5968e3f0b1c4d7a2e59"


def main() -> None:
    estimator = Estimator(
        image_uri=IMAGE,
        role=f"arn:aws:iam::{ACCOUNT}:role/lend-experiment",
        instance_count=2,
        instance_type="ml.m5.2xlarge",
        base_job_name="credit-risk",
        output_path="s3://lend-platform/models/credit",
        volume_kms_key="alias/lend-platform",
        output_kms_key="alias/lend-platform",
        encrypt_inter_container_traffic=True,
        enable_network_isolation=True,
    )
    estimator.fit({"train": TrainingInput("s3://lend-platform/features/applicants.parquet", content_type="application/x-parquet")})


if __name__ == "__main__":
    main()
