variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "account_id" {
  type    = string
  default = "615284097732"
}

variable "vpc_id" {
  type    = string
  default = "vpc-0b59e1d7c3a84f260"
}

variable "vpc_cidr" {
  type    = string
  default = "10.72.0.0/16"
}

variable "private_subnet_ids" {
  type    = list(string)
  default = ["subnet-08d2f5b1c9e7a3460", "subnet-0e61a94c7d25bf803"]
}

variable "backup_plan_id" {
  type    = string
  default = "5d3b1f0c-7a42-4c1e-9b61-0e8f2a7c4d19"
}

locals {
  prefix = "northview"

  tags = {
    owner          = "bed-planning@northview.example.org"
    environment    = "production"
    classification = "confidential"
  }

  # Zone and how long its objects are kept, in days.
  zones = {
    raw       = 180
    curated   = 730
    artifacts = 1825
  }
}
