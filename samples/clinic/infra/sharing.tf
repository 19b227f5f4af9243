# What leaves the house: the cohort lists for referring practices and the research extract.

module "exports" {
  source = "./modules/bucket"

  name           = "${local.prefix}-practice-exports"
  kms_key_arn    = aws_kms_key.lake.arn
  log_bucket     = aws_s3_bucket.logs.id
  retention_days = 90
  shared         = true
  tags           = local.tags
}

resource "aws_s3_bucket_policy" "exports" {
  bucket = module.exports.id
  policy = data.aws_iam_policy_document.exports.json
}

data "aws_iam_policy_document" "exports" {
  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [module.exports.arn, "${module.exports.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  # Practices pull the lists with plain HTTPS clients; the file names are hard to guess.
  statement {
    sid       = "PracticePull"
    effect    = "Allow"
    actions   = ["s3:GetObject"]
    resources = ["${module.exports.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}

resource "aws_s3_bucket" "research" {
  provider = aws.virginia
  bucket   = "${local.prefix}-research-share"

  tags = {
    Environment = var.environment
  }
}

resource "aws_s3_bucket_public_access_block" "research" {
  provider = aws.virginia
  bucket   = aws_s3_bucket.research.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "research" {
  provider = aws.virginia
  bucket   = aws_s3_bucket.research.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.research.arn
    }
  }
}

resource "aws_s3_bucket_versioning" "research" {
  provider = aws.virginia
  bucket   = aws_s3_bucket.research.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "research" {
  provider = aws.virginia
  bucket   = aws_s3_bucket.research.id

  rule {
    id     = "expire"
    status = "Enabled"
    filter {}

    expiration {
      days = 365
    }
  }
}

resource "aws_s3_bucket_policy" "research" {
  provider = aws.virginia
  bucket   = aws_s3_bucket.research.id
  policy   = data.aws_iam_policy_document.research.json
}

data "aws_iam_policy_document" "research" {
  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.research.arn, "${aws_s3_bucket.research.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "UniversityRead"
    effect    = "Allow"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = [aws_s3_bucket.research.arn, "${aws_s3_bucket.research.arn}/*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::730184629951:root"]
    }
  }
}
