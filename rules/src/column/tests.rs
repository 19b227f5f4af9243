//! Columns made by hand, and what they are.

use aedile_model::{Basis, Protection};
use proptest::prelude::*;

use super::{ColumnProfile, Decision};
use crate::{Identifiers, PackSource};

/// A small pack, so that these tests do not move with ours.
const PACK: &str = r#"
pack: identifiers
vetoes: ["*_verified", "*_count", "is_*", "has_*", product name, file name, host name]
identifiers:
  - id: email
    class: pii.contact.email
    title: e-mail address
    names: {en: [email, email address]}
    name_strength: strong
    shapes: ['[a-z0-9.+_-]+@[a-z0-9.-]+[.][a-z]{2,10}']
    validator: email
    chance_permille: 1
    examples: &five {cells: [a@b.org, a@b.org, a@b.org, a@b.org, a@b.org]}
    counter_examples: &none {cells: [a, b, c, d, e]}
  - id: card_number
    class: financial.card
    title: card number
    names: {en: [card number, credit card]}
    name_strength: strong
    shapes: ['[3-6]\d{15}', '[3-6]\d{3}-\d{4}-\d{4}-\d{4}', '[3-6]\d{3} \d{4} \d{4} \d{4}']
    validator: card_number
    chance_permille: 100
    examples: *five
    counter_examples: *none
  - id: us_ssn
    class: pii.government.us_ssn
    title: social security number
    names: {en: [ssn, social security number]}
    name_strength: strong
    shapes: ['\d{3}-\d{2}-\d{4}', '\d{9}']
    validator: us_ssn
    chance_permille: 890
    needs_name: true
    examples: *five
    counter_examples: *none
  - id: full_name
    class: pii.name.full
    title: name of a person
    names: {en: [name, full name, customer name, patient name]}
    name_strength: medium
    dictionary: person_names
    needs_name: true
    examples: *five
    counter_examples: *none
  - id: birth_date
    class: pii.demographic.birth_date
    title: date of birth
    names: {en: [birth date, date of birth, dob]}
    name_strength: strong
    shapes: ['\d{4}-\d{2}-\d{2}(?:[T ].*)?']
    needs_name: true
    distribution: birth_dates
    examples: *five
    counter_examples: *none
  - id: salary
    class: financial.income
    title: pay
    names: {en: [salary]}
    name_strength: medium
    needs_name: true
    examples: *five
    counter_examples: *none
  - id: created_at
    class: technical.timestamp
    title: point in time
    names: {en: [created at, updated at]}
    name_strength: strong
    examples: *five
    counter_examples: *none
"#;

fn rules() -> Identifiers {
    let pack = PackSource { name: "test.yaml".into(), text: PACK.into() };
    Identifiers::of(&[pack], &mut Vec::new()).unwrap()
}

fn profile<S: AsRef<str>>(rules: &Identifiers, cells: impl IntoIterator<Item = S>) -> ColumnProfile {
    let mut profile = rules.profile();
    for cell in cells {
        rules.observe(&mut profile, Some(cell.as_ref()));
    }
    profile
}

fn decide<S: AsRef<str>>(name: &str, cells: impl IntoIterator<Item = S>) -> Decision {
    let rules = rules();
    let profile = profile(&rules, cells);
    rules.decide(name, Some(&profile), &[])
}

fn classes(decision: &Decision) -> Vec<&str> {
    decision.tags.iter().map(|tag| tag.class.as_str()).collect()
}

fn emails(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("person{n}@mail{}.org", n % 7)).collect()
}

/// Sixteen digits with the right or the wrong last one.
fn cards(count: u64, right: bool) -> Vec<String> {
    let card = |n: u64| {
        let body = format!("4{:014}", n * 7_919_993 + 13);
        let sum: u64 = body
            .bytes()
            .rev()
            .enumerate()
            .map(|(at, digit)| {
                let value = u64::from(digit - b'0') << ((at + 1) % 2);
                if value > 9 { value - 9 } else { value }
            })
            .sum();
        let check = (10 - sum % 10) % 10;
        format!("{body}{}", if right { check } else { (check + 3) % 10 })
    };
    (0..count).map(card).collect()
}

#[test]
fn a_name_alone_is_worth_its_strength() {
    let rules = rules();
    let email = rules.decide("customerEmailAddress", None, &[]);
    assert_eq!(classes(&email), ["pii.contact.email"]);
    assert_eq!(email.tags[0].confidence.value(), 80);
    assert_eq!(email.tags[0].basis, Basis::Name);
    assert_eq!(email.tags[0].reasons, ["name words `email address`"]);
    assert_eq!(rules.decide("salary", None, &[]).tags[0].confidence.value(), 60);
    for nothing in [
        "id",
        "page",
        "usage",
        "business",
        "email_verified",
        "email_count",
        "is_email",
        "product_name",
        "file_name",
        "host_name",
        "",
    ] {
        assert!(rules.decide(nothing, None, &[]).tags.is_empty(), "{nothing}");
    }
    let stamp = rules.decide("created_at", None, &[]);
    assert_eq!(stamp.technical.unwrap().as_str(), "technical.timestamp");
}

#[test]
fn a_bare_name_needs_people_beside_it() {
    let rules = rules();
    assert!(rules.decide("name", None, &[]).tags.is_empty());
    assert!(rules.decide("name", None, &["product", "price"]).tags.is_empty());
    for neighbours in [["birth_date", "city"], ["email", "city"], ["patient_id", "city"]] {
        assert_eq!(classes(&rules.decide("name", None, &neighbours)), ["pii.name.full"], "{neighbours:?}");
    }
    assert_eq!(classes(&rules.decide("patient_name", None, &[])), ["pii.name.full"]);
}

#[test]
fn values_alone_decide_where_chance_cannot() {
    let decision = decide("col_17", emails(50));
    assert_eq!(classes(&decision), ["pii.contact.email"]);
    let tag = &decision.tags[0];
    assert_eq!((tag.basis, tag.hits, tag.of), (Basis::Value, 50, 50));
    assert_eq!(tag.example_shape.as_deref(), Some("aaaaaa99@aaaa9.aaa"));
    assert_eq!(classes(&decide("ref", cards(40, true))), ["financial.card"]);
}

#[test]
fn three_checked_cells_prove_nothing_and_repeated_ones_neither() {
    assert!(decide("ref", cards(3, true)).tags.is_empty());
    let one = cards(1, true);
    assert!(decide("ref", std::iter::repeat_n(one[0].clone(), 500)).tags.is_empty());
    assert_eq!(classes(&decide("card_number", cards(3, true))), ["financial.card"]);
}

#[test]
fn chance_passes_of_a_check_are_no_evidence() {
    let mut cells = cards(180, false);
    cells.extend(cards(20, true));
    let decision = decide("order_ref", cells);
    assert!(decision.tags.is_empty() && decision.presence.is_empty(), "{decision:?}");
}

#[test]
fn a_failed_check_contradicts_a_name_and_keeps_the_label() {
    let decision = decide("card_number", cards(100, false));
    assert_eq!(classes(&decision), ["financial.card"]);
    assert!(decision.contradicted);
    assert_eq!(decision.tags[0].confidence.value(), 50);
    let confirmed = decide("card_number", cards(100, true));
    assert!(!confirmed.contradicted);
    assert_eq!((confirmed.tags[0].basis, confirmed.tags[0].confidence.value()), (Basis::NameAndValue, 97));
}

#[test]
fn a_column_that_needs_a_name_is_not_decided_by_values() {
    let ssns: Vec<String> =
        (0..60).map(|n| format!("{:03}-{:02}-{:04}", 100 + n, 10 + n % 80, 1000 + n * 31)).collect();
    assert!(decide("code", &ssns).tags.is_empty());
    assert_eq!(classes(&decide("patient_ssn", &ssns)), ["pii.government.us_ssn"]);
}

#[test]
fn technical_columns_are_labelled() {
    let label = |name: &str, cells: Vec<String>| {
        let decision = decide(name, cells);
        assert!(decision.tags.is_empty(), "{name}: {decision:?}");
        decision.technical.map(|class| class.as_str().to_owned()).unwrap_or_default()
    };
    assert_eq!(label("id", (1000..1100).map(|n| n.to_string()).collect()), "technical.sequence");
    assert_eq!(label("ts", (0..100).map(|n| (1_700_000_000 + n * 997).to_string()).collect()), "technical.epoch");
    assert_eq!(
        label("ref", (0..100).map(|n| format!("{:08x}-e89b-12d3-a456-42661417{:04x}", n * 77, n)).collect()),
        "technical.uuid"
    );
    assert_eq!(
        label("etag", (0..100).map(|n| format!("{:032x}", u128::from(n as u32) << 70 | 0xabcd)).collect()),
        "technical.hash"
    );
    assert_eq!(label("v", (0..50).map(|n| format!("1.{}.{}", n % 9, n)).collect()), "technical.version");
    assert_eq!(label("score", (0..50).map(|n| format!("0.{}", n * 37)).collect()), "technical.float");
    assert_eq!(label("year", (0..50).map(|n| (1950 + n).to_string()).collect()), "technical.year");
    assert_eq!(label("flag", (0..50).map(|n| (n % 2 == 0).to_string()).collect()), "technical.boolean");
    assert_eq!(
        label("status", (0..50).map(|n| ["open", "shipped", "lost"][n % 3].to_owned()).collect()),
        "technical.category"
    );
}

#[test]
fn a_telling_name_over_flags_is_not_believed() {
    for cells in [["true", "false"], ["0", "1"]] {
        let decision = decide("email", cells.iter().cycle().take(40));
        assert!(decision.tags.is_empty(), "{decision:?}");
        assert!(!decision.reasons.is_empty());
    }
}

#[test]
fn ages_are_neither_flags_nor_distances() {
    let ours = crate::Rules::load(&[]).unwrap().identifiers;
    let told = |name: &str, cells: &[i32]| {
        let cells: Vec<String> = cells.iter().cycle().take(40).map(ToString::to_string).collect();
        classes(&ours.decide(name, Some(&profile(&ours, cells)), &[]))
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(told("age", &[34, 57, 8, 41, 90]), ["pii.demographic.age"]);
    assert_eq!(told("age", &[34, 57, 8, 41, -1]), ["pii.demographic.age"], "-1 is a code for the unknown");
    assert_eq!(told("age", &[0, 1, 2, 3]), ["pii.demographic.age"], "children");
    assert!(told("age75", &[0, 1]).is_empty(), "whether somebody is 75");
    assert!(told("age", &[-2, -1, 0, 1]).is_empty(), "years from nine");
}

#[test]
fn protected_values_keep_the_class() {
    let hashed = decide("email", (0..40).map(|n| format!("{:064x}", u128::from(n as u32) << 90 | 0xfeed)));
    assert_eq!(classes(&hashed), ["pii.contact.email"]);
    assert_eq!(hashed.tags[0].protection, Protection::Hashed);
    let keyed = decide("email_hmac", (0..40).map(|n| format!("{:064x}", u128::from(n as u32) << 90 | 0xfeed)));
    assert_eq!(keyed.tags[0].protection, Protection::Keyed);
    let masked = decide("card_number", (0..40).map(|n| format!("****-****-****-{:04}", n * 17)));
    assert_eq!((masked.tags[0].class.as_str(), masked.tags[0].protection), ("financial.card", Protection::Truncated));
    let year = decide("dob", (0..60).map(|n| (1940 + n).to_string()));
    assert_eq!(
        (year.tags[0].class.as_str(), year.tags[0].protection),
        ("pii.demographic.birth_date", Protection::Truncated)
    );
    let plain = decide("email_hash", emails(30));
    assert_eq!(plain.tags[0].protection, Protection::None, "the name claims what the values deny");
    assert_eq!(rules().decide("ssn_hash", None, &[]).tags[0].protection, Protection::Hashed);
}

#[test]
fn births_lie_over_decades() {
    let born = decide("dob", (0..80).map(|n| format!("{}-0{}-1{}", 1935 + n, 1 + n % 9, n % 10)));
    assert_eq!(born.tags[0].confidence.value(), 88);
    let recent = decide("dob", (0..80).map(|n| format!("2024-0{}-1{}", 1 + n % 9, n % 10)));
    assert!(recent.tags[0].confidence.value() < 70, "{recent:?}");
}

#[test]
fn names_are_confirmed_by_the_word_list() {
    let cells = ["Mary Smith", "Jose Garcia", "Wei Chen", "Fatima Khan", "Giulia Rossi"];
    let decision = decide("customer_name", cells.iter().cycle().take(50));
    assert_eq!((decision.tags[0].basis, decision.tags[0].confidence.value()), (Basis::NameAndValue, 92));
    let bare = decide("name", cells.iter().cycle().take(50));
    assert_eq!(classes(&bare), ["pii.name.full"]);
    assert!(decide("name", ["Steel bolt M8", "Hex nut", "Washer large"]).tags.is_empty());
}

#[test]
fn one_value_among_notes_is_a_presence() {
    let mut notes: Vec<String> = (0..300).map(|n| format!("visit {n} went well, nothing to report")).collect();
    notes.push(format!("paid with {} at the desk", cards(5, true)[4]));
    notes.push("write to ann.lee@mail.org".into());
    let decision = decide("notes", notes);
    assert!(decision.tags.is_empty());
    let found: Vec<(&str, u64)> = decision.presence.iter().map(|tag| (tag.class.as_str(), tag.hits)).collect();
    assert_eq!(found, [("financial.card", 1), ("pii.contact.email", 1)]);
}

#[test]
fn text_is_searched_for_values_that_speak_alone() {
    let rules = rules();
    let card = &cards(3, true)[2];
    let text = format!("to: ann.lee@mail.org, card {card}; ref 123-45-6789 and {}9", card);
    let hits = rules.scan_text(&text);
    let found: Vec<(&str, &str)> = hits.iter().map(|hit| (hit.rule.as_str(), &text[hit.span.clone()])).collect();
    assert_eq!(found, [("email", "ann.lee@mail.org"), ("card_number", card.as_str())]);
    assert_eq!(hits[1].shape, "9999999999999999");
    assert_eq!(hits[1].validator.as_deref(), Some("card_number"));
}

#[test]
fn nothing_said_of_a_column_holds_a_value() {
    let rules = rules();
    let mut cells = emails(30);
    cells.extend(cards(30, true));
    let counted = profile(&rules, &cells);
    let decision = rules.decide("email", Some(&counted), &["name"]);
    let said = format!("{decision:?} {counted:?} {:?}", counted.shapes(100));
    for cell in &cells {
        assert!(!said.contains(cell.as_str()));
    }
}

fn cell() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        "[a-z]{1,6}@[a-z]{2,5}[.]org".prop_map(Some),
        "[0-9]{1,17}".prop_map(Some),
        "[A-Za-z •*]{0,30}".prop_map(Some),
        any::<String>().prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn merging_is_associative_and_commutative(parts in proptest::collection::vec(proptest::collection::vec(cell(), 0..400), 3)) {
        let rules = rules();
        let counted: Vec<ColumnProfile> = parts.iter().map(|cells| {
            let mut profile = rules.profile();
            cells.iter().for_each(|cell| rules.observe(&mut profile, cell.as_deref()));
            profile
        }).collect();
        let [a, b, c] = &counted[..] else { unreachable!() };
        let join = |one: &ColumnProfile, other: &ColumnProfile| { let mut joined = one.clone(); joined.merge(other); joined };
        let mut whole = rules.profile();
        parts.iter().flatten().for_each(|cell| rules.observe(&mut whole, cell.as_deref()));
        let left = join(&join(a, b), c);
        prop_assert!(left == join(a, &join(b, c)));
        prop_assert!(left == join(&join(c, a), b));
        prop_assert!(left == whole, "the work is shared without loss");
        prop_assert_eq!(rules.decide("email", Some(&left), &[]), rules.decide("email", Some(&whole), &[]));
    }

    #[test]
    fn cells_observed_together_count_as_one_by_one(cells in proptest::collection::vec(cell(), 0..1500), again in 1_usize..4, at in 0_usize..1500) {
        let rules = rules();
        let all: Vec<&Option<String>> = std::iter::repeat_n(&cells, again).flatten().collect();
        let mut alone = rules.profile();
        all.iter().for_each(|cell| rules.observe(&mut alone, cell.as_deref()));
        let mut together = rules.profile();
        let (first, rest) = all.split_at(at.min(all.len()));
        for part in [first, rest] {
            let mut observer = rules.observer(&mut together);
            for cell in part {
                observer.cell(cell.as_deref());
            }
        }
        prop_assert!(alone == together);
    }

    #[test]
    fn no_cell_and_no_name_makes_it_fail(name in any::<String>(), cells in proptest::collection::vec(any::<String>(), 0..20)) {
        let rules = rules();
        let profile = profile(&rules, &cells);
        let _ = rules.decide(&name, Some(&profile), &[&name]);
        let _ = rules.scan_text(&cells.join(" "));
    }
}
