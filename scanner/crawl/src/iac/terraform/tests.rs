use aedile_model::{Asset, GapKind, Place, Value};
use aedile_rules::ResourceSource;

use super::*;
use crate::Options;
use crate::crawler::run;
use crate::iac::examples::{RULES, crawled, line};

fn facts(text: &str) -> Facts {
    crawled(ResourceSource::Terraform, text)
}

fn project(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Facts {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let options = Options { variables, ..Options::default() };
    let files: Vec<File> = files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
    let mut facts = Facts::default();
    run::<Terraform>(&files, Context::new(&RULES, &options), &mut facts);
    facts
}

fn asset<'f>(facts: &'f Facts, address: &str) -> &'f Asset {
    let all: Vec<&str> = facts.assets.iter().map(|asset| asset.address.as_str()).collect();
    facts.assets.iter().find(|asset| asset.address == address).unwrap_or_else(|| panic!("{address} in {all:?}"))
}

fn raw<'t>(text: &'t str, place: Option<&Place>) -> &'t str {
    let span = place.unwrap_or_else(|| panic!("no place")).span;
    &text[span.start as usize..span.end as usize]
}

/// The value of an expression: as the name of a bucket, with the settings that `before` declares.
fn value(before: &str, expression: &str) -> Value {
    let text = format!("{before}\nresource \"aws_s3_bucket\" \"b\" {{\n tags = {{ owner = {expression} }}\n}}\n");
    let facts = facts(&text);
    asset(&facts, "aws_s3_bucket.b").value("owner").cloned().unwrap_or(Value::Null)
}

#[test]
fn expressions_and_functions_evaluate_as_in_terraform() {
    let cases = [
        (r#""a${1 + 2 * 3}""#, "a7"),
        (r#"true ? "x" : "y""#, "x"),
        (r#"lower("ABC")"#, "abc"),
        (r#"upper("abc")"#, "ABC"),
        (r#"title("data lake")"#, "Data Lake"),
        (r#"join("-", ["a", "b"])"#, "a-b"),
        (r#"split(",", "a,b")[1]"#, "b"),
        (r#"format("%s-%03d", "a", 7)"#, "a-007"),
        (r#"replace("a_b", "_", "-")"#, "a-b"),
        (r#"trimspace("  x ")"#, "x"),
        (r#"trimprefix("s3://b", "s3://")"#, "b"),
        (r#"trimsuffix("a.csv", ".csv")"#, "a"),
        (r#"trim("--a--", "-")"#, "a"),
        (r#"substr("hello", 1, 3)"#, "ell"),
        (r#"lookup({ a = "x" }, "a", "y")"#, "x"),
        (r#"lookup({ a = "x" }, "b", "y")"#, "y"),
        (r#"merge({ a = "x" }, { a = "y" }).a"#, "y"),
        (r#"concat(["a"], ["b"])[1]"#, "b"),
        (r#"element(["a", "b"], 3)"#, "b"),
        (r#"flatten([["a"], ["b"]])[1]"#, "b"),
        (r#"keys({ z = 1, a = 2 })[0]"#, "a"),
        (r#"values({ z = "1", a = "2" })[0]"#, "2"),
        (r#"coalesce("", "b")"#, "b"),
        (r#"coalesce(null, "b")"#, "b"),
        (r#"try({}.missing, "fallback")"#, "fallback"),
        (r#"tostring(contains(["a"], "a"))"#, "true"),
        (r#"tostring(length("abc"))"#, "3"),
        (r#"tostring(can({}.missing))"#, "false"),
        (r#"jsondecode("{\"a\": \"b\"}").a"#, "b"),
        (r#"jsonencode({ a = 1 })"#, r#"{"a":1}"#),
        (r#"base64encode("hello")"#, "aGVsbG8="),
        (r#"[for x in ["a", "b"] : upper(x)][1]"#, "B"),
        (r#"{ for k, v in { a = "x" } : v => k }.x"#, "a"),
        (r#"{ for k, v in toset(["x"]) : k => v }.x"#, "x"),
        (r#"join(",", [for x in ["a", "b", "c"] : x if x != "b"])"#, "a,c"),
        (r#"distinct(["a", "a", "b"])[1]"#, "b"),
        (r#"sort(["b", "a"])[0]"#, "a"),
        (r#"reverse(["a", "b"])[0]"#, "b"),
        (r#"tostring(max(1, 3, 2))"#, "3"),
        (r#"compact(["", "a"])[0]"#, "a"),
        (r#"one(["a"])"#, "a"),
        (r#"zipmap(["a"], ["b"]).a"#, "b"),
        (r#"tostring(startswith("abc", "ab"))"#, "true"),
        (r#"join("", [{ n = "a" }, { n = "b" }][*].n)"#, "ab"),
        (r#"[{ n = "a" }, { n = "b" }].*.n[1]"#, "b"),
        (r#"tostring(alltrue([true, "true"]))"#, "true"),
        (r#"join("", [for i in range(3) : tostring(i)])"#, "012"),
        (r#"element(setproduct(["a"], ["b", "c"])[1], 1)"#, "c"),
        (r#""%{ if 1 == 1 }yes%{ else }no%{ endif }""#, "yes"),
    ];
    for (expression, wanted) in cases {
        assert_eq!(value("", expression), Value::from(wanted), "{expression}");
    }
}

#[test]
fn what_cannot_be_known_is_unknown_with_its_reason() {
    for (before, expression, reason) in [
        ("variable \"v\" {}", "var.v", "no default"),
        ("variable \"v\" {}", "\"a-${var.v}\"", "no default"),
        ("", "file(\"x\")", "the file `x` is not among those that were read"),
        ("", "timestamp()", "`timestamp` is not evaluated"),
        ("", "provider::aws::arn_parse(\"x\")", "functions of providers are not evaluated"),
        ("", "var.nope", "not declared"),
        ("locals {\n a = local.b\n b = local.a\n}", "local.a", "defined by itself"),
        ("locals { m = {} }", "local.m.x", "there is no `x`"),
        ("data \"aws_caller_identity\" \"me\" {}", "data.aws_caller_identity.me.account_id", "only after apply"),
        ("variable \"v\" {}", "merge({ a = 1 }, var.v).a", "no default"),
    ] {
        match value(before, expression) {
            Value::Unknown(unknown) => assert!(unknown.why.contains(reason), "{expression}: {unknown}"),
            other => panic!("{expression}: {other:?}"),
        }
    }
}

#[test]
fn variables_take_their_values_from_options_then_files_then_defaults() {
    let main = "variable \"a\" { default = \"default\" }\nresource \"aws_s3_bucket\" \"b\" { bucket = var.a }\n";
    let name =
        |files: &[(&str, &str)], given: &[(&str, &str)]| asset(&project(files, given), "aws_s3_bucket.b").name.clone();
    let values = ("terraform.tfvars", "a = \"file\"\n");
    let auto = ("x.auto.tfvars", "a = \"auto\"\n");
    assert_eq!(name(&[("main.tf", main)], &[]), "default");
    assert_eq!(name(&[("main.tf", main), values], &[]), "file");
    assert_eq!(name(&[("main.tf", main), auto, values], &[]), "auto");
    assert_eq!(name(&[("main.tf", main), auto, values], &[("a", "given")]), "given");
    assert_eq!(name(&[("main.tf", main), ("prod.tfvars", "a = \"other\"\n")], &[]), "default");
}

#[test]
fn optional_members_of_typed_variables_have_their_defaults() {
    let before = "variable \"v\" {\n type = object({ name = string, owner = optional(string, \"lake\") })\n default = { name = \"x\" }\n}";
    assert_eq!(value(before, "var.v.owner"), Value::from("lake"));
}

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
fn a_broken_block_does_not_lose_the_others() {
    let text = "resource \"aws_s3_bucket\" \"a\" {}\nresource \"aws_s3_bucket\" \"bad\" {\n  bucket = = \"x\"\n}\n# } {\nresource \"aws_s3_bucket\" \"c\" {\n  bucket = \"c}\"\n  x = <<EOT\n}\nEOT\n}\nresource \"aws_s3_bucket\" \"open\" {\n  tags = {\nresource \"aws_s3_bucket\" \"d\" {}\n";
    let facts = facts(text);
    let mut names: Vec<&str> = facts.assets.iter().map(|asset| asset.address.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "bad", "c", "d", "open"].map(|name| format!("aws_s3_bucket.{name}")));
    assert_eq!(facts.gaps.iter().filter(|gap| gap.kind == GapKind::Unparsed).count(), 2, "{:?}", facts.gaps);
    // What was not read is not taken for absent.
    assert!(matches!(asset(&facts, "aws_s3_bucket.open").value("owner"), Some(Value::Unknown(_)) | None));
    let place = asset(&facts, "aws_s3_bucket.c").place.clone();
    assert_eq!(raw(text, place.as_ref()), "resource \"aws_s3_bucket\" \"c\"");
}

#[test]
fn count_of_a_billion_is_one_instance_and_a_gap() {
    let facts = facts(
        "resource \"aws_s3_bucket\" \"b\" { count = 1000000000 }\nresource \"aws_s3_bucket\" \"c\" { for_each = toset([for i in range(50000) : tostring(i)]) }\n",
    );
    let names: Vec<&str> = facts.assets.iter().map(|asset| asset.address.as_str()).collect();
    assert_eq!(names, ["aws_s3_bucket.b[*]", "aws_s3_bucket.c[*]"]);
    assert_eq!(facts.gaps.iter().filter(|gap| gap.kind == GapKind::Limit).count(), 2);
}

#[test]
fn growth_and_depth_are_bounded() {
    let mut doubling = String::from("locals {\n v0 = [\"x\"]\n s0 = \"xxxxxxxx\"\n");
    for at in 1..64 {
        doubling.push_str(&format!(
            " v{at} = concat(local.v{0}, local.v{0})\n s{at} = \"${{local.s{0}}}${{local.s{0}}}\"\n",
            at - 1
        ));
    }
    doubling
        .push_str("}\nresource \"aws_s3_bucket\" \"b\" {\n bucket = local.s63\n tags = { a = length(local.v63) }\n}\n");
    let grown = facts(&doubling);
    assert!(grown.gaps.iter().any(|gap| gap.kind == GapKind::Limit), "{:?}", grown.gaps);
    let mut chain = String::from("locals {\n l0 = 1\n");
    for at in 1..3000 {
        chain.push_str(&format!(" l{at} = local.l{}\n", at - 1));
    }
    chain.push_str("}\nresource \"aws_s3_bucket\" \"b\" { tags = { owner = local.l2999 } }\n");
    let chained = facts(&chain);
    assert!(matches!(asset(&chained, "aws_s3_bucket.b").value("owner"), Some(Value::Unknown(_))));
    let limits: Vec<&str> =
        chained.gaps.iter().filter(|gap| gap.kind == GapKind::Limit).map(|gap| raw(&chain, Some(&gap.place))).collect();
    assert!(limits.len() == 1 && limits[0].starts_with("local.l29"), "{limits:?}");
    let deep = facts(&format!("locals {{\n a = {}{}\n}}\n", "[".repeat(200), "]".repeat(200)));
    assert!(deep.gaps.iter().all(|gap| gap.kind == GapKind::Limit) && deep.gaps.len() == 1, "{:?}", deep.gaps);
    for text in [format!("a = {}", "[".repeat(10_000)), format!("x {}", "{".repeat(10_000)), "locals { a = ".to_owned()]
    {
        let _ = facts(&text);
    }
}

#[test]
fn nested_modules_with_many_instances_are_bounded() {
    let call = |to: &str| {
        format!("module \"m\" {{\n source = \"{to}\"\n count = 400\n}}\nresource \"aws_s3_bucket\" \"b\" {{}}\n")
    };
    let facts = project(
        &[
            ("main.tf", &call("./a")),
            ("a/main.tf", &call("./b")),
            ("a/b/main.tf", &call("./c")),
            ("a/b/c/main.tf", "resource \"aws_s3_bucket\" \"b\" {}\n"),
        ],
        &[],
    );
    assert!(facts.gaps.iter().any(|gap| gap.kind == GapKind::Limit));
    assert!(facts.assets.len() < 30_000);
}

#[test]
fn tests_are_marked_as_such() {
    let in_tests = project(&[("tests/main.tf", "resource \"aws_s3_bucket\" \"b\" {}\n")], &[]);
    assert!(in_tests.assets[0].in_tests);
}

#[test]
fn heredoc_policies_with_references_reach_their_bucket() {
    let facts = facts(
        r#"
        resource "aws_s3_bucket" "b" {}
        resource "aws_iam_role" "r" { name = "r" }
        resource "aws_iam_role_policy" "p" {
          role   = aws_iam_role.r.id
          policy = <<-EOT
            {
              "Statement": [{
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": "${aws_s3_bucket.b.arn}/*",
                "Condition": {"StringEquals": {"aws:PrincipalTag/team": "x"}}
              }]
            }
          EOT
        }
        "#,
    );
    let lines: Vec<String> = facts.links.iter().map(line).collect();
    assert_eq!(lines, ["grants Role:aws_iam_role.r -> Bucket:aws_s3_bucket.b [read write] conditioned"]);
}

#[test]
fn unknown_policies_make_rights_unknown_and_a_gap() {
    let facts = facts(
        "variable \"p\" {}\nresource \"aws_iam_role\" \"r\" { name = \"r\" }\nresource \"aws_iam_role_policy\" \"p\" {\n role = aws_iam_role.r.id\n policy = var.p\n}\n",
    );
    assert!(matches!(asset(&facts, "aws_iam_role.r").value("adminWildcard"), Some(Value::Unknown(_))));
    assert_eq!(facts.gaps[0].kind, GapKind::Unresolved);
}

#[test]
fn own_accounts_are_not_foreign() {
    let text = |own: &str| {
        format!(
            "provider \"aws\" {{ {own} }}\nresource \"aws_iam_role\" \"r\" {{\n assume_role_policy = jsonencode({{Statement = [{{Effect = \"Allow\", Principal = {{AWS = \"111122223333\"}}, Action = \"sts:AssumeRole\"}}]}})\n}}\n"
        )
    };
    let foreign = "member-of Role?arn:aws:iam::111122223333:root -> Role:aws_iam_role.r crossAccount";
    assert_eq!(line(&facts(&text("")).links[0]), foreign);
    assert_eq!(
        format!("{} crossAccount", line(&facts(&text("allowed_account_ids = [\"111122223333\"]")).links[0])),
        foreign
    );
}

#[test]
fn irsa_trust_lets_a_service_account_in() {
    let facts = facts(
        "resource \"aws_iam_role\" \"r\" {\n assume_role_policy = jsonencode({Statement = [{Effect = \"Allow\", Principal = {Federated = \"arn:aws:iam::111122223333:oidc-provider/x\"}, Action = \"sts:AssumeRoleWithWebIdentity\", Condition = {StringEquals = {\"x:sub\" = \"system:serviceaccount:serving:runner\"}}}]})\n}\n",
    );
    assert_eq!(line(&facts.links[0]), "member-of ServiceAccount?serving/runner -> Role:aws_iam_role.r conditioned");
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
fn findings_in_a_listed_module_point_to_the_call_and_its_input() {
    let text = "module \"db\" {\n  source            = \"terraform-aws-modules/rds/aws\"\n  identifier        = \"d\"\n  storage_encrypted = false\n}\n";
    let facts = facts(text);
    let found = asset(&facts, "module.db.aws_db_instance.this[0]");
    assert_eq!(raw(text, found.place.as_ref()), "module \"db\"");
    assert_eq!(raw(text, found.attributes["encryptedAtRest"].place.as_ref()), "storage_encrypted = false");
}

#[test]
fn depth_is_bounded_in_every_form() {
    let deep =
        |open: &str, close: &str| format!("locals {{\n a = {}1{}\n}}\n", open.repeat(1_000), close.repeat(1_000));
    let blocks = format!("resource \"t\" \"n\" {}{}\n", "{\n b ".repeat(1_000), "}".repeat(1_000));
    let texts = [
        deep("[", "]"),
        deep("{a=", "}"),
        deep("(", ")"),
        deep("!", ""),
        deep("-", ""),
        deep("true ? 1 : ", ""),
        deep("f(", ")"),
        deep("\"${", "}\""),
        deep("[for x in ", " : x]"),
        blocks,
    ];
    for text in &texts {
        let found = facts(text);
        assert!(found.gaps.iter().any(|gap| gap.kind == GapKind::Limit), "{}: {:?}", &text[..60], found.gaps);
    }
    let long = format!(
        "locals {{\n a = 1{}\n b = x{}\n}}\nresource \"aws_s3_bucket\" \"b\" {{ tags = {{ owner = tostring(local.a) }} }}\n",
        " + 1".repeat(20_000),
        ".y".repeat(20_000)
    );
    assert_eq!(asset(&facts(&long), "aws_s3_bucket.b").value("owner"), Some(&Value::from("20001")));
    let json = project(&[("main.tf.json", &format!("{{\"locals\": {{\"a\": {}", "[".repeat(10_000)))], &[]);
    assert_eq!(json.gaps[0].kind, GapKind::Limit);
}

#[test]
fn mutated_configurations_are_crawled_to_the_end() {
    let main = r#"
variable "names" { default = ["a", "b"] }
locals { tags = merge({ owner = "x" }, { for n in var.names : n => upper(n)... }) }
module "m" {
  source   = "./m"
  for_each = toset(var.names)
  name     = "${each.key}-${format("%03d", length(var.names))}"
}
resource "aws_s3_bucket" "b" {
  count  = length(var.names)
  bucket = var.names[count.index]
  tags   = local.tags
}
resource "aws_s3_bucket_acl" "a" {
  for_each = { for i, b in aws_s3_bucket.b : i => b }
  bucket   = each.value.id
  acl      = can(module.m["a"].id) ? "private" : "public-read"
}
data "aws_iam_policy_document" "d" {
  statement {
    actions   = ["s3:*"]
    resources = [for b in aws_s3_bucket.b : "${b.arn}/*"]
  }
}
resource "aws_iam_role_policy" "p" {
  role   = "r"
  policy = data.aws_iam_policy_document.d.json
}
"#;
    let inner = "variable \"name\" {}\nresource \"aws_s3_bucket\" \"b\" { bucket = var.name }\noutput \"id\" { value = aws_s3_bucket.b.id }\n";
    let mut dice = syntax::tests::Dice(0x2545_F491_4F6C_DD1D);
    for _ in 0..400 {
        let text = syntax::tests::mutated(main, &mut dice);
        let called = syntax::tests::mutated(inner, &mut dice);
        let facts = project(&[("main.tf", &text), ("m/main.tf", &called)], &[]);
        let inside = |place: &Place| place.span.end as usize <= text.len().max(called.len());
        assert!(facts.gaps.iter().all(|gap| inside(&gap.place)), "{text}");
    }
}

#[test]
fn inputs_that_a_listed_module_does_not_tell_are_a_gap() {
    let facts = facts("module \"k\" {\n  source = \"terraform-aws-modules/kms/aws\"\n  grants = {}\n}\n");
    assert_eq!(facts.gaps.len(), 1, "{:?}", facts.gaps);
    assert_eq!(facts.gaps[0].message, "module `k`: what `grants` change is not described");
}

#[test]
fn tags_of_columns_in_snowflake_are_labels() {
    let facts = facts(
        r#"
resource "snowflake_tag" "class" {
  database = "GOV"
  schema   = "TAGS"
  name     = "DATA_CLASS"
}
resource "snowflake_table" "visits" {
  database = "CLINIC"
  schema   = "RAW"
  name     = "VISITS"
  column {
    name = "EMAIL"
    type = "VARCHAR"
  }
  column {
    name = "WARD"
    type = "VARCHAR"
  }
}
resource "snowflake_tag_association" "email" {
  object_identifiers = ["${snowflake_table.visits.fully_qualified_name}.\"EMAIL\""]
  object_type        = "COLUMN"
  tag_id             = snowflake_tag.class.fully_qualified_name
  tag_value          = "pii.contact.email"
}
"#,
    );
    let labels = |address: &str| -> Vec<String> {
        asset(&facts, address).labels.iter().map(|label| format!("{} {}", label.source, label.written())).collect()
    };
    assert_eq!(labels("snowflake_table.visits/email"), ["catalog tag data_class: pii.contact.email"]);
    assert!(labels("snowflake_table.visits/ward").is_empty());
}
