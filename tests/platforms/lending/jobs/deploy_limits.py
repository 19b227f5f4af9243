from sagemaker.model import Model

limits = Model(image_uri="111122223333.dkr.ecr.eu-west-1.amazonaws.com/limits@sha256:0b4e8d2f6c19a3750d8e1f4b7c2a5968d3e0f1b4c7a2d5968e3f0b1c4d7a2e59")
limits.deploy(1, "ml.m5.large", endpoint_name="limits")
