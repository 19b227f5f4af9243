# Readmission within 30 days: exploration, model, serving.

resource "aws_sagemaker_notebook_instance" "research" {
  name            = "${local.prefix}-research"
  role_arn        = aws_iam_role.notebook.arn
  instance_type   = "ml.t3.xlarge"
  subnet_id       = var.private_subnet_ids[0]
  security_groups = [aws_security_group.ml.id]
  tags            = local.tags
}

resource "aws_sagemaker_model" "readmission" {
  name               = "clinic-readmission"
  execution_role_arn = aws_iam_role.training.arn

  primary_container {
    image          = "${var.account_id}.dkr.ecr.${var.region}.amazonaws.com/readmission-serving:2.4"
    model_data_url = "s3://${aws_s3_bucket.artifacts.bucket}/readmission/model.tar.gz"
  }

  vpc_config {
    subnets            = var.private_subnet_ids
    security_group_ids = [aws_security_group.ml.id]
  }

  tags = local.tags
}

resource "aws_sagemaker_endpoint_configuration" "readmission" {
  name        = "clinic-readmission"
  kms_key_arn = aws_kms_key.ml.arn

  production_variants {
    variant_name           = "primary"
    model_name             = aws_sagemaker_model.readmission.name
    initial_instance_count = 2
    instance_type          = "ml.m5.large"
  }
}

resource "aws_sagemaker_endpoint" "readmission" {
  name                 = "clinic-readmission"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.readmission.name
}
