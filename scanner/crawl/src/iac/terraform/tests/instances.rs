//! Resources in many instances, and what provider blocks say of all.

use super::*;

#[test]
fn count_and_for_each_make_instances_that_find_their_companions() {
    let facts = facts(
        r#"
        locals { names = toset(["raw", "clean"]) }
        resource "aws_s3_bucket" "b" {
          for_each = local.names
          bucket   = "clinic-${each.key}"
        }
        resource "aws_s3_bucket_versioning" "v" {
          for_each = { for k, b in aws_s3_bucket.b : k => b if k == "raw" }
          bucket   = each.value.id
          versioning_configuration { status = "Enabled" }
        }
        resource "aws_s3_bucket" "c" { count = 2 }
        resource "aws_s3_bucket_acl" "c" {
          bucket = aws_s3_bucket.c[1].id
          acl    = "public-read"
        }
        resource "aws_s3_bucket" "none" { count = 0 }
        "#,
    );
    assert_eq!(facts.assets.len(), 4);
    assert_eq!(asset(&facts, "aws_s3_bucket.b[\"raw\"]").value("versioned"), Some(&Value::Bool(true)));
    assert_eq!(asset(&facts, "aws_s3_bucket.b[\"clean\"]").value("versioned"), Some(&Value::Bool(false)));
    assert!(asset(&facts, "aws_s3_bucket.b[\"raw\"]").names.contains("s3://clinic-raw"));
    assert_eq!(asset(&facts, "aws_s3_bucket.c[0]").value("public"), Some(&Value::Bool(false)));
    assert_eq!(asset(&facts, "aws_s3_bucket.c[1]").value("public"), Some(&Value::Bool(true)));
}

#[test]
fn chained_for_each_joins_by_key() {
    let facts = facts(
        r#"
        resource "aws_s3_bucket" "b" {
          for_each = toset(["x", "y"])
          bucket   = each.value
        }
        resource "aws_s3_bucket_public_access_block" "p" {
          for_each                = aws_s3_bucket.b
          bucket                  = each.value.id
          block_public_acls       = true
          ignore_public_acls      = true
          block_public_policy     = true
          restrict_public_buckets = true
        }
        resource "aws_s3_bucket_acl" "a" {
          for_each = aws_s3_bucket.b
          bucket   = aws_s3_bucket.b[each.key].id
          acl      = "public-read"
        }
        "#,
    );
    for key in ["x", "y"] {
        assert_eq!(asset(&facts, &format!("aws_s3_bucket.b[\"{key}\"]")).value("public"), Some(&Value::Bool(false)));
    }
}

#[test]
fn unknown_instances_are_one_that_stands_for_all() {
    let facts = facts(
        r#"
        variable "names" { type = set(string) }
        resource "aws_s3_bucket" "b" {
          for_each = var.names
          bucket   = each.key
        }
        resource "aws_s3_bucket_versioning" "v" {
          for_each = var.names
          bucket   = aws_s3_bucket.b[each.key].id
          versioning_configuration { status = "Enabled" }
        }
        "#,
    );
    assert_eq!(asset(&facts, "aws_s3_bucket.b[*]").value("versioned"), Some(&Value::Bool(true)));
}

#[test]
fn dynamic_blocks_are_unfolded() {
    let text = |rules: &str| {
        format!(
            "variable \"rules\" {{ {rules} }}\nresource \"aws_security_group\" \"s\" {{\n dynamic \"ingress\" {{\n for_each = var.rules\n content {{\n cidr_blocks = ingress.value.cidrs\n }}\n }}\n}}\n"
        )
    };
    let open = facts(&text("default = [{ cidrs = [\"0.0.0.0/0\"] }]"));
    assert_eq!(asset(&open, "aws_security_group.s").value("openToWorld"), Some(&Value::Bool(true)));
    let closed = facts(&text("default = [{ cidrs = [\"10.0.0.0/8\"] }]"));
    assert_eq!(asset(&closed, "aws_security_group.s").value("openToWorld"), Some(&Value::Bool(false)));
    let unknown = facts(&text(""));
    assert!(matches!(asset(&unknown, "aws_security_group.s").value("openToWorld"), Some(Value::Unknown(_))));
}

#[test]
fn provider_regions_aliases_and_default_tags_reach_resources_also_in_modules() {
    let facts = project(
        &[
            (
                "main.tf",
                r#"
                provider "aws" {
                  region = "eu-west-1"
                  default_tags { tags = { Team = "lake", Environment = "prd" } }
                }
                provider "aws" {
                  alias  = "us"
                  region = "us-east-1"
                }
                resource "aws_s3_bucket" "eu" { tags = { team = "own" } }
                resource "aws_s3_bucket" "us" { provider = aws.us }
                module "m" {
                  source    = "./m"
                  providers = { aws = aws.us }
                }
                module "n" { source = "./m" }
                "#,
            ),
            ("m/main.tf", "resource \"aws_s3_bucket\" \"b\" {}\n"),
        ],
        &[],
    );
    let text =
        |address: &str, name: &str| asset(&facts, address).value(name).and_then(Value::as_text).map(str::to_owned);
    assert_eq!(text("aws_s3_bucket.eu", "region").as_deref(), Some("eu-west-1"));
    assert_eq!(text("aws_s3_bucket.eu", "owner").as_deref(), Some("own"));
    assert_eq!(text("aws_s3_bucket.eu", "environment").as_deref(), Some("production"));
    assert_eq!(text("aws_s3_bucket.us", "region").as_deref(), Some("us-east-1"));
    assert_eq!(text("module.m.aws_s3_bucket.b", "region").as_deref(), Some("us-east-1"));
    assert_eq!(text("module.n.aws_s3_bucket.b", "region").as_deref(), Some("eu-west-1"));
}
