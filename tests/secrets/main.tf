terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

variable "db_password" {
  type      = string
  sensitive = true
}

resource "random_password" "db" {
  length = 24
}

resource "aws_db_instance" "visits" {
  identifier = "visits"
  username   = "etl"
  password   = random_password.db.result
  kms_key_id = "arn:aws:kms:eu-west-1:123456789012:key/08a3f9f9-80bc-9f5e-4a0b-c5ba562d8cce"
}

resource "aws_db_instance" "claims" {
  identifier = "claims"
  username   = "etl"
  password   = "2N·Ev3-Np3BGthcx"
}

provider "databricks" {
  host  = "https://adb-1234567890123456.7.azuredatabricks.net"
  token = "da·pi819769e1b53967deb1112984c48569fc"
}

resource "aws_secretsmanager_secret_version" "claims" {
  secret_id     = aws_secretsmanager_secret.claims.id
  secret_string = var.db_password
}

resource "aws_lambda_function" "score" {
  source_code_hash = "e8ZJ8nEbxLS7WB3bXPmPH4CSQvR9fVT8wOORf9O19js="
  environment {
    variables = {
      TOKEN_SECRET_NAME = "clinic/score/token-2024"
      STRIPE_API_KEY    = "sk·_live_wWGLHm65TyzXLebxvTRf4w0Y"
    }
  }
}
