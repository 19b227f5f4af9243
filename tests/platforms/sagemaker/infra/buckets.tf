resource "aws_s3_bucket" "raw" {
  bucket = "hospital-raw"
}

resource "aws_s3_bucket" "clean" {
  bucket = "hospital-clean"
}
