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

data "aws_iam_policy_document" "airflow_trust" {
  statement {
    effect  = "Allow"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["airflow.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "pseudonymise" {
  name               = "${local.prefix}-pseudonymise"
  assume_role_policy = data.aws_iam_policy_document.airflow_trust.json
}

data "aws_iam_policy_document" "pseudonymise" {
  statement {
    sid       = "ReadRaw"
    effect    = "Allow"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = [module.zone["raw"].arn, "${module.zone["raw"].arn}/*"]
  }

  statement {
    sid       = "WriteCurated"
    effect    = "Allow"
    actions   = ["s3:PutObject"]
    resources = ["${module.zone["curated"].arn}/*"]
  }
}

resource "aws_iam_role_policy" "pseudonymise" {
  name   = "lake"
  role   = aws_iam_role.pseudonymise.id
  policy = data.aws_iam_policy_document.pseudonymise.json
}

resource "aws_iam_role" "serving" {
  name               = "${local.prefix}-serving"
  assume_role_policy = data.aws_iam_policy_document.sagemaker_trust.json
}

resource "aws_iam_role_policy" "serving" {
  name = "artifacts"
  role = aws_iam_role.serving.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["${module.zone["artifacts"].arn}/stay/*"]
    }]
  })
}

# The audit office of the hospital group reads the curated zone, from its own account and network only.
resource "aws_iam_role" "audit_office" {
  name = "${local.prefix}-audit-office"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::390175528846:root" }
      Condition = { StringEquals = { "sts:ExternalId" = "northview-audit" } }
    }]
  })
}

resource "aws_iam_role_policy" "audit_office" {
  name = "curated"
  role = aws_iam_role.audit_office.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["s3:GetObject"]
      Resource  = ["${module.zone["curated"].arn}/*"]
      Condition = { IpAddress = { "aws:SourceIp" = "10.90.0.0/16" } }
    }]
  })
}
