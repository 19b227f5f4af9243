//! Texts with secrets made up for these tests.

use super::Secrets;
use crate::PackSource;

const PACK: &str = r#"
pack: secrets
secrets:
  - id: cloud-key
    title: key of a cloud
    keywords: [CLDK]
    window: token
    pattern: '(?P<secret>CLDK[A-Z2-7]{16})'
    examples: &five [a, b, c, d, e]
    counter_examples: *five
  - id: generic-assignment
    title: value under a telling name
    keywords: [password, api_key]
    ignore_case: true
    generic: true
    guard: assigned
    pattern: '(?:password|api_key)["'' ]{0,3}[:=]["'' ]{0,3}(?P<secret>[^\s"'']{8,100})'
    min_entropy_tenths: 30
    examples: *five
    counter_examples: *five
  - id: pem-private-key
    title: private key
    keywords: ["PRIVATE KEY-----"]
    window: block
    pattern: '-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\sA-Za-z0-9+/=]{40,4000}-----END'
    examples: *five
    counter_examples: *five
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

/// Texts put together from examples and counter-examples of our rules, cut and joined as they come.
fn mixtures(rules: &crate::Rules) -> impl Iterator<Item = String> {
    let examples = |rule: &super::Rule| [rule.spec.examples.clone(), rule.spec.counter_examples.clone()].concat();
    let pieces: Vec<String> = rules.secrets.rules.iter().flat_map(examples).collect();
    let keywords: Vec<String> = rules.secrets.keywords.iter().map(|(keyword, _)| keyword.clone()).collect();
    let mut seed = 20_261_125_u64;
    let mut next = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    (0..400).map(move |_| {
        let mut text = String::new();
        for _ in 0..=next(8) {
            let piece: Vec<char> = pieces[next(pieces.len())].chars().collect();
            let cut = if next(3) == 0 { next(piece.len()) } else { 0 };
            text.extend(&piece[cut..]);
            if next(3) == 0 {
                text.push_str(&keywords[next(keywords.len())]);
            }
            text.push_str(["\n", "\r\n", " ", ";", "", "\", \"", "=", "é"][next(8)]);
        }
        text
    })
}

#[test]
fn keywords_guards_and_windows_lose_nothing() {
    let rules = crate::Rules::load(&[]).unwrap();
    let mut hits = 0;
    for text in mixtures(&rules) {
        let told = |hits: Vec<super::SecretHit>| -> Vec<String> {
            hits.into_iter().map(|hit| format!("{} {:?} {}", hit.rule, hit.span, hit.placeholder)).collect()
        };
        assert_eq!(told(rules.secrets.scan(&text)), told(rules.secrets.scan_plain(&text)), "{text}");
        hits += rules.secrets.scan(&text).len();
    }
    assert!(hits > 500, "{hits} secrets are too few to show anything");
}

#[test]
fn every_match_holds_a_keyword() {
    let rules = crate::Rules::load(&[]).unwrap();
    for rule in &rules.secrets.rules {
        for example in &rule.spec.examples {
            let mut all = Vec::new();
            rule.matches(0, example, 0..example.len(), &mut all);
            assert!(!all.is_empty(), "{}: {example}", rule.spec.id);
            let plain = rules.secrets.plain_matches(rule, 0, example);
            assert_eq!(plain.len(), all.len(), "{}: {example}", rule.spec.id);
        }
    }
}

#[test]
fn a_form_that_no_documentation_fixes_is_less_sure() {
    let pack = PACK.replace("    pattern: '(?P<secret>CLDK", "    confidence: 90\n    pattern: '(?P<secret>CLDK");
    let secrets = Secrets::of(&[PackSource { name: "test.yaml".into(), text: pack.into() }], &mut Vec::new()).unwrap();
    let text = "a = CLDKQ2ZLMNOPRSTUVW34\nb = CLDKAAAAAAAAAAAAAAAA\npassword = hV7kq2Lp9zWx4\n";
    let sure: Vec<(String, u8)> = secrets.scan(text).into_iter().map(|hit| (hit.rule, hit.confidence)).collect();
    assert_eq!(sure, [("cloud-key".into(), 90), ("cloud-key".into(), 0), ("generic-assignment".into(), 100)]);
}

#[test]
fn a_key_of_a_sandbox_is_told_apart() {
    let rules = crate::Rules::load(&[]).unwrap();
    let with_mode: Vec<&super::Rule> =
        rules.secrets.rules.iter().filter(|rule| rule.spec.test_mode.is_some()).collect();
    assert!(with_mode.len() >= 5);
    for rule in with_mode {
        let modes: Vec<bool> = rule
            .spec
            .examples
            .iter()
            .flat_map(|example| rules.secrets.scan(example))
            .filter(|hit| hit.rule == rule.spec.id)
            .map(|hit| hit.test_mode)
            .collect();
        assert!(
            modes.contains(&true) && modes.contains(&false),
            "{}: an example of either mode: {modes:?}",
            rule.spec.id
        );
    }
}

#[test]
fn what_is_made_to_be_shown_is_no_secret_and_its_counter_examples_are_not_meant() {
    let rules = crate::Rules::load(&[]).unwrap();
    assert!(rules.secrets.public.len() >= 8);
    for (id, public) in &rules.secrets.public {
        for value in &public.spec.examples {
            assert!(public.is(value), "{id}: {value}");
            let text = format!("api_key = '{value}'\nsecret_token: \"{value}\"\n");
            let found: Vec<String> = rules.secrets.scan(&text).into_iter().map(|hit| hit.rule).collect();
            assert_eq!(found, Vec::<String>::new(), "{id}: {value}");
        }
        for value in &public.spec.counter_examples {
            assert!(!public.is(value), "{id}: {value}");
        }
    }
}

#[test]
fn every_rule_of_ours_is_written_as_rules_must_be() {
    for source in super::packs::PACKS.iter().map(PackSource::embedded) {
        let pack: super::form::Pack = source.parse().unwrap();
        for spec in &pack.secrets {
            super::check(spec, &source).unwrap_or_else(|error| panic!("{error:?}"));
        }
    }
}
