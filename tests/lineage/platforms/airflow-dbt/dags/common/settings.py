"""Names that several DAGs share."""

LANDING = "s3://medimail-landing"
PARTNER = "s3://medimail-partner-drop"
DEFAULT_ARGS = {"owner": "data-platform", "retries": 2}
