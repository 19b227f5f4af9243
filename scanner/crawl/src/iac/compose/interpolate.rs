//! Variables in compose files: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${NAME:+value}`.
//!
//! Source: github.com/compose-spec/compose-spec/blob/main/12-interpolation.md. Values come from the `.env` file of the
//! project; without one, and without a default, a variable is not known.

use std::collections::BTreeMap;

use aedile_model::Unknown;

use crate::iac::datum::{Datum, Kind, Map, hole_for};

/// Defaults in defaults.
const DEPTH: usize = 8;

/// `datum` with every variable replaced.
pub(super) fn filled(datum: &Datum, variables: Option<&BTreeMap<String, Datum>>) -> Datum {
    let kind = match &datum.kind {
        Kind::Text(text) if text.contains('$') => match replaced(text, variables, 0) {
            (text, None) => Kind::Text(text),
            (text, Some(why)) if text == hole_for(&why.expression) => Kind::Unknown(why),
            (text, Some(why)) => Kind::Computed { text, why },
        },
        Kind::List(items) => Kind::List(items.iter().map(|item| filled(item, variables)).collect()),
        Kind::Map(map) => Kind::Map(Map {
            members: map.members.iter().map(|(key, member)| (key.clone(), filled(member, variables))).collect(),
            open: map.open.clone(),
        }),
        other => other.clone(),
    };
    Datum::new(kind, datum.place.clone())
}

fn replaced(text: &str, variables: Option<&BTreeMap<String, Datum>>, depth: usize) -> (String, Option<Unknown>) {
    let (mut out, mut unknown) = (String::new(), None);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(escaped) = after.strip_prefix('$') {
            out.push('$');
            rest = escaped;
            continue;
        }
        let (expression, next) = match after.strip_prefix('{') {
            Some(inner) => match closing(inner) {
                Some(end) => (inner.get(..end).unwrap_or_default(), inner.get(end + 1..).unwrap_or_default()),
                None => {
                    out.push('$');
                    rest = after;
                    continue;
                }
            },
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                after.split_at(end)
            }
        };
        rest = next;
        if expression.is_empty() {
            out.push('$');
            continue;
        }
        let (value, why) = value(expression, variables, depth);
        out.push_str(&value);
        unknown = unknown.or(why);
    }
    out.push_str(rest);
    (out, unknown)
}

/// The closing bracket that belongs to one already open.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn value(expression: &str, variables: Option<&BTreeMap<String, Datum>>, depth: usize) -> (String, Option<Unknown>) {
    let end = expression.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(expression.len());
    let (name, operator) = expression.split_at(end);
    let held = variables.and_then(|variables| variables.get(name)).and_then(Datum::text);
    let given = held.filter(|text| !text.is_empty() || !operator.starts_with(':'));
    let deeper = |text: &str| {
        if depth < DEPTH { replaced(text, variables, depth + 1) } else { (text.to_owned(), None) }
    };
    let operator = operator.strip_prefix(':').unwrap_or(operator);
    match (operator.chars().next(), given) {
        (Some('+'), Some(_)) => deeper(operator.get(1..).unwrap_or_default()),
        (Some('+'), None) => (String::new(), None),
        (_, Some(given)) => (given, None),
        (Some('-'), None) => deeper(operator.get(1..).unwrap_or_default()),
        _ => {
            let expression = format!("${{{name}}}");
            let why = "the variable is given when the project is started".to_owned();
            (hole_for(&expression), Some(Unknown { expression, why }))
        }
    }
}
