resource "aws_iam_role" "fraud" {
  name = "shopfront-fraud-scoring"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

data "aws_iam_policy_document" "fraud" {
  statement {
    sid       = "ReadFiles"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = ["*"]
  }

  statement {
    sid       = "Metrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "fraud" {
  name   = "read"
  role   = aws_iam_role.fraud.name
  policy = data.aws_iam_policy_document.fraud.json
}
