terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.60"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
}

# The research network's compute grants are tied to Virginia.
provider "aws" {
  alias               = "virginia"
  region              = "us-east-1"
  allowed_account_ids = [var.account_id]
}
