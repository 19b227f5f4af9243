//! Modules: called, missing, installed, listed.

use super::*;

#[test]
fn local_modules_pass_inputs_and_outputs() {
    let module = r#"
        variable "name" {}
        variable "kms" { default = null }
        resource "aws_s3_bucket" "b" { bucket = var.name }
        resource "aws_s3_bucket_server_side_encryption_configuration" "e" {
          bucket = aws_s3_bucket.b.id
          rule {
            apply_server_side_encryption_by_default {
              sse_algorithm     = "aws:kms"
              kms_master_key_id = var.kms
            }
          }
        }
        output "bucket" { value = aws_s3_bucket.b.id }
        output "arn" { value = aws_s3_bucket.b.arn }
    "#;
    let main = r#"
        resource "aws_kms_key" "k" {}
        module "lake" {
          source   = "./modules/bucket"
          for_each = { raw = aws_kms_key.k.arn, open = null }
          name     = "clinic-${each.key}"
          kms      = each.value
        }
        resource "aws_s3_bucket_versioning" "v" {
          bucket = module.lake["raw"].bucket
          versioning_configuration { status = "Enabled" }
        }
        resource "aws_iam_role" "r" { name = "r" }
        resource "aws_iam_role_policy" "p" {
          role   = aws_iam_role.r.id
          policy = jsonencode({Statement = [{Effect = "Allow", Action = ["s3:GetObject"], Resource = "${module.lake["open"].arn}/*"}]})
        }
    "#;
    let facts = project(&[("infra/main.tf", main), ("infra/modules/bucket/main.tf", module)], &[]);
    let raw = asset(&facts, "module.lake[\"raw\"].aws_s3_bucket.b");
    assert_eq!(raw.id.as_str(), "Bucket:infra#module.lake[\"raw\"].aws_s3_bucket.b");
    assert_eq!(raw.place.as_ref().map(|place| &*place.path), Some("infra/modules/bucket/main.tf"));
    assert_eq!(raw.value("versioned"), Some(&Value::Bool(true)));
    assert_eq!(raw.value("customerManagedKey"), Some(&Value::Bool(true)));
    let open = asset(&facts, "module.lake[\"open\"].aws_s3_bucket.b");
    assert_eq!(open.value("customerManagedKey"), Some(&Value::Bool(false)));
    assert!(
        facts
            .links
            .iter()
            .map(line)
            .any(|text| text.starts_with("grants Role:infra#aws_iam_role.r -> Bucket:infra#module.lake[\"open\"]"))
    );
    assert_eq!(facts.gaps, []);
}

#[test]
fn modules_that_are_not_there_are_named_gaps() {
    let facts = facts("module \"s3\" {\n  source = \"example-org/lake/aws\"\n  version = \"~> 4.0\"\n}\n");
    assert_eq!(facts.gaps.len(), 1);
    assert_eq!(facts.gaps[0].kind, GapKind::Unresolved);
    assert!(facts.gaps[0].message.contains("example-org/lake/aws"));
}

#[test]
fn modules_that_call_each_other_end() {
    let call = |to: &str| format!("module \"m\" {{ source = \"{to}\" }}\nresource \"aws_s3_bucket\" \"b\" {{}}\n");
    let facts = project(&[("a/main.tf", &call("../b")), ("b/main.tf", &call("../a")), ("c/main.tf", &call("./"))], &[]);
    assert!(facts.gaps.iter().any(|gap| gap.message.contains("calls itself")));
    assert!(facts.assets.iter().any(|asset| asset.place.as_ref().is_some_and(|place| &*place.path == "a/main.tf")));
}

#[test]
fn a_module_called_from_examples_only_is_read_for_itself() {
    let facts = project(
        &[
            ("main.tf", "resource \"aws_s3_bucket\" \"b\" {}\n"),
            ("examples/full/main.tf", "module \"m\" { source = \"../../\" }\n"),
        ],
        &[],
    );
    let ids: Vec<&str> = facts.assets.iter().map(|asset| asset.id.as_str()).collect();
    assert!(ids.contains(&"Bucket:aws_s3_bucket.b"), "{ids:?}");
}

#[test]
fn installed_modules_are_followed_and_are_no_roots() {
    let facts = project(
        &[
            ("infra/main.tf", "module \"lake\" { source = \"git::https://example.org/lake.git\" }\n"),
            ("infra/.terraform/modules/lake/main.tf", "resource \"aws_s3_bucket\" \"b\" {}\n"),
            (
                "infra/.terraform/modules/modules.json",
                "{\"Modules\": [{\"Key\": \"\", \"Dir\": \".\"}, {\"Key\": \"lake\", \"Source\": \"git::https://example.org/lake.git\", \"Dir\": \".terraform/modules/lake\"}]}",
            ),
        ],
        &[],
    );
    let ids: Vec<&str> = facts.assets.iter().map(|asset| asset.id.as_str()).collect();
    assert_eq!(ids, ["Bucket:infra#module.lake.aws_s3_bucket.b"]);
    assert_eq!(facts.gaps, []);
}

#[test]
fn inputs_that_a_listed_module_does_not_tell_are_a_gap() {
    let facts = facts("module \"k\" {\n  source = \"terraform-aws-modules/kms/aws\"\n  grants = {}\n}\n");
    assert_eq!(facts.gaps.len(), 1, "{:?}", facts.gaps);
    assert_eq!(facts.gaps[0].message, "module `k`: what `grants` change is not described");
}

#[test]
fn a_listed_module_tells_where_its_copies_are() {
    let text = r#"
        provider "aws" {
          alias  = "us"
          region = "us-east-1"
        }
        resource "aws_s3_bucket" "copy" {
          provider = aws.us
          bucket   = "copy"
        }
        module "lake" {
          source                    = "terraform-aws-modules/s3-bucket/aws"
          bucket                    = "lake"
          replication_configuration = { role = "r", rules = [{ status = true, destination = { bucket = aws_s3_bucket.copy.arn } }] }
        }
    "#;
    let facts = facts(text);
    let lake = asset(&facts, "module.lake.aws_s3_bucket.this[0]");
    assert_eq!(lake.value("replicaRegions"), Some(&Value::List(vec![Value::Text("us-east-1".to_owned())])));
    assert_eq!(facts.gaps, []);
}
