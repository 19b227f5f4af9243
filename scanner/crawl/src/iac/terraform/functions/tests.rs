//! One case at least for every function, from the examples of its page.

use std::collections::BTreeMap;

use super::super::evaluator::Evaluator;
use super::super::listed::Listed;
use super::super::module::{Library, Module, nowhere};
use super::super::scope::Scope;
use super::super::syntax::parse_expression;
use super::*;
use crate::File;
use crate::iac::examples::RULES;

/// The value of an expression in a configuration beside `files`.
fn evaluated(text: &str, files: &[File]) -> Datum {
    let expression = parse_expression(text, 0, None).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    let root = Module { folder: "infra".to_owned(), ..Module::default() };
    let listed = Listed::new(&[]);
    let library = Library {
        modules: BTreeMap::new(),
        listed: &listed,
        files: files.iter().map(|file| (&*file.path, file)).collect(),
    };
    let given = BTreeMap::new();
    let mut evaluator = Evaluator::new(&library, &root, &RULES.resources, &given);
    evaluator.evaluate(&expression, &nowhere(text), &Scope::of(0))
}

fn check(cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        let found = evaluated(text, &[]);
        let json = found.json().unwrap_or_else(|| panic!("{text}: {found:?}"));
        let wanted: serde_json::Value = serde_json::from_str(wanted).unwrap_or_else(|_| panic!("{wanted}"));
        assert_eq!(json, wanted, "{text}");
    }
}

fn fails(texts: &[&str]) {
    for text in texts {
        let found = evaluated(text, &[]);
        assert!(matches!(found.kind, Kind::Fault(_)), "{text}: {found:?}");
    }
}

#[test]
fn numbers() {
    check(&[
        ("abs(-12.4)", "12.4"),
        ("abs(0)", "0"),
        ("ceil(5.1)", "6"),
        ("floor(4.9)", "4"),
        ("format(\"%.9f\", log(50, 10))", "\"1.698970004\""),
        ("log(16, 2)", "4"),
        ("ceil(log(15, 2))", "4"),
        ("max(12, 54, 3)", "54"),
        ("max([12, 54, 3]...)", "54"),
        ("min(12, 54, 3)", "3"),
        ("parseint(\"100\", 10)", "100"),
        ("parseint(\"FF\", 16)", "255"),
        ("parseint(\"-10\", 16)", "-16"),
        ("parseint(\"1011111011101111\", 2)", "48879"),
        ("pow(3, 2)", "9"),
        ("pow(4, 0)", "1"),
        ("signum(-13)", "-1"),
        ("signum(0)", "0"),
        ("signum(344)", "1"),
    ]);
    fails(&["parseint(\"aA\", 10)", "parseint(\"1\", 99)", "log(0, 10)", "max()"]);
}

#[test]
fn texts() {
    check(&[
        ("chomp(\"hello\\n\\n\")", "\"hello\""),
        ("endswith(\"hello world\", \"world\")", "true"),
        ("startswith(\"hello world\", \"world\")", "false"),
        ("strcontains(\"hello world\", \"wor\")", "true"),
        ("indent(2, \"[\\n  foo\\n]\")", "\"[\\n    foo\\n  ]\""),
        ("join(\"-\", [\"foo\", \"bar\", \"baz\"])", "\"foo-bar-baz\""),
        ("join(\", \", [\"foo\"])", "\"foo\""),
        ("lower(\"HELLO\")", "\"hello\""),
        ("upper(\"алло!\")", "\"АЛЛО!\""),
        ("title(\"hello world\")", "\"Hello World\""),
        ("replace(\"1 + 2 + 3\", \"+\", \"-\")", "\"1 - 2 - 3\""),
        ("replace(\"hello world\", \"/w.*d/\", \"everybody\")", "\"hello everybody\""),
        ("replace(\"a1b2\", \"/([a-z])([0-9])/\", \"$2$1\")", "\"1a2b\""),
        ("split(\",\", \"foo,bar,baz\")", "[\"foo\", \"bar\", \"baz\"]"),
        ("split(\",\", \"\")", "[\"\"]"),
        ("strrev(\"a ☃\")", "\"☃ a\""),
        ("substr(\"hello world\", 1, 4)", "\"ello\""),
        ("substr(\"hello world\", -5, -1)", "\"world\""),
        ("substr(\"hello world\", 6, 10)", "\"world\""),
        ("trim(\"?!hello?!\", \"!?\")", "\"hello\""),
        ("trim(\"foobar\", \"far\")", "\"oob\""),
        ("trimprefix(\"helloworld\", \"hello\")", "\"world\""),
        ("trimsuffix(\"helloworld\", \"world\")", "\"hello\""),
        ("trimspace(\"  hello\\n\\n\")", "\"hello\""),
        ("basename(\"foo/bar/baz.txt\")", "\"baz.txt\""),
        ("dirname(\"foo/bar/baz.txt\")", "\"foo/bar\""),
        ("dirname(\"foo\")", "\".\""),
        ("regex(\"[a-z]+\", \"53453453.345345aaabbbccc23454\")", "\"aaabbbccc\""),
        ("regex(\"(\\\\d\\\\d\\\\d\\\\d)-(\\\\d\\\\d)-(\\\\d\\\\d)\", \"2019-02-01\")", "[\"2019\", \"02\", \"01\"]"),
        (
            "regex(\"^(?:(?P<scheme>[^:/?#]+):)?(?://(?P<authority>[^/?#]*))?\", \"https://terraform.io/docs/\")",
            "{\"authority\": \"terraform.io\", \"scheme\": \"https\"}",
        ),
        ("regexall(\"[a-z]+\", \"1234abcd5678efgh9\")", "[\"abcd\", \"efgh\"]"),
        ("length(regexall(\"[a-z]+\", \"123456789\")) > 0", "false"),
        ("templatestring(\"Hello, $${name}!\", { name = \"Ada\" })", "\"Hello, Ada!\""),
    ]);
    fails(&["regex(\"[a-z]+\", \"53453453\")", "regex(\"(\", \"a\")", "lower([])"]);
}

#[test]
fn formats() {
    check(&[
        ("format(\"Hello, %s!\", \"Ander\")", "\"Hello, Ander!\""),
        ("format(\"There are %d lights\", 4)", "\"There are 4 lights\""),
        ("format(\"%%\")", "\"%\""),
        ("format(\"%v %v %v\", true, 1, \"x\")", "\"true 1 x\""),
        ("format(\"%v\", [1, \"a\"])", "\"[1,\\\"a\\\"]\""),
        ("format(\"%#v\", \"hello\")", "\"\\\"hello\\\"\""),
        ("format(\"%q\", \"a\\\"b\")", "\"\\\"a\\\\\\\"b\\\"\""),
        ("format(\"%t\", true)", "\"true\""),
        ("format(\"%b %o %x %X\", 10, 8, 255, 255)", "\"1010 10 ff FF\""),
        ("format(\"%e\", 150)", "\"1.500000e+02\""),
        ("format(\"%f %.2f %9.3f|\", 1.5, 3.14159, 2)", "\"1.500000 3.14     2.000|\""),
        ("format(\"%05d|%-5d|%+d\", 42, 42, 42)", "\"00042|42   |+42\""),
        ("format(\"%10s|%-10s|%.2s\", \"hi\", \"hi\", \"hello\")", "\"        hi|hi        |he\""),
        ("format(\"%[2]s %[1]s\", \"a\", \"b\")", "\"b a\""),
        ("format(\"%x\", \"hi\")", "\"6869\""),
        ("formatlist(\"Hello, %s!\", [\"Valentina\", \"Ander\"])", "[\"Hello, Valentina!\", \"Hello, Ander!\"]"),
        (
            "formatlist(\"%s, %s!\", \"Salutations\", [\"Valentina\", \"Ander\"])",
            "[\"Salutations, Valentina!\", \"Salutations, Ander!\"]",
        ),
    ]);
    fails(&["format(\"%s\")", "format(\"%z\", 1)", "formatlist(\"%s %s\", [1], [1, 2])"]);
}

#[test]
fn collections() {
    check(&[
        ("alltrue([\"true\", true])", "true"),
        ("alltrue([true, false])", "false"),
        ("alltrue([])", "true"),
        ("anytrue([\"true\"])", "true"),
        ("anytrue([])", "false"),
        ("chunklist([\"a\", \"b\", \"c\", \"d\", \"e\"], 2)", "[[\"a\", \"b\"], [\"c\", \"d\"], [\"e\"]]"),
        ("coalesce(\"\", \"b\")", "\"b\""),
        ("coalesce(1, 2)", "1"),
        ("coalescelist([], [\"c\", \"d\"])", "[\"c\", \"d\"]"),
        ("compact([\"a\", \"\", \"b\", null, \"c\"])", "[\"a\", \"b\", \"c\"]"),
        ("concat([\"a\", \"\"], [\"b\", \"c\"])", "[\"a\", \"\", \"b\", \"c\"]"),
        ("contains([\"a\", \"b\", \"c\"], \"a\")", "true"),
        ("contains([\"a\", \"b\", \"c\"], \"d\")", "false"),
        ("distinct([\"a\", \"b\", \"a\", \"c\", \"d\", \"b\"])", "[\"a\", \"b\", \"c\", \"d\"]"),
        ("element([\"a\", \"b\", \"c\"], 3)", "\"a\""),
        ("element([\"a\", \"b\", \"c\"], -1)", "\"c\""),
        ("flatten([[\"a\", \"b\"], [], [\"c\"]])", "[\"a\", \"b\", \"c\"]"),
        ("flatten([[[\"a\", \"b\"], []], [\"c\"]])", "[\"a\", \"b\", \"c\"]"),
        ("index([\"a\", \"b\", \"c\"], \"b\")", "1"),
        ("keys({a=1, c=2, d=3})", "[\"a\", \"c\", \"d\"]"),
        ("length([\"a\", \"b\"])", "2"),
        ("length({\"a\" = \"b\"})", "1"),
        ("length(\"👾🕹️\")", "3"),
        ("lookup({a=\"ay\", b=\"bee\"}, \"a\", \"what?\")", "\"ay\""),
        ("lookup({a=\"ay\", b=\"bee\"}, \"c\", \"what?\")", "\"what?\""),
        (
            "matchkeys([\"i-123\", \"i-abc\", \"i-def\"], [\"us-west\", \"us-east\", \"us-east\"], [\"us-east\"])",
            "[\"i-abc\", \"i-def\"]",
        ),
        ("merge({a=\"b\", c=\"d\"}, {e=\"f\", c=\"z\"})", "{\"a\": \"b\", \"c\": \"z\", \"e\": \"f\"}"),
        ("merge([{a=\"b\"}, {}, {e=\"f\"}]...)", "{\"a\": \"b\", \"e\": \"f\"}"),
        ("one([])", "null"),
        ("one([\"hello\"])", "\"hello\""),
        ("range(3)", "[0, 1, 2]"),
        ("range(1, 4)", "[1, 2, 3]"),
        ("range(1, 8, 2)", "[1, 3, 5, 7]"),
        ("range(1, 4, 0.5)", "[1, 1.5, 2, 2.5, 3, 3.5]"),
        ("range(4, 1)", "[4, 3, 2]"),
        ("range(10, 5, -2)", "[10, 8, 6]"),
        ("reverse([1, 2, 3])", "[3, 2, 1]"),
        ("setintersection([\"a\", \"b\"], [\"b\", \"c\"], [\"b\", \"d\"])", "[\"b\"]"),
        (
            "setproduct([\"development\", \"staging\"], [\"app1\", \"app2\"])",
            "[[\"development\", \"app1\"], [\"development\", \"app2\"], [\"staging\", \"app1\"], [\"staging\", \"app2\"]]",
        ),
        ("setsubtract([\"a\", \"b\", \"c\"], [\"a\", \"c\"])", "[\"b\"]"),
        ("setunion([\"a\", \"b\"], [\"b\", \"c\"], [\"d\"])", "[\"a\", \"b\", \"c\", \"d\"]"),
        ("slice([\"a\", \"b\", \"c\", \"d\"], 1, 3)", "[\"b\", \"c\"]"),
        ("sort([\"e\", \"d\", \"a\", \"x\"])", "[\"a\", \"d\", \"e\", \"x\"]"),
        ("sum([10, 13, 6, 4.5])", "33.5"),
        (
            "transpose({\"a\" = [\"1\", \"2\"], \"b\" = [\"2\", \"3\"]})",
            "{\"1\": [\"a\"], \"2\": [\"a\", \"b\"], \"3\": [\"b\"]}",
        ),
        ("values({a=3, c=2, d=1})", "[3, 2, 1]"),
        ("zipmap([\"a\", \"b\"], [1, 2])", "{\"a\": 1, \"b\": 2}"),
    ]);
    fails(&["coalesce(\"\", null)", "element([], 0)", "one([1, 2])", "index([1], 2)", "slice([1], 0, 5)", "sum([])"]);
}

#[test]
fn encodings() {
    check(&[
        ("base64encode(\"Hello World\")", "\"SGVsbG8gV29ybGQ=\""),
        ("base64decode(\"SGVsbG8gV29ybGQ=\")", "\"Hello World\""),
        ("textencodebase64(\"Hello World\", \"UTF-16LE\")", "\"SABlAGwAbABvACAAVwBvAHIAbABkAA==\""),
        ("textdecodebase64(\"SABlAGwAbABvACAAVwBvAHIAbABkAA==\", \"UTF-16LE\")", "\"Hello World\""),
        (
            "csvdecode(\"a,b,c\\n1,2,3\\n4,5,6\")",
            "[{\"a\": \"1\", \"b\": \"2\", \"c\": \"3\"}, {\"a\": \"4\", \"b\": \"5\", \"c\": \"6\"}]",
        ),
        ("jsondecode(\"{\\\"hello\\\": \\\"world\\\"}\")", "{\"hello\": \"world\"}"),
        ("jsondecode(\"true\")", "true"),
        ("\"${jsonencode({\"hello\"=\"world\"})}\"", "\"{\\\"hello\\\":\\\"world\\\"}\""),
        ("yamldecode(\"hello: world\")", "{\"hello\": \"world\"}"),
        ("yamldecode(\"{a: &foo [1, 2, 3], b: *foo}\")", "{\"a\": [1, 2, 3], \"b\": [1, 2, 3]}"),
        ("yamlencode({\"a\":\"b\", \"c\":\"d\"})", "\"\\\"a\\\": \\\"b\\\"\\n\\\"c\\\": \\\"d\\\"\\n\""),
        (
            "yamlencode({\"foo\":[1, {\"a\":\"b\",\"c\":\"d\"}, 3], \"bar\": \"baz\"})",
            "\"\\\"bar\\\": \\\"baz\\\"\\n\\\"foo\\\":\\n- 1\\n- \\\"a\\\": \\\"b\\\"\\n  \\\"c\\\": \\\"d\\\"\\n- 3\\n\"",
        ),
        ("urlencode(\"Hello World\")", "\"Hello+World\""),
        ("urlencode(\"☃\")", "\"%E2%98%83\""),
        ("urldecode(\"Hello+World%21\")", "\"Hello World!\""),
        ("base64gunzip(\"H4sIAAAAAAACA8tIzcnJVyjPL8pJAQCFEUoNCwAAAA==\")", "\"hello world\""),
    ]);
    fails(&["base64decode(\"%\")", "jsondecode(\"{\")", "csvdecode(\"a,b\\n1\")", "urldecode(\"%G1\")"]);
}

#[test]
fn digests() {
    check(&[
        ("md5(\"hello world\")", "\"5eb63bbbe01eeed093cb22bb8f5acdc3\""),
        ("sha1(\"hello world\")", "\"2aae6c35c94fcfb415dbe95f408b9ce91ee846ed\""),
        ("sha256(\"hello world\")", "\"b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9\""),
        ("substr(sha512(\"hello world\"), 0, 16)", "\"309ecc489c12d6eb\""),
        ("base64sha256(\"hello world\")", "\"uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=\""),
        ("substr(base64sha512(\"hello world\"), 0, 16)", "\"MJ7MSJwS1utMxA9Q\""),
        ("uuidv5(\"dns\", \"www.terraform.io\")", "\"a5008fae-b28c-5ba5-96cd-82b4c53552d6\""),
        ("uuidv5(\"url\", \"https://www.terraform.io/\")", "\"9db6f67c-dd95-5ea0-aa5b-e70e5c5f7cf5\""),
        (
            "uuidv5(\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\", \"www.terraform.io\")",
            "\"a5008fae-b28c-5ba5-96cd-82b4c53552d6\"",
        ),
    ]);
    fails(&["uuidv5(\"no\", \"x\")"]);
}

#[test]
fn networks() {
    check(&[
        ("cidrhost(\"10.12.112.0/20\", 16)", "\"10.12.112.16\""),
        ("cidrhost(\"10.12.112.0/20\", 268)", "\"10.12.113.12\""),
        ("cidrhost(\"10.12.112.0/20\", -1)", "\"10.12.127.255\""),
        ("cidrhost(\"fd00:fd12:3456:7890:00a2::/72\", 34)", "\"fd00:fd12:3456:7890::22\""),
        ("cidrnetmask(\"172.16.0.0/12\")", "\"255.240.0.0\""),
        ("cidrsubnet(\"172.16.0.0/12\", 4, 2)", "\"172.18.0.0/16\""),
        ("cidrsubnet(\"10.1.2.0/24\", 4, 15)", "\"10.1.2.240/28\""),
        ("cidrsubnet(\"fd00:fd12:3456:7890::/56\", 16, 162)", "\"fd00:fd12:3456:7800:a200::/72\""),
        ("cidrsubnet(\"0.0.0.0/0\", 0, 0)", "\"0.0.0.0/0\""),
        (
            "cidrsubnets(\"10.1.0.0/16\", 4, 4, 8, 4)",
            "[\"10.1.0.0/20\", \"10.1.16.0/20\", \"10.1.32.0/24\", \"10.1.48.0/20\"]",
        ),
        (
            "cidrsubnets(\"fd00:fd12:3456:7890::/56\", 16, 16, 16, 32)",
            "[\"fd00:fd12:3456:7800::/72\", \"fd00:fd12:3456:7800:100::/72\", \"fd00:fd12:3456:7800:200::/72\", \"fd00:fd12:3456:7800:300::/88\"]",
        ),
        ("cidrcontains(\"192.168.2.0/20\", \"192.168.2.1\")", "true"),
        ("cidrcontains(\"192.168.2.0/20\", \"192.126.2.1\")", "false"),
        ("cidrcontains(\"192.168.2.0/20\", \"192.168.2.0/22\")", "true"),
    ]);
    fails(&[
        "cidrhost(\"10.0.0.0/30\", 4)",
        "cidrsubnet(\"10.0.0.0/8\", 30, 0)",
        "cidrsubnet(\"10.0.0.0/8\", 1, 2)",
        "cidrnetmask(\"::/0\")",
        "cidrsubnets(\"10.0.0.0/24\", 1, 1, 1)",
        "cidrhost(\"nonsense\", 1)",
    ]);
}

#[test]
fn dates() {
    check(&[
        ("formatdate(\"DD MMM YYYY hh:mm ZZZ\", \"2018-01-02T23:12:01Z\")", "\"02 Jan 2018 23:12 UTC\""),
        (
            "formatdate(\"EEEE, DD-MMM-YY hh:mm:ss ZZZ\", \"2018-01-02T23:12:01Z\")",
            "\"Tuesday, 02-Jan-18 23:12:01 UTC\"",
        ),
        (
            "formatdate(\"EEE, DD MMM YYYY hh:mm:ss ZZZ\", \"2018-01-02T23:12:01-08:00\")",
            "\"Tue, 02 Jan 2018 23:12:01 -0800\"",
        ),
        ("formatdate(\"MMM DD, YYYY\", \"2018-01-02T23:12:01Z\")", "\"Jan 02, 2018\""),
        ("formatdate(\"HH:mmaa\", \"2018-01-02T23:12:01Z\")", "\"11:12pm\""),
        ("formatdate(\"h'h'mm\", \"2018-01-02T23:12:01Z\")", "\"23h12\""),
        ("timeadd(\"2017-11-22T00:00:00Z\", \"10m\")", "\"2017-11-22T00:10:00Z\""),
        ("timeadd(\"2020-02-28T23:30:00Z\", \"24h30m\")", "\"2020-03-01T00:00:00Z\""),
        ("timeadd(\"2017-01-01T00:00:00Z\", \"-1s\")", "\"2016-12-31T23:59:59Z\""),
        ("timecmp(\"2017-11-22T00:00:00Z\", \"2017-11-22T00:00:00Z\")", "0"),
        ("timecmp(\"2017-11-22T00:00:00Z\", \"2017-11-22T01:00:00Z\")", "-1"),
        ("timecmp(\"2017-11-22T01:00:00Z\", \"2017-11-22T00:00:00Z\")", "1"),
        ("timecmp(\"2017-11-22T01:00:00Z\", \"2017-11-22T00:00:00-01:00\")", "0"),
    ]);
    fails(&[
        "formatdate(\"Q\", \"2018-01-02T23:12:01Z\")",
        "timeadd(\"now\", \"1h\")",
        "timeadd(\"2017-11-22T00:00:00Z\", \"1x\")",
    ]);
}

#[test]
fn conversions() {
    check(&[
        ("tostring(\"hello\")", "\"hello\""),
        ("tostring(1)", "\"1\""),
        ("tostring(true)", "\"true\""),
        ("tostring(null)", "null"),
        ("tobool(\"true\")", "true"),
        ("tobool(null)", "null"),
        ("tonumber(\"1\")", "1"),
        ("tonumber(\"1.5\")", "1.5"),
        ("tolist([\"a\", \"b\", 3])[0]", "\"a\""),
        ("toset([\"c\", \"b\", \"b\"])", "[\"b\", \"c\"]"),
        ("tomap({\"a\" = 1, \"b\" = 2})", "{\"a\": 1, \"b\": 2}"),
        ("sensitive(\"x\")", "\"x\""),
        ("nonsensitive(sensitive(\"x\"))", "\"x\""),
        ("ephemeralasnull(\"x\")", "\"x\""),
        ("issensitive(sensitive(\"secret\"))", "true"),
        ("issensitive(\"hello\")", "false"),
        ("can(regex(\"^a\", \"abc\"))", "true"),
        ("can({}.missing)", "false"),
        ("try({}.missing, \"fallback\")", "\"fallback\""),
        ("core::lower(\"A\")", "\"a\""),
    ]);
    fails(&["tobool(\"yes\")", "tonumber(\"no\")", "try({}.a, {}.b)"]);
}

#[test]
fn files() {
    let file = File::in_memory;
    let files = [
        file("infra/policy.json", "{\"a\": 1}"),
        file("infra/backends.tftpl", "%{ for addr in ip_addrs ~}\nbackend ${addr}:${port}\n%{ endfor ~}\n"),
        file("infra/t/x.txt", "x"),
        file("infra/t/u/y.txt", "y"),
        file("other.txt", "outside of the configuration, within the root"),
    ];
    for (text, wanted) in [
        ("file(\"${path.module}/policy.json\")", "\"{\\\"a\\\": 1}\""),
        ("jsondecode(file(\"policy.json\")).a", "1"),
        ("fileexists(\"policy.json\")", "true"),
        ("filebase64(\"t/x.txt\")", "\"eA==\""),
        ("filemd5(\"t/x.txt\")", "\"9dd4e461268c8034f5c8564e155c67a6\""),
        ("filesha1(\"t/x.txt\")", "\"11f6ad8ec52a2984abaafd7c3b516503785c2072\""),
        ("substr(filesha256(\"t/x.txt\"), 0, 8)", "\"2d711642\""),
        ("substr(filesha512(\"t/x.txt\"), 0, 8)", "\"a4abd444\""),
        ("substr(filebase64sha256(\"t/x.txt\"), 0, 8)", "\"LXEWQrcm\""),
        ("substr(filebase64sha512(\"t/x.txt\"), 0, 8)", "\"pKvURIxJ\""),
        ("fileset(\"t\", \"*.txt\")", "[\"x.txt\"]"),
        ("fileset(\"t\", \"**/*.txt\")", "[\"u/y.txt\", \"x.txt\"]"),
        (
            "templatefile(\"backends.tftpl\", { port = 8080, ip_addrs = [\"10.0.0.1\", \"10.0.0.2\"] })",
            "\"backend 10.0.0.1:8080\\nbackend 10.0.0.2:8080\\n\"",
        ),
        ("length(file(\"../other.txt\"))", "45"),
    ] {
        let found = evaluated(text, &files);
        let wanted: serde_json::Value = serde_json::from_str(wanted).unwrap_or_else(|_| panic!("{wanted}"));
        assert_eq!(found.json(), Some(wanted), "{text}: {found:?}");
    }
    for text in ["file(\"/etc/passwd\")", "file(\"../../x\")", "fileexists(\"nope\")", "fileset(\"nope\", \"*\")"] {
        assert!(matches!(evaluated(text, &files).kind, Kind::Unknown(_)), "{text}");
    }
}

#[test]
fn what_depends_on_more_than_its_arguments_is_unknown() {
    for text in [
        "abspath(\".\")",
        "base64gzip(\"x\")",
        "bcrypt(\"x\")",
        "issensitive(var.x)",
        "pathexpand(\"~\")",
        "plantimestamp()",
        "rsadecrypt(\"x\", \"y\")",
        "timestamp()",
        "type(1)",
        "uuid()",
        "provider::assert::true(true)",
        "nonsense(1)",
    ] {
        assert!(matches!(evaluated(text, &[]).kind, Kind::Unknown(_)), "{text}: {:?}", evaluated(text, &[]));
    }
}

#[test]
fn functions_of_what_is_given_are_given() {
    let given = "terraform.workspace";
    for name in ["lower", "upper", "title", "trimspace", "base64encode", "sha256", "urlencode"] {
        let found = evaluated(&format!("{name}({given})"), &[]);
        assert!(matches!(found.kind, Kind::Computed { .. }), "{name}: {found:?}");
    }
    let found = evaluated(&format!("format(\"a-%s\", {given})"), &[]);
    assert_eq!(found.holed().as_deref(), Some("a-{terraform.workspace}"));
}
