//! What it costs to crawl Terraform: a nested tree of modules with ten thousand resources, a repository of fifty
//! files whose every block makes ten resources, two hundred files of blocks that make one each, and a plan of ten
//! thousand resources.
//!
//! Wanted: the tree in under 2 s and 500 MB, the two hundred files at 6 MB/s and more, of one core
//! (`RAYON_NUM_THREADS=1`).

use std::fmt::Write;
use std::hint::black_box;

use aedile_crawl::{File, Options, crawl_files};
use aedile_rules::Rules;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The resources that belong to one bucket, five of them.
const BUCKET: &str = r#"
resource "aws_s3_bucket" "this" {
  for_each = var.names
  bucket   = "${var.prefix}-${each.key}"
  tags     = merge(local.tags, { Name = each.key })
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id
  versioning_configuration {
    status = var.versioned ? "Enabled" : "Suspended"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this
  bucket   = aws_s3_bucket.this[each.key].id
  dynamic "rule" {
    for_each = var.key == null ? [] : [var.key]
    content {
      apply_server_side_encryption_by_default {
        sse_algorithm     = "aws:kms"
        kms_master_key_id = rule.value
      }
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = var.names
  bucket                  = aws_s3_bucket.this[each.value].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

data "aws_iam_policy_document" "this" {
  for_each = var.names
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = var.names
  bucket   = aws_s3_bucket.this[each.key].id
  policy   = data.aws_iam_policy_document.this[each.key].json
}
"#;

const INPUTS: &str = r#"
variable "prefix" { type = string }
variable "key" { default = null }
variable "versioned" {
  type    = bool
  default = true
}
variable "names" {
  type    = set(string)
  default = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
}
locals {
  tags = { owner = "platform", env = "prod" }
}
"#;

/// Twenty modules that call ten modules each; every one of the two hundred makes fifty resources.
fn tree() -> Vec<File> {
    let mut files = Vec::new();
    let mut root = String::from("provider \"aws\" { region = \"eu-west-1\" }\nresource \"aws_kms_key\" \"k\" {}\n");
    for outer in 0..20 {
        let _ = writeln!(
            root,
            "module \"m{outer}\" {{\n  source = \"./m{outer}\"\n  prefix = \"p{outer}\"\n  key    = aws_kms_key.k.arn\n}}"
        );
        let mut middle = String::from("variable \"prefix\" {}\nvariable \"key\" {}\n");
        for inner in 0..10 {
            let _ = writeln!(
                middle,
                "module \"n{inner}\" {{\n  source = \"./n{inner}\"\n  prefix = \"${{var.prefix}}-{inner}\"\n  key    = var.key\n}}"
            );
            let text = format!("{INPUTS}{BUCKET}");
            files.push(File::in_memory(&format!("m{outer}/n{inner}/main.tf"), &text));
        }
        files.push(File::in_memory(&format!("m{outer}/main.tf"), &middle));
    }
    files.push(File::in_memory("main.tf", &root));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Fifty files in ten folders, without modules.
fn repository() -> Vec<File> {
    let mut files = Vec::new();
    for folder in 0..10 {
        files.push(File::in_memory(
            &format!("stack{folder}/inputs.tf"),
            &INPUTS.replace("{ type = string }", "{ default = \"p\" }"),
        ));
        for at in 0..4 {
            let text = BUCKET.replace("\"this\"", &format!("\"t{at}\"")).replace(".this", &format!(".t{at}"));
            files.push(File::in_memory(&format!("stack{folder}/s{at}.tf"), &text));
        }
    }
    files
}

/// A service as it is often written: a role, its policy, a database, a queue, a group of rules, one of each.
const SERVICE: &str = r#"
# What NAME needs to run; owned by the platform team.
resource "aws_iam_role" "NAME" {
  name = "NAME"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
  tags = local.tags
}

resource "aws_iam_role_policy" "NAME" {
  name   = "NAME"
  role   = aws_iam_role.NAME.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["sqs:SendMessage", "sqs:ReceiveMessage"]
        Resource = [aws_sqs_queue.NAME.arn]
      },
    ]
  })
}

resource "aws_sqs_queue" "NAME" {
  name                      = "NAME-${var.environment}"
  message_retention_seconds = 86400
  kms_master_key_id         = var.key
  tags                      = local.tags
}

# The database is only reached from the service itself.
resource "aws_db_instance" "NAME" {
  identifier                  = "NAME-${var.environment}"
  engine                      = "postgres"
  engine_version              = "16.3"
  instance_class              = var.environment == "prod" ? "db.r6g.large" : "db.t4g.medium"
  allocated_storage           = 100
  storage_encrypted           = true
  kms_key_id                  = var.key
  backup_retention_period     = 14
  deletion_protection         = true
  manage_master_user_password = true
  vpc_security_group_ids      = [aws_security_group.NAME.id]
  tags                        = merge(local.tags, { service = "NAME" })
}

resource "aws_security_group" "NAME" {
  name        = "NAME"
  description = "Traffic of NAME"
  vpc_id      = var.vpc

  ingress {
    description = "from the service"
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    self        = true
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["10.0.0.0/8"]
  }
}
"#;

/// Two hundred files in twenty folders without modules, a service each.
fn services() -> Vec<File> {
    let mut files = Vec::new();
    for folder in 0..20 {
        let inputs = "variable \"environment\" { default = \"prod\" }\nvariable \"vpc\" { type = string }\n\
                      variable \"key\" { default = null }\nlocals {\n  tags = { owner = \"platform\" }\n}\n";
        files.push(File::in_memory(&format!("team{folder:02}/inputs.tf"), inputs));
        for at in 0..10 {
            let text = SERVICE.replace("NAME", &format!("service{at}"));
            files.push(File::in_memory(&format!("team{folder:02}/service{at}.tf"), &text));
        }
    }
    files
}

/// A plan of ten thousand buckets and what belongs to them.
fn plan() -> Vec<File> {
    let (mut values, mut changes, mut configured) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..2_500 {
        for (kind, body) in [
            ("aws_s3_bucket", "\"bucket\": null, \"tags\": {\"owner\": \"platform\"}"),
            ("aws_s3_bucket_versioning", "\"versioning_configuration\": [{\"status\": \"Enabled\"}]"),
            ("aws_s3_bucket_acl", "\"acl\": \"private\""),
            ("aws_s3_bucket_logging", "\"target_bucket\": \"logs\""),
        ] {
            values.push(format!(
                "{{\"address\": \"{kind}.b{at}\", \"mode\": \"managed\", \"type\": \"{kind}\", \"name\": \"b{at}\", \"values\": {{{body}}}}}"
            ));
            changes.push(format!(
                "{{\"address\": \"{kind}.b{at}\", \"change\": {{\"after_unknown\": {{\"bucket\": true, \"id\": true}}}}}}"
            ));
            configured.push(format!(
                "{{\"address\": \"{kind}.b{at}\", \"expressions\": {{\"bucket\": {{\"references\": [\"aws_s3_bucket.b{at}.id\", \"aws_s3_bucket.b{at}\"]}}}}}}"
            ));
        }
    }
    let text = format!(
        "{{\"format_version\": \"1.2\", \"planned_values\": {{\"root_module\": {{\"resources\": [{}]}}}}, \"resource_changes\": [{}], \"configuration\": {{\"root_module\": {{\"resources\": [{}]}}}}}}",
        values.join(",\n"),
        changes.join(",\n"),
        configured.join(",\n")
    );
    vec![File::in_memory("plan.json", &text)]
}

fn benches(bench: &mut Criterion) {
    let Ok(rules) = Rules::load(&[]) else { return };
    let options = Options::default();
    let mut group = bench.benchmark_group("terraform");
    group.sample_size(10);
    let repositories = [
        ("tree of 10 000 resources", tree()),
        ("50 files, ten of each", repository()),
        ("200 files, one of each", services()),
        ("plan of 10 000", plan()),
    ];
    for (name, files) in repositories {
        let crawl = crawl_files(&files, &options, &rules);
        assert!(crawl.inventory.assets.len() >= 400, "{name}: {} assets", crawl.inventory.assets.len());
        group.throughput(Throughput::Bytes(files.iter().map(|file| file.size).sum()));
        group.bench_function(name, |b| b.iter(|| crawl_files(black_box(&files), &options, &rules)));
    }
    group.finish();
}

criterion_group!(terraform, benches);
criterion_main!(terraform);
