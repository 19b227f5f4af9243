from dataclasses import dataclass


@dataclass(frozen=True)
class Buckets:
    raw: str = "hospital-raw"
    clean: str = "hospital-clean"
    models: str = "hospital-models"


@dataclass
class Settings:
    region: str
    buckets: Buckets = Buckets()
    role: str = "arn:aws:iam::111122223333:role/readmission-training"


SETTINGS = Settings("eu-central-1")


def uri(bucket, *parts):
    return "s3://" + "/".join([bucket, *parts])
