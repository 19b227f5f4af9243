"""Features of a loan applicant, online for the scoring service."""

from feast import Entity, FeatureView, Field, FileSource
from feast.types import Float64, Int64, String

applicant = Entity(name="applicant", join_keys=["customer_id"])

applicants = FileSource(
    name="applicants",
    path="s3://lend-platform/features/applicants.parquet",
    timestamp_field="updated_at",
)

applicant_profile = FeatureView(
    name="applicant_profile",
    entities=[applicant],
    schema=[
        Field(name="birth_date", dtype=String),
        Field(name="annual_income", dtype=Float64),
        Field(name="late_payments", dtype=Int64),
    ],
    source=applicants,
    online=True,
    owner="credit-features@lend.example.org",
    tags={"team": "credit"},
)
