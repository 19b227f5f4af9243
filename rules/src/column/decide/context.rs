//! What the neighbours of a column say about it.

use crate::Identifiers;
use crate::identifier::form::Strength;
use crate::identifier::name::Reading;

/// Names that say a name and not whose: people, products and hosts have them.
const BARE_NAMES: &[&str] =
    &["name", "names", "nom", "nombre", "nome", "naam", "navn", "namn", "nazwa", "名", "名称", "名前", "이름"];

/// Words of tables about people.
const PEOPLE: &[&str] = &[
    "applicant",
    "beneficiary",
    "citizen",
    "client",
    "contact",
    "customer",
    "donor",
    "employee",
    "guest",
    "member",
    "passenger",
    "patient",
    "person",
    "resident",
    "student",
    "subscriber",
    "tenant",
    "user",
    "worker",
];

/// Words before a name that say where it comes from, not whose it is.
const CARRIERS: &[&str] = &[
    "col",
    "column",
    "data",
    "field",
    "fields",
    "payload",
    "properties",
    "raw",
    "record",
    "resource",
    "src",
    "stg",
    "the",
    "value",
];

/// Words of tables about things.
const THINGS: &[&str] = &[
    "brand", "bucket", "category", "cluster", "column", "dataset", "file", "host", "item", "job", "model", "pipeline",
    "price", "product", "quantity", "schema", "sku", "stock", "table", "url", "version",
];

/// Weighs names that need company: a bare name is a person's beside what only people have, and nobody's
/// beside things or alone.
pub(super) fn weigh(identifiers: &Identifiers, reading: &mut Reading, neighbours: &[&str], reasons: &mut Vec<String>) {
    let texts = reading.words.texts();
    let Some(last) = texts.last().map(|last| (*last).to_owned()) else { return };
    if !BARE_NAMES.contains(&last.as_str()) || !reading.matches.iter().any(|hit| hit.text == last) {
        return;
    }
    let whose: Vec<&str> =
        texts.iter().copied().filter(|word| *word != last && !CARRIERS.contains(word) && word.len() > 1).collect();
    let strength = if whose.iter().any(|word| PEOPLE.contains(word)) {
        Strength::Medium
    } else if !whose.is_empty() {
        reasons.push(format!("a name of what `{}` is, not said to be a person", whose.join(" ")));
        Strength::Weak
    } else {
        among(identifiers, neighbours, reasons)
    };
    for hit in &mut reading.matches {
        let is_name = identifiers.rules.get(hit.rule).is_some_and(|rule| rule.spec.class.starts_with("pii.name"));
        if is_name && hit.text == last {
            hit.strength = strength;
        }
    }
    reading.matches.sort_by_key(|hit| std::cmp::Reverse(hit.strength));
}

/// What a bare name is worth beside its neighbours.
fn among(identifiers: &Identifiers, neighbours: &[&str], reasons: &mut Vec<String>) -> Strength {
    let (people, things) = company(identifiers, neighbours);
    if people.is_empty() || people.len() < things.len() {
        reasons.push("a bare name says nothing alone or beside things".to_owned());
        return Strength::Weak;
    }
    let named: Vec<String> = people.iter().take(3).map(|name| format!("`{name}`")).collect();
    reasons.push(format!("beside {}", named.join(", ")));
    Strength::Medium
}

/// Those neighbours that speak of people, and those that speak of things.
fn company<'a>(identifiers: &Identifiers, neighbours: &[&'a str]) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut people, mut things) = (Vec::new(), Vec::new());
    for neighbour in neighbours {
        let reading = identifiers.names.read(neighbour);
        let words = reading.words.texts();
        let personal = reading.matches.iter().any(|hit| {
            hit.strength > Strength::Weak
                && !BARE_NAMES.contains(&hit.text.as_str())
                && identifiers.rules.get(hit.rule).is_some_and(|rule| is_of_people(&rule.spec.class))
        });
        if personal || words.iter().any(|word| PEOPLE.contains(word)) {
            people.push(*neighbour);
        } else if words.iter().any(|word| THINGS.contains(word)) {
            things.push(*neighbour);
        }
    }
    (people, things)
}

/// Classes that only tables about people have. Hosts have addresses and machines have locations.
fn is_of_people(class: &str) -> bool {
    [
        "pii.contact.email",
        "pii.contact.phone",
        "pii.demographic",
        "pii.government",
        "pii.name",
        "phi",
        "special",
        "children",
    ]
    .iter()
    .any(|prefix| class.starts_with(prefix))
}
