//! Dotted paths into bodies.

use super::datum::{Datum, Kind};

/// Every value at `path`: lists on the way are entered, `*` is any key, null is nothing. Where the way is
/// barred by something unknown, that stands for the values.
pub(crate) fn values(body: &Datum, path: &str) -> Vec<Datum> {
    let mut at = vec![body.clone()];
    for key in path.split('.').filter(|key| !key.is_empty()) {
        at = at.into_iter().flat_map(|datum| step(&datum, key)).collect();
    }
    at.iter().flat_map(|datum| datum.items().iter()).filter(|datum| !datum.is_null()).cloned().collect()
}

/// The known texts at `path`.
pub(crate) fn texts(body: &Datum, path: &str) -> Vec<String> {
    values(body, path).iter().filter_map(Datum::text).filter(|text| !text.is_empty()).collect()
}

fn step(datum: &Datum, key: &str) -> Vec<Datum> {
    let datum = datum.decoded();
    match &datum.kind {
        Kind::List(items) => items.iter().flat_map(|item| step(item, key)).collect(),
        Kind::Map(map) if key == "*" => map.members.values().cloned().collect(),
        Kind::Map(map) => match (map.members.get(key), &map.open) {
            (Some(member), _) => vec![member.clone()],
            (None, Some(why)) => vec![Datum { kind: Kind::Unknown(why.clone()), place: datum.place.clone(), of: None }],
            (None, None) => Vec::new(),
        },
        // JSON given as text.
        Kind::Text(text) if text.trim_start().starts_with('{') => match serde_json::from_str(text) {
            Ok(json) => step(&Datum::from_json(&json, datum.place.as_ref()), key),
            Err(_) => Vec::new(),
        },
        Kind::Unknown(_) | Kind::Computed { .. } | Kind::Fault(_) => vec![datum.clone()],
        _ => Vec::new(),
    }
}

/// The path of what `written` names beside the folder `base`, without `.` and resolvable `..`.
pub(crate) fn joined(base: &str, written: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(written.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
