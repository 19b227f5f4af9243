resource "aws_kms_key" "lake" {
  description         = "Lake and exports"
  enable_key_rotation = true
}

resource "aws_kms_key" "ml" {
  description             = "Model artifacts and endpoint volumes"
  deletion_window_in_days = 30
}

resource "aws_kms_key" "research" {
  provider            = aws.virginia
  description         = "Research extract"
  enable_key_rotation = true
}
