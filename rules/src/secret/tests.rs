//! Texts with secrets made up for these tests.

use super::Secrets;
use crate::PackSource;

const PACK: &str = r#"
pack: secrets
secrets:
  - id: cloud-key
    title: key of a cloud
    keywords: [CLDK]
    pattern: '(?P<secret>CLDK[A-Z2-7]{16})'
    examples: &three [a, b, c]
    counter_examples: *three
  - id: generic-assignment
    title: value under a telling name
    keywords: [password, api_key]
    ignore_case: true
    pattern: '(?:password|api_key)["'' ]{0,3}[:=]["'' ]{0,3}(?P<secret>[^\s"'']{8,100})'
    min_entropy_tenths: 30
    examples: *three
    counter_examples: *three
  - id: pem-private-key
    title: private key
    keywords: ["PRIVATE KEY-----"]
    pattern: '-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\sA-Za-z0-9+/=]{40,4000}-----END'
    examples: *three
    counter_examples: *three
"#;

fn secrets() -> Secrets {
    Secrets::of(&[PackSource { name: "test.yaml".into(), text: PACK.into() }], &mut Vec::new()).unwrap()
}

/// Rule, text and placeholder of every hit.
fn found(text: &str) -> Vec<(String, String, bool)> {
    secrets().scan(text).into_iter().map(|hit| (hit.rule, text[hit.span].to_owned(), hit.placeholder)).collect()
}

#[test]
fn the_span_is_the_secret_and_the_shape_hides_it() {
    let text = "a = 1\nkey = 'CLDKQ2ZLMNOPRSTUVW34'\n";
    assert_eq!(found(text), [("cloud-key".into(), "CLDKQ2ZLMNOPRSTUVW34".into(), false)]);
    let hit = &secrets().scan(text)[0];
    assert_eq!(hit.shape, "AAAAA9AAAAAAAAAAAA99");
    assert_eq!(hit.class.as_str(), "credential.key");
}

#[test]
fn the_specific_rule_wins_over_the_generic_one() {
    let text = r#"{"PASSWORD": "CLDKQ2ZLMNOPRSTUVW34", "api_key": "hV7kq2Lp9zWx4"}"#;
    let rules: Vec<String> = found(text).into_iter().map(|(rule, ..)| rule).collect();
    assert_eq!(rules, ["cloud-key", "generic-assignment"]);
}

#[test]
fn stand_ins_are_marked_and_poor_values_are_no_hits() {
    assert_eq!(found("password = ${DB_PASSWORD}").first().map(|hit| hit.2), Some(true));
    assert_eq!(found("password: changeme123").first().map(|hit| hit.2), Some(true));
    assert_eq!(found("key = CLDKAAAAAAAAAAAAAAAA").first().map(|hit| hit.2), Some(true));
    assert!(found("password = ababacab").is_empty());
    assert!(found("passwort = hV7kq2Lp9zWx4").is_empty());
}

#[test]
fn a_private_key_goes_over_lines() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n".repeat(20);
    let text = format!("x\n-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----\n");
    let hits = found(&text);
    assert_eq!(hits.len(), 1);
    assert!(hits[0].1.len() > 1000);
    assert!(found("-----BEGIN PUBLIC KEY-----\nMIIB\n").is_empty());
}

#[test]
fn a_line_of_megabytes_is_looked_at_around_its_keywords() {
    let filler = "x7".repeat(1 << 20);
    let text = format!("{filler} password=hV7kq2Lp9zWx4 {filler}");
    assert_eq!(found(&text), [("generic-assignment".into(), "hV7kq2Lp9zWx4".into(), false)]);
    let many = "password=".repeat(100_000);
    let _ = secrets().scan(&many);
}

#[test]
fn no_text_makes_it_fail() {
    for text in ["", "password", "password=", "password=ä€ßüöäüö€€", "CLDK\0\u{FFFD}"] {
        let _ = secrets().scan(text);
    }
}
