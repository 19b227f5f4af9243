# One role for experiments, training and hosting, until the platform team has split it.
resource "aws_iam_role" "experiment" {
  name = "lend-experiment"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "sagemaker.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "experiment" {
  name = "experiment"
  role = aws_iam_role.experiment.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "*"
      Resource = "*"
    }]
  })
}

# The nightly counts run as a role of their own. The study that it once lent a hand to is over.
resource "aws_iam_role" "nightly" {
  name = "lend-nightly"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "sagemaker.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "nightly" {
  name = "nightly"
  role = aws_iam_role.nightly.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Tickets"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:ListBucket"]
        Resource = [aws_s3_bucket.this["tickets"].arn, "${aws_s3_bucket.this["tickets"].arn}/*"]
      },
      {
        Sid       = "ApplicantStudy"
        Effect    = "Allow"
        Action    = ["s3:GetObject"]
        Resource  = ["${aws_s3_bucket.this["platform"].arn}/*"]
        Condition = { DateLessThan = { "aws:CurrentTime" = "2026-03-31T00:00:00Z" } }
      },
    ]
  })
}

# The refit for small loans needs the features and nothing else.
resource "aws_iam_role" "refit" {
  name = "lend-refit"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "sagemaker.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "refit" {
  name = "features"
  role = aws_iam_role.refit.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["${aws_s3_bucket.this["platform"].arn}/*"]
    }]
  })
}

# Whoever is on call looks at the data when a score seems wrong.
resource "aws_iam_user" "oncall" {
  name = "lend-oncall"
}

resource "aws_iam_user_policy" "oncall" {
  name = "features"
  user = aws_iam_user.oncall.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["${aws_s3_bucket.this["platform"].arn}/*"]
    }]
  })
}
