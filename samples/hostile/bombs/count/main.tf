resource "aws_s3_bucket" "many" {
  count  = 1000000000
  bucket = "many-${count.index}"
}

locals {
  every = [for n in range(1000000000) : "s${n}"]
}
