locals {
  a = local.b
  b = local.c
  c = "${local.a}-x"
}

resource "aws_s3_bucket" "round" {
  bucket = local.a
}
