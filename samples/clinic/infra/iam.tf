data "aws_iam_policy_document" "sagemaker_trust" {
  statement {
    effect  = "Allow"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
  }
}

# --- pipelines ---------------------------------------------------------------------------------

resource "aws_iam_role" "etl" {
  name = "${local.prefix}-etl"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "airflow.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "etl" {
  name = "lake"
  role = aws_iam_role.etl.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:ListBucket"]
        Resource = [aws_s3_bucket.raw.arn, "${aws_s3_bucket.raw.arn}/*"]
      },
      {
        Effect = "Allow"
        Action = ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]
        Resource = [
          aws_s3_bucket.curated.arn,
          "${aws_s3_bucket.curated.arn}/*",
          module.exports.arn,
          "${module.exports.arn}/*",
          aws_s3_bucket.research.arn,
          "${aws_s3_bucket.research.arn}/*",
        ]
      },
    ]
  })
}

resource "aws_iam_role" "training" {
  name               = "${local.prefix}-training"
  assume_role_policy = data.aws_iam_policy_document.sagemaker_trust.json
}

resource "aws_iam_role_policy" "training" {
  name = "artifacts"
  role = aws_iam_role.training.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:ListBucket"]
        Resource = [aws_s3_bucket.curated.arn, "${aws_s3_bucket.curated.arn}/*"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = ["${aws_s3_bucket.artifacts.arn}/*"]
      },
    ]
  })
}

# --- people ------------------------------------------------------------------------------------

resource "aws_iam_role" "notebook" {
  name               = "${local.prefix}-notebook"
  assume_role_policy = data.aws_iam_policy_document.sagemaker_trust.json
}

resource "aws_iam_role_policy" "notebook" {
  name = "curated"
  role = aws_iam_role.notebook.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:ListBucket"]
      Resource = [aws_s3_bucket.curated.arn, "${aws_s3_bucket.curated.arn}/*"]
    }]
  })
}

resource "aws_iam_role" "analyst" {
  name = "${local.prefix}-analyst"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithSAML"
      Principal = { Federated = "arn:aws:iam::${var.account_id}:saml-provider/hospital-sso" }
    }]
  })
}

data "aws_iam_policy_document" "analyst" {
  statement {
    sid       = "BrowseLake"
    effect    = "Allow"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = ["arn:aws:s3:::${local.prefix}-lake-*"]
  }
}

resource "aws_iam_policy" "analyst" {
  name   = "${local.prefix}-analyst"
  policy = data.aws_iam_policy_document.analyst.json
}

resource "aws_iam_role_policy_attachment" "analyst" {
  role       = aws_iam_role.analyst.name
  policy_arn = aws_iam_policy.analyst.arn
}

# Referring practices assume this role from their own accounts to pull the lists.
resource "aws_iam_role" "practice" {
  name = "${local.prefix}-practice-pull"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "*" }
    }]
  })
}

resource "aws_iam_role_policy" "practice" {
  name = "pull"
  role = aws_iam_role.practice.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["${module.exports.arn}/*"]
    }]
  })
}
