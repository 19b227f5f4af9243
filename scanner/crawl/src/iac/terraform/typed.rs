//! What the type of a variable adds to its value: defaults of optional members, and the reading of values
//! that are given as text.

use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::Block;

use crate::iac::datum::{Datum, Key, Kind, Map};

/// `value` with the optional members that `type_of` names and it does not have.
pub(super) fn completed(mut value: Datum, type_of: &Expression) -> Datum {
    let Expression::FuncCall(call) = type_of else {
        return value;
    };
    let Some(argument) = call.args.iter().next() else {
        return value;
    };
    match (call.name.name.as_str(), &mut value.kind) {
        ("object", Kind::Map(map)) => complete_object(map, argument),
        ("map", Kind::Map(map)) => {
            for member in map.members.values_mut() {
                *member = completed(member.clone(), argument);
            }
        }
        ("list" | "set", Kind::List(items)) => {
            for item in items.iter_mut() {
                *item = completed(item.clone(), argument);
            }
        }
        _ => {}
    }
    value
}

fn complete_object(map: &mut Map, members: &Expression) {
    let Expression::Object(members) = members else { return };
    for (key, member) in members {
        let name = match key {
            ObjectKey::Ident(ident) => ident.as_str(),
            ObjectKey::Expression(Expression::Variable(ident)) => ident.as_str(),
            ObjectKey::Expression(other) => other.as_str().unwrap_or_default(),
        };
        let optional = match member.expr() {
            Expression::FuncCall(call) if call.name.name.as_str() == "optional" => Some(call),
            _ => None,
        };
        let inner = optional.and_then(|call| call.args.iter().next()).unwrap_or(member.expr());
        let held = map.members.get(name).filter(|held| !held.is_null()).cloned();
        let value = match (held, optional) {
            (Some(held), _) => completed(held, inner),
            (None, Some(_)) if map.open.is_some() => continue,
            (None, Some(call)) => match call.args.iter().nth(1) {
                Some(default) => completed(constant(default), inner),
                None => Kind::Null.into(),
            },
            (None, None) => continue,
        };
        map.members.insert(name.to_owned(), value);
    }
}

/// The value of an expression without references; anything else is unknown.
pub(super) fn constant(expression: &Expression) -> Datum {
    match expression {
        Expression::Null(_) => Kind::Null.into(),
        Expression::Bool(truth) => Kind::Bool(*truth.value()).into(),
        Expression::Number(number) => match number.value().as_i64() {
            Some(whole) => Kind::Int(whole).into(),
            None => Kind::Float(number.value().as_f64().unwrap_or_default()).into(),
        },
        Expression::String(text) => Datum::from_text(text.value().as_str()),
        Expression::Array(items) => Kind::List(items.iter().map(constant).collect()).into(),
        Expression::Object(object) => {
            let mut map = Map::default();
            for (key, value) in object {
                let name = match key {
                    ObjectKey::Ident(ident) => Some(ident.as_str()),
                    ObjectKey::Expression(Expression::Variable(ident)) => Some(ident.as_str()),
                    ObjectKey::Expression(other) => other.as_str(),
                };
                if let Some(name) = name {
                    map.members.insert(name.to_owned(), constant(value.expr()));
                }
            }
            Kind::Map(map).into()
        }
        Expression::Parenthesis(inner) => constant(inner.inner()),
        _ => Datum::unknown("expression", "only constant values can stand here"),
    }
}

/// The value that the text `text`, given from outside, means for the variable declared by `block`: text
/// for variables of type `string` and without a type that fits, HCL for all others.
pub(super) fn given(text: &str, block: &Block) -> Datum {
    let type_name = block.body.get_attribute("type").and_then(|attribute| attribute.value.as_variable());
    let parsed = match type_name.map(|ident| ident.as_str()) {
        Some("string") => None,
        _ => hcl_edit::parser::parse_expr(text).ok(),
    };
    match parsed.map(|expression| constant(&expression)) {
        Some(datum) if !matches!(datum.kind, Kind::Unknown(_)) => datum,
        _ => Datum::from_text(text),
    }
}

/// The keys that a `for_each` over `collection` makes, with their values; `None` if they are not known.
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
