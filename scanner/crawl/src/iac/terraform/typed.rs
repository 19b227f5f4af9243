//! What the type of a variable makes of its value: conversions, defaults of optional members, and the reading
//! of values that are given as text.

use std::collections::BTreeSet;

use super::operator::number;
use super::syntax::{Block, Expression, Form, Key as ObjectKey, parse_expression};
use crate::iac::datum::{Datum, Key, Kind, Map};
use crate::shared::Shared;

/// `value` as the type `type_of`: scalars converted, sets in order and without doubles, objects with the
/// optional members that they do not have.
pub(super) fn converted(mut value: Datum, type_of: &Expression) -> Datum {
    let (name, argument) = match &type_of.form {
        Form::Name(name) => (name.as_str(), None),
        // Old form: `type = "string"`.
        Form::Text(name) => (name.as_str(), None),
        Form::Call { name, arguments, .. } => (name.as_str(), arguments.first()),
        _ => return value,
    };
    match (name, &mut value.kind) {
        ("string", Kind::Bool(_) | Kind::Int(_) | Kind::Float(_)) => {
            value.kind = Kind::Text(value.text().unwrap_or_default());
        }
        ("number", Kind::Text(text)) => {
            if let Ok(whole) = text.parse() {
                value.kind = Kind::Int(whole);
            } else if let Ok(fraction) = text.parse() {
                value.kind = number(fraction).kind;
            }
        }
        ("bool", Kind::Text(text)) => match text.as_str() {
            "true" => value.kind = Kind::Bool(true),
            "false" => value.kind = Kind::Bool(false),
            _ => {}
        },
        ("object", Kind::Map(map)) => {
            if let Some(members) = argument {
                complete_object(map, members);
            }
        }
        ("map", Kind::Map(map)) => {
            for member in map.members.values_mut() {
                inside(member, argument);
            }
        }
        ("list" | "set", Kind::List(items)) => {
            for item in items.iter_mut() {
                inside(item, argument);
            }
            if name == "set" {
                let items = std::mem::take(items);
                value.kind = Kind::List(set(items));
            }
        }
        ("tuple", Kind::List(items)) => {
            if let Some(Form::List(types)) = argument.map(|argument| &argument.form) {
                for (item, type_of) in items.iter_mut().zip(types) {
                    inside(item, Some(type_of));
                }
            }
        }
        _ => {}
    }
    value
}

fn inside(item: &mut Datum, type_of: Option<&Expression>) {
    if let Some(type_of) = type_of {
        let held = std::mem::replace(item, Kind::Null.into());
        *item = converted(held, type_of);
    }
}

/// Items as a set: no doubles, texts in their order.
pub(super) fn set(mut items: Shared<Vec<Datum>>) -> Shared<Vec<Datum>> {
    let mut seen = BTreeSet::new();
    items.retain(|item| seen.insert(item.json_holed().to_string()));
    if items.iter().all(|item| matches!(item.kind, Kind::Text(_))) {
        items.sort_by_key(Datum::text);
    }
    items
}

fn complete_object(map: &mut Map, members: &Expression) {
    let Form::Object(members) = &members.form else { return };
    for (key, member) in members {
        let Some(name) = word(key) else { continue };
        let optional = match &member.form {
            Form::Call { name, arguments, .. } if name == "optional" => Some(arguments),
            _ => None,
        };
        let inner = optional.and_then(|arguments| arguments.first()).unwrap_or(member);
        let held = map.members.remove(&name).filter(|held| !held.is_null());
        let value = match (held, optional) {
            (Some(held), _) => converted(held, inner),
            (None, Some(_)) if map.open.is_some() => continue,
            (None, Some(arguments)) => match arguments.get(1) {
                Some(default) => converted(constant(default), inner),
                None => Kind::Null.into(),
            },
            (None, None) if map.open.is_some() => continue,
            (None, None) => Kind::Null.into(),
        };
        map.members.insert(name, value);
    }
}

fn word(key: &ObjectKey) -> Option<String> {
    match key {
        ObjectKey::Word(word, _) => Some(word.clone()),
        ObjectKey::Computed(expression) => expression.path(),
    }
}

/// The value of an expression without references; anything else is unknown.
pub(super) fn constant(expression: &Expression) -> Datum {
    match &expression.form {
        Form::Null => Kind::Null.into(),
        Form::Bool(truth) => Kind::Bool(*truth).into(),
        Form::Int(number) => Kind::Int(*number).into(),
        Form::Float(number) => Kind::Float(*number).into(),
        Form::Text(text) => Datum::from_text(text.as_str()),
        Form::List(items) => Kind::List(items.iter().map(constant).collect()).into(),
        Form::Object(members) => {
            let mut map = Map::default();
            for (key, value) in members {
                if let Some(name) = word(key) {
                    map.members.insert(name, constant(value));
                }
            }
            Kind::Map(map).into()
        }
        Form::Parenthesis(inner) => constant(inner),
        Form::Negative(inner) => match constant(inner).kind {
            Kind::Int(number) => Kind::Int(number.saturating_neg()).into(),
            Kind::Float(number) => Kind::Float(-number).into(),
            _ => Datum::unknown("expression", "only constant values can stand here"),
        },
        _ => Datum::unknown("expression", "only constant values can stand here"),
    }
}

/// The value that the text `text`, given from outside, means for the variable declared by `block`: text
/// for variables of type `string` and without a type that fits, HCL for all others.
pub(super) fn given(text: &str, block: &Block) -> Datum {
    let is_text = block.body.attribute("type").is_some_and(|type_of| type_of.path().as_deref() == Some("string"));
    let parsed = if is_text { None } else { parse_expression(text, 0, None).ok() };
    match parsed.map(|expression| constant(&expression)) {
        Some(datum) if datum.why_unknown().is_none() => datum,
        _ => Datum::from_text(text),
    }
}

/// The keys that a `for_each` over `collection` makes, sorted, with their values; `None` if they are not known.
pub(super) fn each(collection: &Datum) -> Option<Vec<(Key, Datum)>> {
    match &collection.kind {
        Kind::Map(Map { members, open: None }) => {
            Some(members.iter().map(|(key, member)| (Key::Text(key.clone()), member.clone())).collect())
        }
        Kind::List(items) => {
            let mut keys: Vec<String> = items.iter().map(Datum::text).collect::<Option<_>>()?;
            keys.sort();
            keys.dedup();
            Some(keys.into_iter().map(|key| (Key::Text(key.clone()), Datum::from_text(key))).collect())
        }
        Kind::Null => Some(Vec::new()),
        _ => None,
    }
}
