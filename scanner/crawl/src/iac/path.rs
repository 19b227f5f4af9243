//! Dotted paths into bodies.

use std::borrow::Cow;

use super::datum::{Datum, Kind};

/// Every value at `path`: lists on the way are entered, `*` is any key, null is nothing. Where the way is
/// barred by something unknown, that stands for the values.
pub(crate) fn values(body: &Datum, path: &str) -> Vec<Datum> {
    found(body, path).into_iter().map(Cow::into_owned).collect()
}

/// The known texts at `path`.
pub(crate) fn texts(body: &Datum, path: &str) -> Vec<String> {
    found(body, path).iter().filter_map(|datum| datum.text()).filter(|text| !text.is_empty()).collect()
}

/// The same as [`values`], copied only where a value is no part of the body.
pub(crate) fn found<'d>(body: &'d Datum, path: &str) -> Vec<Cow<'d, Datum>> {
    let mut at = vec![Cow::Borrowed(body)];
    for key in path.split('.').filter(|key| !key.is_empty()) {
        let mut next = Vec::new();
        for datum in at {
            match datum {
                Cow::Borrowed(datum) => step(datum, key, &mut next),
                Cow::Owned(datum) => {
                    let mut inner = Vec::new();
                    step(&datum, key, &mut inner);
                    next.extend(inner.into_iter().map(|datum| Cow::Owned(datum.into_owned())));
                }
            }
        }
        at = next;
    }
    let mut out = Vec::new();
    for datum in at {
        match datum {
            Cow::Borrowed(datum) => out.extend(datum.items().iter().filter(|item| !item.is_null()).map(Cow::Borrowed)),
            Cow::Owned(datum) => {
                out.extend(datum.items().iter().filter(|item| !item.is_null()).cloned().map(Cow::Owned));
            }
        }
    }
    out
}

fn step<'d>(datum: &'d Datum, key: &str, out: &mut Vec<Cow<'d, Datum>>) {
    let datum = datum.decoded();
    match &datum.kind {
        Kind::List(items) => items.iter().for_each(|item| step(item, key, out)),
        Kind::Map(map) if key == "*" => out.extend(map.members.values().map(Cow::Borrowed)),
        Kind::Map(map) => match (map.members.get(key), &map.open) {
            (Some(member), _) => out.push(Cow::Borrowed(member)),
            (None, Some(why)) => {
                let kind = Kind::Unknown(why.clone());
                out.push(Cow::Owned(Datum { kind, place: datum.place.clone(), of: None }));
            }
            (None, None) => {}
        },
        // JSON given as text.
        Kind::Text(text) if text.trim_start().starts_with('{') => {
            if let Ok(json) = serde_json::from_str(text) {
                let decoded = Datum::from_json(&json, datum.place.as_ref());
                let mut inner = Vec::new();
                step(&decoded, key, &mut inner);
                out.extend(inner.into_iter().map(|datum| Cow::Owned(datum.into_owned())));
            }
        }
        Kind::Unknown(_) | Kind::Computed { .. } | Kind::Fault(_) => out.push(Cow::Borrowed(datum)),
        _ => {}
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
