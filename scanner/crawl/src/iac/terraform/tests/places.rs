//! Where findings point to.

use super::*;

#[test]
fn places_point_to_the_header_and_to_the_attribute() {
    let text = "resource \"aws_db_instance\" \"d\" {\n  storage_encrypted = false\n}\n";
    let facts = facts(text);
    let found = asset(&facts, "aws_db_instance.d");
    assert_eq!(raw(text, found.place.as_ref()), "resource \"aws_db_instance\" \"d\"");
    assert_eq!(raw(text, found.attributes["encryptedAtRest"].place.as_ref()), "storage_encrypted = false");
}

#[test]
fn a_public_bucket_points_to_the_acl_of_its_companion() {
    let text = "resource \"aws_s3_bucket\" \"b\" {}\nresource \"aws_s3_bucket_acl\" \"a\" {\n  bucket = aws_s3_bucket.b.id\n  acl = \"public-read\"\n}\n";
    let facts = facts(text);
    let found = asset(&facts, "aws_s3_bucket.b");
    assert_eq!(raw(text, found.attributes["public"].place.as_ref()), "acl = \"public-read\"");
}

#[test]
fn a_companion_without_a_key_is_where_the_missing_key_is_shown() {
    let text = "resource \"aws_s3_bucket\" \"b\" {}\nresource \"aws_s3_bucket_server_side_encryption_configuration\" \"a\" {\n  bucket = aws_s3_bucket.b.id\n  rule {\n    apply_server_side_encryption_by_default { sse_algorithm = \"aws:kms\" }\n  }\n}\n";
    let facts = facts(text);
    let key = &asset(&facts, "aws_s3_bucket.b").attributes["customerManagedKey"];
    assert_eq!(key.value, Value::Bool(false));
    assert_eq!(raw(text, key.place.as_ref()), "resource \"aws_s3_bucket_server_side_encryption_configuration\" \"a\"");
}

#[test]
fn a_container_is_named_by_the_account_whose_id_it_gives() {
    let text = "resource \"azurerm_storage_account\" \"a\" { name = \"cliniclake\" }\nresource \"azurerm_storage_container\" \"c\" {\n  name = \"raw\"\n  storage_account_id = azurerm_storage_account.a.id\n}\n";
    let facts = facts(text);
    let names = &asset(&facts, "azurerm_storage_container.c").names;
    assert!(names.contains("abfss://raw@cliniclake"), "{names:?}");
}

#[test]
fn a_wildcard_grant_points_to_the_entry_that_is_the_wildcard() {
    let text = r#"
resource "aws_s3_bucket" "b" { bucket = "b" }
resource "aws_iam_role" "r" { name = "r" }
data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::x", "arn:aws:s3:::y-*"]
  }
  statement {
    actions   = ["s3:PutObject", "s3:*"]
    resources = [aws_s3_bucket.b.arn]
  }
}
resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.r.name
  policy = data.aws_iam_policy_document.p.json
}
"#;
    let facts = facts(text);
    let wild =
        |link: &&crate::Link| link.attributes.get("viaWildcard").is_some_and(|said| said.value == Value::Bool(true));
    let mut found: Vec<&str> =
        facts.links.iter().filter(wild).map(|link| raw(text, link.attributes["viaWildcard"].place.as_ref())).collect();
    found.sort_unstable();
    assert_eq!(found, ["\"arn:aws:s3:::y-*\"", "\"s3:*\""]);
}

#[test]
fn tests_are_marked_as_such() {
    let in_tests = project(&[("tests/main.tf", "resource \"aws_s3_bucket\" \"b\" {}\n")], &[]);
    assert!(in_tests.assets[0].in_tests);
}

#[test]
fn findings_in_a_listed_module_point_to_the_call_and_its_input() {
    let text = "module \"db\" {\n  source            = \"terraform-aws-modules/rds/aws\"\n  identifier        = \"d\"\n  storage_encrypted = false\n}\n";
    let facts = facts(text);
    let found = asset(&facts, "module.db.aws_db_instance.this[0]");
    assert_eq!(raw(text, found.place.as_ref()), "module \"db\"");
    assert_eq!(raw(text, found.attributes["encryptedAtRest"].place.as_ref()), "storage_encrypted = false");
}
