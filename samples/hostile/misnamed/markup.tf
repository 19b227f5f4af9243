resource "aws_s3_bucket" "markup" {
  bucket = "markup-<script>alert(1)</script>"

  tags = {
    Owner = "\u001b[31m=HYPERLINK(1)</td><img src=x onerror=alert(1)>"
  }
}
