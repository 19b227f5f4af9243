resource "aws_s3_bucket" "landing" {
  bucket = "sales-landing"

  tags = {
    Owner = "sales-d