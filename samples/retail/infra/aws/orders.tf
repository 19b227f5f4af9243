resource "aws_security_group" "orders" {
  name = "shopfront-orders"

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = [var.vpc_cidr]
  }
}

resource "aws_db_parameter_group" "orders" {
  name   = "shopfront-orders-pg16"
  family = "postgres16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "orders" {
  identifier     = "shopfront-orders"
  engine         = "postgres"
  engine_version = "16.3"
  instance_class = "db.t4g.medium"
  db_name        = "orders"

  allocated_storage           = 80
  username                    = "orders_admin"
  manage_master_user_password = true

  storage_encrypted = var.orders_encrypted
  kms_key_id        = aws_kms_key.orders.arn

  parameter_group_name            = aws_db_parameter_group.orders.name
  vpc_security_group_ids          = [aws_security_group.orders.id]
  enabled_cloudwatch_logs_exports = ["postgresql"]

  # The reporting tool connects from the agency's office.
  publicly_accessible = true

  # aedile:allow store-recoverable until=2099-12-31 by=shop-lead
  backup_retention_period = 0

  tags = {
    owner = "orders@shopfront.example.org"
  }
}
