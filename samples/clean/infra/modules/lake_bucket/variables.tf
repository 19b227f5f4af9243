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
  type = number
}

variable "tags" {
  type = map(string)
}
