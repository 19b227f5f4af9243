//! Expressions, functions and variables.

use super::*;

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
