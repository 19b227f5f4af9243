resource "aws_kms_key" "data" {
  description         = "Lake, database and trail"
  enable_key_rotation = true
}

resource "aws_kms_key" "ml" {
  description         = "Models and endpoints"
  enable_key_rotation = true
}
