terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.60"
    }
  }
}

provider "aws" {
  region              = "eu-central-1"
  allowed_account_ids = ["204817735960"]

  default_tags {
    tags = {
      environment = "production"
      stack       = "payments"
    }
  }
}

variable "orders_encrypted" {
  description = "Set by the stage's own tfvars, which live in the deployment repository."
  type        = bool
}

variable "vpc_cidr" {
  type    = string
  default = "10.12.0.0/16"
}

resource "aws_kms_key" "orders" {
  description         = "Order database"
  enable_key_rotation = true
}
