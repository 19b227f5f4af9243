resource "aws_db_subnet_group" "hospital" {
  name       = "${local.prefix}-hospital"
  subnet_ids = var.private_subnet_ids
}

resource "aws_db_parameter_group" "hospital" {
  name   = "${local.prefix}-hospital-pg16"
  family = "postgres16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "hospital" {
  identifier     = "${local.prefix}-hospital"
  engine         = "postgres"
  engine_version = "16.4"
  instance_class = "db.r6g.large"
  db_name        = "hospital"

  allocated_storage           = 400
  username                    = "hospital_admin"
  manage_master_user_password = true

  storage_encrypted = true
  kms_key_id        = aws_kms_key.data.arn

  db_subnet_group_name   = aws_db_subnet_group.hospital.name
  parameter_group_name   = aws_db_parameter_group.hospital.name
  vpc_security_group_ids = [aws_security_group.database.id]
  publicly_accessible    = false

  iam_database_authentication_enabled = true

  backup_retention_period         = 35
  deletion_protection             = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]

  tags = local.tags
}

# Beside its own backups, the database is in the plan of the hospital group.
resource "aws_backup_selection" "databases" {
  name         = "${local.prefix}-databases"
  plan_id      = var.backup_plan_id
  iam_role_arn = "arn:aws:iam::${var.account_id}:role/group-backup"
  resources    = [aws_db_instance.hospital.arn]
}
