resource "aws_sagemaker_model" "stay" {
  name                     = "northview-stay"
  execution_role_arn       = aws_iam_role.serving.arn
  enable_network_isolation = true

  primary_container {
    image          = "${var.account_id}.dkr.ecr.${var.region}.amazonaws.com/stay-serving@sha256:4a3f0e6b1c9d87254ef1ab30c6d5928e7f4b10a2d3c6e5987b1f0a4d2c8e6b35"
    model_data_url = "s3://${module.zone["artifacts"].name}/stay/model.tar.gz"
  }

  vpc_config {
    subnets            = var.private_subnet_ids
    security_group_ids = [aws_security_group.ml.id]
  }

  tags = local.tags
}

resource "aws_sagemaker_endpoint_configuration" "stay" {
  name        = "northview-stay"
  kms_key_arn = aws_kms_key.ml.arn

  production_variants {
    variant_name           = "primary"
    model_name             = aws_sagemaker_model.stay.name
    initial_instance_count = 2
    instance_type          = "ml.m5.large"
  }

  data_capture_config {
    enable_capture              = true
    initial_sampling_percentage = 20
    destination_s3_uri          = "s3://${module.zone["artifacts"].name}/capture"
    kms_key_id                  = aws_kms_key.ml.arn

    capture_options {
      capture_mode = "InputAndOutput"
    }
  }
}

resource "aws_sagemaker_endpoint" "stay" {
  name                 = "northview-stay"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.stay.name
  tags                 = local.tags
}

resource "databricks_cluster" "features" {
  cluster_name                 = "stay-features"
  spark_version                = "15.4.x-scala2.12"
  node_type_id                 = "m6gd.large"
  num_workers                  = 2
  autotermination_minutes      = 20
  enable_local_disk_encryption = true
  data_security_mode           = "SINGLE_USER"

  cluster_log_conf {
    s3 {
      destination = "s3://${aws_s3_bucket.logs.bucket}/databricks"
      region      = var.region
    }
  }
}
