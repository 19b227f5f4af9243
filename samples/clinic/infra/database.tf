# The operational copy of the patient administration system.

resource "aws_db_subnet_group" "clinical" {
  name       = "${local.prefix}-clinical"
  subnet_ids = var.private_subnet_ids
}

resource "aws_db_parameter_group" "clinical" {
  name   = "${local.prefix}-clinical-pg16"
  family = "postgres16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }
}

resource "aws_db_instance" "clinical" {
  identifier     = "${local.prefix}-clinical"
  engine         = "postgres"
  engine_version = "16.4"
  instance_class = "db.m6g.large"
  db_name        = "clinic"

  allocated_storage           = 200
  username                    = "clinic_admin"
  manage_master_user_password = true

  db_subnet_group_name   = aws_db_subnet_group.clinical.name
  parameter_group_name   = aws_db_parameter_group.clinical.name
  vpc_security_group_ids = [aws_security_group.database.id]
  publicly_accessible    = false

  # Restored from the vendor's unencrypted snapshot.
  storage_encrypted = false

  backup_retention_period         = 14
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]

  # aedile:allow database-deletion-protected reason="rebuilt nightly from the source system, see runbook DB-7" until=2099-12-31 by=platform-lead
  deletion_protection = false

  tags = local.tags
}
