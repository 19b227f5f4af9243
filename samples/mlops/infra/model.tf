resource "aws_sagemaker_model" "credit" {
  name                     = "credit-risk"
  execution_role_arn       = aws_iam_role.experiment.arn
  enable_network_isolation = true

  primary_container {
    image          = "${local.account}.dkr.ecr.us-east-2.amazonaws.com/credit-risk@sha256:72d1f0c4b6a98e35d7c20f81e4b39a5607d8c1f2e3b4a5968c7d0e1f2a3b4c5d"
    model_data_url = "s3://lend-platform/models/credit/model.tar.gz"
  }
}

resource "databricks_cluster" "exploration" {
  cluster_name                 = "credit-exploration"
  spark_version                = "15.4.x-cpu-ml-scala2.12"
  node_type_id                 = "m6gd.xlarge"
  num_workers                  = 4
  autotermination_minutes      = 0
  enable_local_disk_encryption = true
  data_security_mode           = "USER_ISOLATION"
}
