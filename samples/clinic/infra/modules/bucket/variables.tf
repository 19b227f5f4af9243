variable "name" {
  type = string
}

variable "kms_key_arn" {
  type = string
}

variable "log_bucket" {
  type = string
}

variable "retention_days" {
  type    = number
  default = 365
}

variable "shared" {
  description = "Whether a bucket policy may open the bucket to people outside the account."
  type        = bool
  default     = false
}

variable "tags" {
  type    = map(string)
  default = {}
}
