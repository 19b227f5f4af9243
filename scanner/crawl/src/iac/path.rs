//! Dotted paths into bodies.

use std::borrow::Cow;

use aedile_model::Unknown;

use super::datum::{Datum, Kind, Map};

/// How many parts of a body `**` looks at.
const PARTS: usize = 20_000;

/// How deep `**` looks.
const DEPTH: usize = 64;

/// Every value at `path`: lists on the way are entered, `*` is any key, `**` is the value itself and everything
/// in it at any depth, null is nothing. Where the way is barred by something unknown, that stands for the values.
pub(crate) fn values(body: &Datum, path: &str) -> Vec<Datum> {
    found(body, path).into_iter().map(Cow::into_owned).collect()
}

/// What state machines and pipelines fill in when they run: JSONata `{% … %}`, `{"Get": …}` of SageMaker pipelines.
///
/// Source: docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html and the pipeline definition schema,
/// aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema.
fn at_run_time(datum: &Datum) -> Option<Datum> {
    let expression = match &datum.kind {
        Kind::Text(text) if text.starts_with("{%") && text.ends_with("%}") => text.clone(),
        Kind::Map(map) if map.members.len() == 1 => {
            let (key, value) = map.members.iter().next()?;
            let functions = ["Get", "Std:Join", "Std:JsonGet"];
            functions.contains(&key.as_str()).then(|| value.text().unwrap_or_else(|| key.clone()))?
        }
        _ => return None,
    };
    Some(filled_in(expression, datum))
}

fn filled_in(expression: String, datum: &Datum) -> Datum {
    let why = Unknown { expression, why: "it is filled in when it runs".to_owned() };
    Datum::new(Kind::Unknown(why), datum.place.clone())
}

/// The known texts at `path`.
pub(crate) fn texts(body: &Datum, path: &str) -> Vec<String> {
    found(body, path).iter().filter_map(|datum| datum.text()).filter(|text| !text.is_empty()).collect()
}

/// The same as [`values`], copied only where a value is no part of the body.
pub(crate) fn found<'d>(body: &'d Datum, path: &str) -> Vec<Cow<'d, Datum>> {
    let mut at = vec![Cow::Borrowed(body)];
    // A dot that belongs to a key is written `\\.`.
    let escaped = path.contains('\\').then(|| path.replace("\\.", "\u{0}"));
    for key in escaped.as_deref().unwrap_or(path).split('.').filter(|key| !key.is_empty()) {
        let whole = escaped.is_some().then(|| key.replace('\u{0}', "."));
        let key = whole.as_deref().unwrap_or(key);
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
    // Parts are looked at as they stand; what is filled in later is one of them.
    if !path.ends_with("**") {
        out.iter_mut().for_each(|datum| {
            if let Some(late) = at_run_time(datum) {
                *datum = Cow::Owned(late);
            }
        });
    }
    out
}

fn step<'d>(datum: &'d Datum, key: &str, out: &mut Vec<Cow<'d, Datum>>) {
    let datum = datum.decoded();
    if let Some(parsed) = parsed(datum) {
        let mut inner = Vec::new();
        step(&parsed, key, &mut inner);
        out.extend(inner.into_iter().map(|datum| Cow::Owned(datum.into_owned())));
        return;
    }
    match &datum.kind {
        _ if key == "**" => descend(datum, 0, out),
        Kind::List(items) => items.iter().for_each(|item| step(item, key, out)),
        Kind::Map(map) if key == "*" => out.extend(map.members.values().map(Cow::Borrowed)),
        Kind::Map(map) => match (member(map, key), &map.open) {
            (Some(member), _) => out.push(Cow::Borrowed(member)),
            (None, Some(why)) => {
                let kind = Kind::Unknown(why.clone());
                out.push(Cow::Owned(Datum::new(kind, datum.place.clone())));
            }
            (None, None) => out.extend(late_member(map, key, datum).map(Cow::Owned)),
        },
        Kind::Unknown(_) | Kind::Computed { .. } | Kind::Fault(_) => out.push(Cow::Borrowed(datum)),
        _ => {}
    }
}

/// The member `key`; one in camel case also by other cases of its letters (`KMSKeyId`).
fn member<'m>(map: &'m Map, key: &str) -> Option<&'m Datum> {
    map.members.get(key).or_else(|| {
        let camel = key.starts_with(|c: char| c.is_ascii_uppercase());
        let other = || map.members.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, member)| member);
        camel.then(other).flatten()
    })
}

/// JSON given as text, also with holes.
fn parsed(datum: &Datum) -> Option<Datum> {
    let (Kind::Text(text) | Kind::Computed { text, .. }) = &datum.kind else { return None };
    let json =
        text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str::<serde_json::Value>(text).ok())??;
    (json.is_object() || json.is_array()).then(|| Datum::from_json(&json, datum.place.as_ref()))
}

/// A member of a state machine that a path of its input gives: `KmsKeyId.$`.
fn late_member(map: &Map, key: &str, datum: &Datum) -> Option<Datum> {
    let given = map.members.get(&format!("{key}.$"))?;
    Some(filled_in(given.text().unwrap_or_else(|| key.to_owned()), datum))
}

fn descend<'d>(datum: &'d Datum, depth: usize, all: &mut Vec<Cow<'d, Datum>>) {
    let datum = datum.decoded();
    if all.len() >= PARTS || depth > DEPTH {
        return;
    }
    match &datum.kind {
        Kind::List(items) => items.iter().for_each(|item| descend(item, depth + 1, all)),
        Kind::Map(map) => {
            all.push(Cow::Borrowed(datum));
            map.members.values().for_each(|member| descend(member, depth + 1, all));
        }
        Kind::Unknown(_) | Kind::Computed { .. } | Kind::Fault(_) if depth == 0 => all.push(Cow::Borrowed(datum)),
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
