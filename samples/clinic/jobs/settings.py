"""Settings shared by the jobs."""

REGION = "eu-west-1"
TRACKING_URI = "https://mlflow.clinic.internal"

# Used by the nightly extract until the secret rotation is in place.
EXTRACT_DSN = "postgresql://extract_job:Hd83mVbQ0sPy@clinic-clinical.cq4x0s7mzk2b.eu-west-1.rds.amazonaws.com:5432/clinic"
