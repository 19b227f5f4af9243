//! Which part columns play in a training: what is given, what is learnt, and what stands beside it.

use std::collections::BTreeMap;

use aedile_rules::{Api, Argument, ColumnPart};

use super::apply::Fields;
use super::argument::Arguments;
use super::value::Value;
use crate::code::flow::Data;

/// Columns that one transformer makes, at the most.
const MADE: usize = 256;

/// How deep calls that make a model stand in each other: a search over a pipeline of transformers of columns.
const NESTED: usize = 6;

/// The columns that the rule `api` says are given and never seen by the model.
pub(super) fn left_out(api: &Api, fields: &Fields<'_>) -> Vec<String> {
    api.left_out.iter().filter_map(|role| fields.get(role)).flat_map(listed).collect()
}

/// `whole`, which the rule `api` trains on, apart by the part that its columns play; as one, and without a part, where
/// the call does not tell them apart.
pub(super) fn parts(
    api: &Api,
    receiver: &Value<'_>,
    fields: &Fields<'_>,
    whole: &Data,
) -> Vec<(Option<ColumnPart>, Data)> {
    let made = made_of_columns(whole.clone(), receiver, NESTED);
    let mut parts: BTreeMap<ColumnPart, Data> = BTreeMap::new();
    let (mut named, mut told): (Vec<String>, bool) = (left_out(api, fields), false);
    for (part, roles) in api.parts.iter().filter(|(part, _)| **part != ColumnPart::Feature) {
        for value in roles.iter().filter_map(|role| fields.get(role)).filter(|value| !matches!(value, Value::None)) {
            told = true;
            let mut data = value.data();
            if data.is_empty() {
                let words = listed(value);
                data = made.select(&words);
                named.extend(words);
            }
            parts.entry(*part).or_default().join(&data);
        }
    }
    let chosen = api.parts.get(&ColumnPart::Feature).into_iter().flatten().filter_map(|role| fields.get(role));
    let chosen = chosen.map(|value| match listed(value) {
        words if words.is_empty() => (value.data(), false),
        words => (made.select(&words), true),
    });
    let chosen = chosen.into_iter().find(|(data, _)| !data.is_empty());
    let (mut features, named_alone) = chosen.unwrap_or_else(|| (whole.clone(), false));
    if !told && !named_alone {
        return vec![(None, whole.clone())];
    }
    if !named_alone {
        features.drop(&named);
    }
    parts.insert(ColumnPart::Feature, features);
    let parts = parts.into_iter().filter(|(_, data)| !data.is_empty());
    let parts: Vec<_> = parts.map(|(part, data)| (Some(part), data)).collect();
    if parts.is_empty() { vec![(None, whole.clone())] } else { parts }
}

/// The names in a text or a list of texts; keys of a mapping name channels, not columns.
fn listed(value: &Value<'_>) -> Vec<String> {
    if let Value::Map(_) = value { Vec::new() } else { value.words() }
}

/// `data` with the columns that the transformers in `made` make of its columns, in order.
fn made_of_columns(data: Data, made: &Value<'_>, depth: usize) -> Data {
    if depth == 0 {
        return data;
    }
    match made {
        Value::Object(object) => match (object.fields.get("input"), object.fields.get("output")) {
            (Some(input), Some(output)) => derived(data, &input.words(), &output.words()),
            _ => object.fields.values().fold(data, |data, value| made_of_columns(data, value, depth - 1)),
        },
        Value::List(items) => items.iter().fold(data, |data, item| made_of_columns(data, item, depth - 1)),
        _ => data,
    }
}

/// `data` with the columns `output`, each made of the column of `input` at its place, or where there are not as many of
/// all of them.
pub(super) fn derived(mut data: Data, input: &[String], output: &[String]) -> Data {
    let before = data.clone();
    for (at, name) in output.iter().enumerate().take(MADE) {
        let of = match input.get(at) {
            Some(one) if input.len() == output.len() => before.column(one),
            _ => before.select(input),
        };
        if !of.is_empty() {
            data.assign(name, &of);
        }
    }
    data
}

/// What plays the role `argument.made` in the calls that made the receiver or what the call is given.
pub(super) fn made<'a, 'w>(
    argument: &Argument,
    receiver: &'a Value<'w>,
    given: &'a Arguments<'w>,
) -> Option<&'a Value<'w>> {
    let names = argument.made.words();
    if names.is_empty() {
        return None;
    }
    std::iter::once(receiver).chain(given.all()).find_map(|value| found(value, names, NESTED))
}

fn found<'a, 'w>(value: &'a Value<'w>, names: &[String], depth: usize) -> Option<&'a Value<'w>> {
    if depth == 0 {
        return None;
    }
    match value {
        Value::Object(object) => {
            let own = names.iter().find_map(|name| object.fields.get(name));
            own.or_else(|| object.fields.values().find_map(|value| found(value, names, depth - 1)))
        }
        Value::List(items) => items.iter().find_map(|item| found(item, names, depth - 1)),
        _ => None,
    }
}

/// The columns that a value names or is made of, by the names of their sources.
pub(super) fn columns_of(value: &Value<'_>) -> Vec<String> {
    let data = value.data();
    match data.is_empty() {
        true => value.words(),
        false => data.parts.values().flat_map(|part| part.everything().into_keys()).collect(),
    }
}

/// Of every item of a list of tuples the one at `at`, unless the one before it says that it is dropped.
pub(super) fn each<'w>(value: &Value<'w>, at: usize) -> Value<'w> {
    let Value::List(items) = value else { return Value::Unknown };
    let one = |item: &Value<'w>| {
        let Value::List(parts) = item else { return None };
        let before = at.checked_sub(1).and_then(|before| parts.get(before));
        let is_dropped = matches!(before, Some(Value::Text(text)) if text.text == "drop");
        if is_dropped { None } else { parts.get(at).cloned() }
    };
    Value::List(items.iter().filter_map(one).collect())
}
