resource "aws_cloudtrail" "main" {
  name           = "${local.prefix}-trail"
  s3_bucket_name = aws_s3_bucket.logs.id
  s3_key_prefix  = "cloudtrail"
  kms_key_id     = aws_kms_key.data.arn

  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
}
