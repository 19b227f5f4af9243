//! Functions of lists, sets and maps.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::Unknown;

use super::super::evaluate::not_known;
use super::super::operator::{self, equal};
use super::super::typed::set;
use super::{Arguments, LIMIT, Outcome, concatenate, int, list};
use crate::iac::datum::{Datum, Kind, Map};

/// Functions that can say something although an argument is not known.
pub(super) fn lenient(name: &str, arguments: &[&Datum], snippet: &dyn Fn() -> String) -> Option<Datum> {
    let first = arguments.first().copied();
    Some(match (name, first) {
        ("merge", _) => merge(arguments, snippet),
        ("concat", _) => {
            let mut all = Vec::new();
            for argument in arguments {
                match &argument.kind {
                    Kind::List(items) => all.extend(items.iter().cloned()),
                    Kind::Null => {}
                    _ => all.push(not_known(argument, &snippet())),
                }
            }
            list(all)
        }
        ("flatten", Some(Datum { kind: Kind::List(items), .. })) => {
            let mut all = Vec::new();
            flatten(items, &mut all, 0);
            list(all)
        }
        ("compact", Some(Datum { kind: Kind::List(items), .. })) => {
            list(items.iter().filter(|item| !item.is_null() && item.text().as_deref() != Some("")).cloned())
        }
        ("coalesce" | "coalescelist", _) => {
            for argument in arguments {
                let empty = match &argument.kind {
                    Kind::Null => true,
                    Kind::Text(text) => text.is_empty() && name == "coalesce",
                    Kind::List(items) => items.is_empty(),
                    Kind::Unknown(_) | Kind::Fault(_) => return Some(not_known(argument, &snippet())),
                    _ => false,
                };
                if !empty {
                    return Some((*argument).clone());
                }
            }
            Datum::fault(snippet(), "every argument is null or empty")
        }
        ("lookup", Some(first)) => lookup(first, arguments, snippet),
        ("element", Some(Datum { kind: Kind::List(items), .. })) => match arguments.get(1).and_then(|at| at.int()) {
            Some(index) if !items.is_empty() => {
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let at = usize::try_from(index.rem_euclid(length)).unwrap_or(0);
                items.get(at).cloned().unwrap_or_else(|| Kind::Null.into())
            }
            Some(_) => Datum::fault(snippet(), "the list is empty"),
            None => Datum::unknown(snippet(), "the index is not known"),
        },
        ("one", Some(Datum { kind: Kind::List(items), .. })) => match items.as_slice() {
            [] => Kind::Null.into(),
            [single] => single.clone(),
            _ => Datum::fault(snippet(), "the list has more than one item"),
        },
        ("length", Some(Datum { kind: Kind::List(items), .. })) => int(items.len()),
        ("length", Some(Datum { kind: Kind::Map(Map { members, open: None }), .. })) => int(members.len()),
        ("keys", Some(Datum { kind: Kind::Map(Map { members, open: None }), .. })) => {
            list(members.keys().map(Datum::from_text))
        }
        ("values", Some(Datum { kind: Kind::Map(Map { members, open: None }), .. })) => list(members.values().cloned()),
        ("values", Some(first @ Datum { kind: Kind::Resource(_) | Kind::Module(_), .. })) => list([first.clone()]),
        ("one", Some(first @ Datum { kind: Kind::Resource(_) | Kind::Module(_), .. })) => first.clone(),
        ("zipmap", Some(Datum { kind: Kind::List(keys), .. })) => {
            let values = arguments.get(1).map(|values| values.items()).unwrap_or_default();
            let keys: Option<Vec<String>> = keys.iter().map(Datum::text).collect();
            match keys {
                Some(keys) => keys.into_iter().zip(values.iter().cloned()).collect::<BTreeMap<_, _>>().into(),
                None => Datum::unknown(snippet(), "a key is not known"),
            }
        }
        ("join", Some(separator)) => {
            let separator = separator.text()?;
            let items: Vec<&Datum> = arguments.iter().skip(1).flat_map(|items| items.items()).collect();
            if items.iter().any(|item| matches!(item.kind, Kind::Unknown(_) | Kind::Fault(_))) {
                return None;
            }
            let mut parts = Vec::new();
            for (at, item) in items.into_iter().enumerate() {
                if at > 0 {
                    parts.push(Datum::from_text(separator.clone()));
                }
                parts.push(item.clone());
            }
            concatenate(&parts)
        }
        ("contains", Some(Datum { kind: Kind::List(items), .. })) => {
            // One that is known to be there is enough.
            let wanted = arguments.get(1)?;
            match items.iter().any(|item| same(item, wanted)) {
                true => Kind::Bool(true).into(),
                false => return None,
            }
        }
        ("format", Some(pattern)) => super::format::holed(&pattern.text()?, arguments.get(1..).unwrap_or_default())?,
        ("reverse", Some(Datum { kind: Kind::List(items), .. })) => list(items.iter().rev().cloned()),
        ("slice", Some(Datum { kind: Kind::List(items), .. })) => {
            let at = |index: usize| arguments.get(index)?.int().and_then(|index| usize::try_from(index).ok());
            match items.get(at(1)?..at(2)?) {
                Some(part) => list(part.iter().cloned()),
                None => Datum::fault(snippet(), "the range is beyond the list"),
            }
        }
        _ => return None,
    })
}

fn lookup(map: &Datum, arguments: &[&Datum], snippet: &dyn Fn() -> String) -> Datum {
    let key = arguments.get(1).copied();
    match (&map.kind, key.and_then(Datum::text)) {
        (Kind::Map(map), Some(key)) => match (map.members.get(&key), &map.open, arguments.get(2)) {
            (Some(member), ..) => member.clone(),
            (None, Some(_), _) => Datum::unknown(snippet(), "the map is not wholly known"),
            (None, None, Some(default)) => (*default).clone(),
            (None, None, None) => Datum::fault(snippet(), format!("there is no `{key}` in it")),
        },
        (Kind::Map(_), None) => not_known(key.unwrap_or(map), &snippet()),
        _ => not_known(map, &snippet()),
    }
}

fn merge(arguments: &[&Datum], snippet: &dyn Fn() -> String) -> Datum {
    let mut merged = Map::default();
    for argument in arguments {
        match &argument.kind {
            Kind::Map(map) => {
                if map.open.is_some() {
                    conceal(&mut merged, map.open.clone());
                }
                merged.members.extend(map.members.iter().map(|(key, member)| (key.clone(), member.clone())));
            }
            Kind::Null => {}
            _ => {
                let (Kind::Unknown(why) | Kind::Fault(why)) = not_known(argument, &snippet()).kind else {
                    continue;
                };
                conceal(&mut merged, Some(why));
            }
        }
    }
    Kind::Map(merged).into()
}

/// After an unknown map, what came before may have been replaced.
fn conceal(map: &mut Map, why: Option<Unknown>) {
    if let Some(why) = &why {
        for member in map.members.values_mut() {
            member.kind = Kind::Unknown(why.clone());
        }
    }
    map.open = why;
}

fn flatten(items: &[Datum], all: &mut Vec<Datum>, depth: usize) {
    for item in items {
        match &item.kind {
            Kind::List(inner) if depth < 64 => flatten(inner, all, depth + 1),
            _ => all.push(item.clone()),
        }
    }
}

/// Whether two values are the same for functions that convert: `1` and `"1"` are.
fn same(left: &Datum, right: &Datum) -> bool {
    equal(left, right) == Some(true) || (left.text().is_some() && left.text() == right.text())
}

/// A value as something that can be compared and sorted.
fn token(datum: &Datum) -> String {
    datum.json_holed().to_string()
}

fn distinct(items: &[Datum]) -> impl Iterator<Item = Datum> {
    let mut seen = BTreeSet::new();
    items.iter().filter(move |item| seen.insert(token(item))).cloned()
}

/// Functions of arguments that are all known.
pub(super) fn call(name: &str, arguments: Arguments<'_>) -> Option<Outcome> {
    Some(match name {
        "contains" => arguments.list(0).and_then(|items| {
            let wanted = arguments.at(1)?;
            Ok(Kind::Bool(items.iter().any(|item| same(item, wanted))).into())
        }),
        "index" => arguments.list(0).and_then(|items| {
            let wanted = arguments.at(1)?;
            items.iter().position(|item| same(item, wanted)).map(int).ok_or("it is not in the list".to_owned())
        }),
        "length" => arguments.text(0).map(|text| int(text.chars().count())),
        "distinct" => arguments.list(0).map(|items| list(distinct(items))),
        "sort" => arguments.list(0).and_then(|items| {
            let mut texts: Vec<String> =
                items.iter().map(Datum::text).collect::<Option<_>>().ok_or("it needs texts")?;
            texts.sort();
            Ok(list(texts.into_iter().map(Datum::from_text)))
        }),
        "chunklist" => arguments.list(0).and_then(|items| {
            let size = usize::try_from(arguments.number(1)?).map_err(|_| "the size is negative")?;
            if size == 0 {
                return Ok(list([list(items.iter().cloned())]));
            }
            Ok(list(items.chunks(size).map(|chunk| list(chunk.iter().cloned()))))
        }),
        "matchkeys" => arguments.list(0).and_then(|values| {
            let (keys, wanted) = (arguments.list(1)?, arguments.list(2)?);
            let wanted: BTreeSet<String> = wanted.iter().map(token).collect();
            let pairs = values.iter().zip(keys);
            Ok(list(pairs.filter(|(_, key)| wanted.contains(&token(key))).map(|(value, _)| value.clone())))
        }),
        "transpose" => arguments.at(0).and_then(transposed),
        "setunion" => {
            let all: Vec<Datum> = arguments.0.iter().flat_map(|argument| argument.items()).cloned().collect();
            Ok(list(set(all.into())))
        }
        "setintersection" => arguments.list(0).map(|items| {
            let others: Vec<BTreeSet<String>> =
                arguments.rest(1).iter().map(|other| other.items().iter().map(token).collect()).collect();
            let kept = items.iter().filter(|item| others.iter().all(|other| other.contains(&token(item))));
            list(set(kept.cloned().collect()))
        }),
        "setsubtract" => arguments.list(0).and_then(|items| {
            let other: BTreeSet<String> = arguments.list(1)?.iter().map(token).collect();
            Ok(list(set(items.iter().filter(|item| !other.contains(&token(item))).cloned().collect())))
        }),
        "setproduct" => product(arguments.0),
        "alltrue" => {
            arguments.list(0).map(|items| Kind::Bool(items.iter().all(|item| item.bool() == Some(true))).into())
        }
        "anytrue" => {
            arguments.list(0).map(|items| Kind::Bool(items.iter().any(|item| item.bool() == Some(true))).into())
        }
        "sum" => arguments.list(0).and_then(|items| {
            let numbers: Option<Vec<f64>> = items.iter().map(operator::float).collect();
            match numbers {
                Some(numbers) if !numbers.is_empty() => Ok(operator::number(numbers.iter().sum())),
                _ => Err("it needs numbers".to_owned()),
            }
        }),
        "range" => range(arguments),
        _ => return None,
    })
}

/// `{a: [x, y], b: [x]}` → `{x: [a, b], y: [a]}`.
fn transposed(map: &Datum) -> Outcome {
    let Kind::Map(map) = &map.kind else {
        return Err("it needs a map of lists".to_owned());
    };
    let mut out: BTreeMap<String, Vec<Datum>> = BTreeMap::new();
    for (key, values) in &map.members {
        for value in values.items() {
            let value = value.text().ok_or("it needs texts")?;
            out.entry(value).or_default().push(Datum::from_text(key));
        }
    }
    Ok(out.into_iter().map(|(key, keys)| (key, list(keys))).collect::<BTreeMap<_, _>>().into())
}

fn product(arguments: &[&Datum]) -> Outcome {
    let mut rows: Vec<Vec<Datum>> = vec![Vec::new()];
    for argument in arguments {
        if rows.len().saturating_mul(argument.items().len()) > LIMIT {
            return Ok(Datum::unknown("setproduct", "the product is too large"));
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                argument.items().iter().map(move |item| row.iter().cloned().chain([item.clone()]).collect())
            })
            .collect();
    }
    Ok(list(rows.into_iter().map(list)))
}

fn range(arguments: Arguments<'_>) -> Outcome {
    let numbers: Result<Vec<f64>, String> = (0..arguments.0.len()).map(|at| arguments.float(at)).collect();
    let (start, end, step) = match numbers?.as_slice() {
        [end] => (0.0, *end, if *end < 0.0 { -1.0 } else { 1.0 }),
        [start, end] => (*start, *end, if start <= end { 1.0 } else { -1.0 }),
        [start, end, step] if *step != 0.0 => (*start, *end, *step),
        _ => return Err("it needs one to three numbers, the step not zero".to_owned()),
    };
    let (mut items, mut at) = (Vec::new(), start);
    while (step > 0.0 && at < end) || (step < 0.0 && at > end) {
        if items.len() >= LIMIT {
            return Ok(Datum::unknown("range", "the range is too long"));
        }
        items.push(operator::number(at));
        let next = at + step;
        if next == at {
            return Err("the step is too small".to_owned());
        }
        at = next;
    }
    Ok(list(items))
}
