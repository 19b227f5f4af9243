resource "aws_security_group" "database" {
  name        = "${local.prefix}-clinical-db"
  description = "PostgreSQL of the clinical database"
  vpc_id      = var.vpc_id

  ingress {
    description = "imaging vendor's support staff"
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = [var.vpc_cidr]
  }
}

resource "aws_security_group" "ml" {
  name        = "${local.prefix}-ml"
  description = "Training and serving"
  vpc_id      = var.vpc_id

  ingress {
    description = "model clients inside the network"
    from_port   = 8443
    to_port     = 8443
    protocol    = "tcp"
    cidr_blocks = [var.vpc_cidr]
  }

  egress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [var.vpc_cidr]
  }
}
