# Settlement files of the acquirer, kept for charge-backs.

resource "aws_s3_bucket" "payments_archive" {
  bucket = "shopfront-payments-archive"
}

resource "aws_s3_bucket_public_access_block" "payments_archive" {
  bucket                  = aws_s3_bucket.payments_archive.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "payments_archive" {
  bucket = aws_s3_bucket.payments_archive.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "payments_archive" {
  bucket = aws_s3_bucket.payments_archive.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_logging" "payments_archive" {
  bucket        = aws_s3_bucket.payments_archive.id
  target_bucket = aws_s3_bucket.access_logs.id
  target_prefix = "payments-archive/"
}

resource "aws_s3_bucket_policy" "payments_archive" {
  bucket = aws_s3_bucket.payments_archive.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "HttpsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.payments_archive.arn, "${aws_s3_bucket.payments_archive.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_s3_bucket" "access_logs" {
  bucket = "shopfront-access-logs"
}

resource "aws_s3_bucket_public_access_block" "access_logs" {
  bucket                  = aws_s3_bucket.access_logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
