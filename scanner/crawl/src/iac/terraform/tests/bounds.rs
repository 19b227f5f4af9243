//! Broken and hostile configurations.

use super::*;

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
