terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.60"
    }
    databricks = {
      source  = "databricks/databricks"
      version = "~> 1.50"
    }
  }
}

provider "aws" {
  region = "us-east-2"

  default_tags {
    tags = {
      owner          = "ml-platform"
      environment    = "production"
      classification = "restricted"
    }
  }
}

locals {
  account = "917364028515"
}

resource "aws_kms_key" "platform" {
  description         = "Features, models and tickets"
  enable_key_rotation = true
}
