//! The pure functions of the template language over values that are known, holes in texts apart.
//!
//! Source: learn.microsoft.com/azure/azure-resource-manager/templates/template-functions.

use std::collections::BTreeMap;

use aedile_model::Unknown;

use crate::iac::datum::{Datum, Kind};

/// Bytes of a text that a function makes.
const TEXT: usize = 64 << 10;
/// Items of a list that a function makes.
const ITEMS: i64 = 10_000;

/// The value of the function `name` (lower case); an error where the expression fails; `None` where the
/// value cannot be known before deployment.
pub(super) fn call(name: &str, values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    match name {
        "createarray" => return Some(Ok(Kind::List(values.to_vec().into()).into())),
        "array" => {
            let first = values.first()?;
            let items = if matches!(first.kind, Kind::List(_)) { first.items().to_vec() } else { vec![first.clone()] };
            return (!matches!(first.kind, Kind::Unknown(_))).then(|| Ok(Kind::List(items.into()).into()));
        }
        "createobject" => return Some(object(values)),
        "null" => return Some(Ok(Kind::Null.into())),
        "true" => return Some(Ok(Kind::Bool(true).into())),
        "false" => return Some(Ok(Kind::Bool(false).into())),
        "concat" => return concat(values),
        "format" => return format(values),
        "tolower" | "toupper" | "trim" => return cased(name, values),
        "union" | "shallowmerge" => return union(values),
        "equals" => return equals(values),
        "empty" => return empty(values),
        "length" => return length(values),
        "contains" => return contains(values),
        "trygetfromobject" | "tryget" => return try_get(values),
        "uri" => return uri(values),
        "first" | "last" => return end(name == "first", values),
        _ => {}
    }
    if values.iter().any(|value| value.why_unknown().is_some()) {
        return None;
    }
    known(name, values)
}

fn known(name: &str, values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    let text = |at: usize| values.get(at).and_then(Datum::text);
    let int = |at: usize| values.get(at).and_then(Datum::int);
    let number = |kind: Option<i64>| kind.map(Kind::Int).ok_or("the numbers do not fit");
    let kind: Result<Kind, &'static str> = match name {
        "not" => match values.first()?.bool() {
            Some(truth) => Ok(Kind::Bool(!truth)),
            None => Err("`not` takes a truth value"),
        },
        "bool" => match text(0)?.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Kind::Bool(true)),
            "false" | "0" => Ok(Kind::Bool(false)),
            _ => Err("this is no truth value"),
        },
        "string" => match text(0) {
            Some(text) => Ok(Kind::Text(text)),
            None => Ok(Kind::Text(values.first()?.json()?.to_string())),
        },
        "int" | "float" => int(0).map(Kind::Int).ok_or("this is no whole number"),
        "json" => match serde_json::from_str(&text(0)?) {
            Ok(json) => return Some(Ok(Datum::from_json(&json, None))),
            Err(_) => Err("this is no JSON"),
        },
        "add" => number(int(0)?.checked_add(int(1)?)),
        "sub" => number(int(0)?.checked_sub(int(1)?)),
        "mul" => number(int(0)?.checked_mul(int(1)?)),
        "div" => number(int(0)?.checked_div(int(1)?)),
        "mod" => number(int(0)?.checked_rem(int(1)?)),
        "min" | "max" => {
            let items = if values.len() == 1 { values.first()?.items() } else { values };
            let numbers: Option<Vec<i64>> = items.iter().map(Datum::int).collect();
            number(if name == "min" { numbers?.into_iter().min() } else { numbers?.into_iter().max() })
        }
        "greater" | "greaterorequals" | "less" | "lessorequals" => compared(name, values),
        "startswith" => Ok(Kind::Bool(lower(&text(0)?).starts_with(&lower(&text(1)?)))),
        "endswith" => Ok(Kind::Bool(lower(&text(0)?).ends_with(&lower(&text(1)?)))),
        "indexof" | "lastindexof" => position(name == "indexof", values),
        "replace" => {
            let (whole, old, new) = (text(0)?, text(1)?, text(2)?);
            if old.is_empty() || whole.len().saturating_mul(new.len().max(1)) > TEXT * 16 {
                return None;
            }
            bounded(whole.replace(&old, &new))
        }
        "split" => split(values),
        "join" => {
            let items: Option<Vec<String>> = values.first()?.items().iter().map(Datum::text).collect();
            bounded(items?.join(&text(1)?))
        }
        "substring" => {
            let start = usize::try_from(int(1)?).ok()?;
            let length = int(2).and_then(|length| usize::try_from(length).ok()).unwrap_or(usize::MAX);
            Ok(Kind::Text(text(0)?.chars().skip(start).take(length).collect()))
        }
        "take" | "skip" => taken(name == "take", values),
        "range" => {
            let (start, count) = (int(0)?, int(1)?);
            if !(0..=ITEMS).contains(&count) {
                return None;
            }
            Ok(Kind::List((0..count).map(|at| Kind::Int(start.saturating_add(at)).into()).collect()))
        }
        "flatten" => Ok(Kind::List(values.first()?.items().iter().flat_map(|list| list.items().to_vec()).collect())),
        "reverse" => {
            let mut items = values.first()?.items().to_vec();
            items.reverse();
            Ok(Kind::List(items.into()))
        }
        "intersection" => intersection(values),
        "items" | "objectkeys" => entries(name == "items", values),
        "padleft" => {
            let (whole, width) = (text(0)?, usize::try_from(int(1)?).ok()?.min(TEXT));
            let with = text(2).and_then(|with| with.chars().next()).unwrap_or(' ');
            let missing = width.saturating_sub(whole.chars().count());
            bounded(std::iter::repeat_n(with, missing).chain(whole.chars()).collect())
        }
        _ => return None,
    };
    Some(kind.map(Datum::from))
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

fn bounded(text: String) -> Result<Kind, &'static str> {
    if text.len() > TEXT { Err("the text is longer than we read") } else { Ok(Kind::Text(text)) }
}

/// Texts with their holes, one after the other, or lists.
fn concat(values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    if values.iter().any(|value| matches!(value.kind, Kind::List(_))) {
        if values.iter().any(|value| !matches!(value.kind, Kind::List(_))) {
            return None;
        }
        return Some(Ok(Kind::List(values.iter().flat_map(|value| value.items().to_vec()).collect()).into()));
    }
    if let [single] = values {
        return Some(Ok(single.clone()));
    }
    joined(values)
}

fn joined(values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    let mut out = String::new();
    let mut why: Option<Unknown> = None;
    for value in values {
        out.push_str(&value.holed()?);
        if let Some(unknown) = value.why_unknown() {
            why.get_or_insert_with(|| unknown.clone());
        }
        if out.len() > TEXT {
            return Some(Err("the text is longer than we read"));
        }
    }
    Some(Ok(match why {
        Some(why) => Kind::Computed { text: out, why }.into(),
        None => Datum::from_text(out),
    }))
}

/// `format('{0}-{1}', a, b)`; `{{` is a brace.
fn format(values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    let (pattern, arguments) = values.split_first()?;
    let Kind::Text(pattern) = &pattern.kind else { return None };
    let mut parts: Vec<Datum> = Vec::new();
    let mut plain = String::new();
    let mut rest = pattern.as_str();
    while let Some(at) = rest.find(['{', '}']) {
        let (before, after) = (rest.get(..at)?, rest.get(at..)?);
        plain.push_str(before);
        if after.starts_with("{{") || after.starts_with("}}") {
            plain.push_str(after.get(..1)?);
            rest = after.get(2..)?;
            continue;
        }
        let Some((inside, next)) = after.get(1..)?.split_once('}') else {
            return Some(Err("a brace of the format does not close"));
        };
        let number = inside.split([':', ',']).next().and_then(|number| number.trim().parse::<usize>().ok());
        let Some(argument) = number.and_then(|number| arguments.get(number)) else {
            return Some(Err("the format names an argument that is not given"));
        };
        parts.push(Datum::from_text(std::mem::take(&mut plain)));
        parts.push(argument.clone());
        rest = next;
    }
    plain.push_str(rest);
    parts.push(Datum::from_text(plain));
    // Only one hole and nothing around it: still the resource's own id.
    let mut given = parts.iter().filter(|part| !matches!(&part.kind, Kind::Text(text) if text.is_empty()));
    if let (Some(only), None) = (given.next(), given.next())
        && only.of.is_some()
    {
        return Some(Ok(only.clone()));
    }
    joined(&parts)
}

/// The second text beside the last `/` of the first, which may be a hole.
fn uri(values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    let [base, rest] = values else { return Some(Err("`uri` takes two arguments")) };
    let (whole, rest) = (base.holed()?, rest.text()?);
    let folder =
        whole.rsplit_once('/').filter(|(_, last)| !last.contains('}')).map_or(whole.as_str(), |(folder, _)| folder);
    let text = format!("{folder}/{}", rest.trim_start_matches('/'));
    let kind = match base.why_unknown() {
        Some(why) => Kind::Computed { text, why: why.clone() },
        None => Kind::Text(text),
    };
    Some(Ok(kind.into()))
}

fn cased(name: &str, values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    let first = values.first()?;
    let changed = |text: &str| match name {
        "tolower" => text.to_lowercase(),
        "toupper" => text.to_uppercase(),
        _ => text.trim().to_owned(),
    };
    match &first.kind {
        Kind::Text(text) => Some(Ok(Datum::from_text(changed(text)))),
        // The known parts change with the holes; whoever names the thing uses the same expression.
        Kind::Computed { text, why } => {
            Some(Ok(Datum { kind: Kind::Computed { text: changed(text), why: why.clone() }, ..first.clone() }))
        }
        _ => None,
    }
}

fn object(values: &[Datum]) -> Result<Datum, &'static str> {
    let mut members = BTreeMap::new();
    for pair in values.chunks(2) {
        let [key, value] = pair else { return Err("`createObject` takes keys and values") };
        members.insert(key.text().ok_or("a key is no text")?, value.clone());
    }
    Ok(members.into())
}

fn union(values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    if values.iter().all(|value| matches!(value.kind, Kind::List(_))) {
        let mut out: Vec<Datum> = Vec::new();
        for item in values.iter().flat_map(Datum::items) {
            if !out.iter().any(|held| held.kind == item.kind) {
                out.push(item.clone());
            }
        }
        return Some(Ok(Kind::List(out.into()).into()));
    }
    let mut members: BTreeMap<String, Datum> = BTreeMap::new();
    for value in values {
        let Kind::Map(map) = &value.kind else { return None };
        for (key, value) in &map.members {
            let merged = match members.get(key) {
                Some(held) if matches!((&held.kind, &value.kind), (Kind::Map(_), Kind::Map(_))) => {
                    union(&[held.clone(), value.clone()])?.ok()?
                }
                _ => value.clone(),
            };
            members.insert(key.clone(), merged);
        }
    }
    Some(Ok(members.into()))
}

fn equals(values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    let [left, right] = values else { return Some(Err("`equals` takes two arguments")) };
    // What is given at deployment is not null.
    if matches!((&left.kind, &right.kind), (Kind::Computed { .. }, Kind::Null) | (Kind::Null, Kind::Computed { .. })) {
        return Some(Ok(Kind::Bool(false).into()));
    }
    if left.why_unknown().is_some() || right.why_unknown().is_some() {
        return None;
    }
    Some(Ok(Kind::Bool(left.json() == right.json()).into()))
}

fn empty(values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    let truth = match &values.first()?.kind {
        Kind::Null => true,
        Kind::Text(text) => text.is_empty(),
        Kind::List(items) => items.is_empty(),
        Kind::Map(map) if map.open.is_none() => map.members.is_empty(),
        // A text with known parts is not empty, whatever stands in its holes.
        Kind::Computed { text, .. } if !(text.starts_with('{') && text.ends_with('}')) => false,
        _ => return None,
    };
    Some(Ok(Kind::Bool(truth).into()))
}

fn length(values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    let length = match &values.first()?.kind {
        Kind::Text(text) => text.chars().count(),
        Kind::List(items) => items.len(),
        Kind::Map(map) if map.open.is_none() => map.members.len(),
        _ => return None,
    };
    Some(Ok(Kind::Int(i64::try_from(length).unwrap_or(i64::MAX)).into()))
}

fn contains(values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    let [whole, part] = values else { return Some(Err("`contains` takes two arguments")) };
    let truth = match (&whole.kind, &part.kind) {
        (Kind::Map(map), Kind::Text(key)) if map.open.is_none() => {
            map.members.keys().any(|held| held.eq_ignore_ascii_case(key))
        }
        (Kind::List(items), Kind::Text(_) | Kind::Int(_) | Kind::Bool(_)) => {
            if items.iter().any(|item| item.kind == part.kind) {
                true
            } else if items.iter().any(|item| item.why_unknown().is_some()) {
                return None;
            } else {
                false
            }
        }
        (Kind::Text(whole), Kind::Text(part)) => whole.contains(part.as_str()),
        _ => return None,
    };
    Some(Ok(Kind::Bool(truth).into()))
}

fn try_get(values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    let (first, keys) = values.split_first()?;
    let mut at = first.clone();
    for key in keys {
        let next = match (&at.kind, &key.kind) {
            (Kind::Map(map), Kind::Text(name)) if map.open.is_none() => map.members.get(name).cloned(),
            (Kind::List(items), Kind::Int(index)) => usize::try_from(*index).ok().and_then(|at| items.get(at)).cloned(),
            (Kind::Null, _) => None,
            _ => return None,
        };
        match next {
            Some(next) => at = next,
            None => return Some(Ok(Kind::Null.into())),
        }
    }
    Some(Ok(at))
}

fn end(first: bool, values: &[Datum]) -> Option<Result<Datum, &'static str>> {
    let whole = values.first()?;
    match &whole.kind {
        Kind::List(items) => {
            let found = if first { items.first() } else { items.last() };
            Some(Ok(found.cloned().unwrap_or_else(|| Kind::Null.into())))
        }
        Kind::Text(text) => {
            let found = if first { text.chars().next() } else { text.chars().last() };
            Some(Ok(Datum::from_text(found.map(String::from).unwrap_or_default())))
        }
        _ => None,
    }
}

fn compared(name: &str, values: &[Datum]) -> Result<Kind, &'static str> {
    let [left, right] = values else { return Err("a comparison takes two arguments") };
    let order = match (left.int(), right.int(), left.text(), right.text()) {
        (Some(left), Some(right), ..) => left.cmp(&right),
        (.., Some(left), Some(right)) => left.cmp(&right),
        _ => return Err("these cannot be compared"),
    };
    Ok(Kind::Bool(match name {
        "greater" => order.is_gt(),
        "greaterorequals" => order.is_ge(),
        "less" => order.is_lt(),
        _ => order.is_le(),
    }))
}

fn position(first: bool, values: &[Datum]) -> Result<Kind, &'static str> {
    let [whole, part] = values else { return Err("a search takes two arguments") };
    let at = match &whole.kind {
        Kind::List(items) => items.iter().position(|item| item.kind == part.kind),
        _ => {
            let (whole, part) = (whole.text().unwrap_or_default(), part.text().unwrap_or_default());
            let (whole, part) = (lower(&whole), lower(&part));
            let byte = if first { whole.find(&part) } else { whole.rfind(&part) };
            byte.and_then(|byte| whole.get(..byte)).map(|before| before.chars().count())
        }
    };
    Ok(Kind::Int(at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1)))
}

fn split(values: &[Datum]) -> Result<Kind, &'static str> {
    let [whole, by] = values else { return Err("`split` takes two arguments") };
    let whole = whole.text().ok_or("`split` takes a text")?;
    let by: Vec<String> = by.items().iter().filter_map(Datum::text).filter(|by| !by.is_empty()).collect();
    let mut parts = vec![whole];
    for separator in &by {
        parts = parts
            .iter()
            .flat_map(|part| part.split(separator.as_str()).map(str::to_owned).collect::<Vec<_>>())
            .collect();
    }
    Ok(Kind::List(parts.into_iter().map(Datum::from_text).collect()))
}

fn taken(take: bool, values: &[Datum]) -> Result<Kind, &'static str> {
    let [whole, count] = values else { return Err("it takes two arguments") };
    let count = usize::try_from(count.int().ok_or("the count is no number")?).unwrap_or(0);
    Ok(match &whole.kind {
        Kind::List(items) if take => Kind::List(items.iter().take(count).cloned().collect()),
        Kind::List(items) => Kind::List(items.iter().skip(count).cloned().collect()),
        _ => {
            let text = whole.text().ok_or("it takes a text or a list")?;
            Kind::Text(if take { text.chars().take(count).collect() } else { text.chars().skip(count).collect() })
        }
    })
}

fn intersection(values: &[Datum]) -> Result<Kind, &'static str> {
    let (first, others) = values.split_first().ok_or("`intersection` takes lists")?;
    let in_all = |item: &&Datum| others.iter().all(|other| other.items().iter().any(|held| held.kind == item.kind));
    match &first.kind {
        Kind::List(items) => Ok(Kind::List(items.iter().filter(in_all).cloned().collect())),
        _ => Err("only lists are intersected here"),
    }
}

fn entries(whole: bool, values: &[Datum]) -> Result<Kind, &'static str> {
    let Some(Kind::Map(map)) = values.first().map(|value| &value.kind) else {
        return Err("it takes an object");
    };
    let entry = |(key, value): (&String, &Datum)| {
        if whole {
            BTreeMap::from([("key".to_owned(), Datum::from_text(key.as_str())), ("value".to_owned(), value.clone())])
                .into()
        } else {
            Datum::from_text(key.as_str())
        }
    };
    Ok(Kind::List(map.members.iter().map(entry).collect()))
}
