from sagemaker.inputs import TrainingInput
from sagemaker.xgboost.estimator import XGBoost

from common.config import SETTINGS, uri

estimator = XGBoost(
    entry_point="training/train.py",
    framework_version="1.7-1",
    role=SETTINGS.role,
    instance_count=1,
    instance_type="ml.m5.xlarge",
    output_path=uri(SETTINGS.buckets.models, "readmission"),
    subnets=["subnet-1"],
    security_group_ids=["sg-1"],
    volume_kms_key="alias/ml",
    output_kms_key="alias/ml",
)
estimator.fit({"train": TrainingInput(uri(SETTINGS.buckets.clean, "train"), content_type="csv")})
