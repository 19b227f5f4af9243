variable "environment" {
  description = "Stage of the platform."
  type        = string
  default     = "production"
}

variable "region" {
  description = "Home region of the hospital group."
  type        = string
  default     = "eu-west-1"
}

variable "account_id" {
  description = "Account that runs the platform."
  type        = string
  default     = "482913306571"
}

variable "vpc_id" {
  type    = string
  default = "vpc-06f2a91be70c4d318"
}

variable "vpc_cidr" {
  type    = string
  default = "10.40.0.0/16"
}

variable "private_subnet_ids" {
  type    = list(string)
  default = ["subnet-0ad41f6cbb5e27a90", "subnet-0c7be1d3f82a6ee14"]
}

variable "raw_versioning" {
  description = "Whether overwritten extracts can be brought back."
  type        = bool
  default     = true
}

locals {
  prefix = "clinic"

  tags = {
    Owner          = "data-platform@clinic.example.org"
    Environment    = var.environment
    CostCentre     = "4410"
    Classification = "confidential"
  }
}
