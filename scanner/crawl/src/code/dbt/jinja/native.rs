//! What Jinja and dbt bring: filters, tests, operators, methods of values.

use std::collections::BTreeMap;

use super::expression::Expr;
use super::value::{LARGEST, Value};

mod dbt;

pub(super) use dbt::function;

/// Texts longer than this are not made.
const BYTES: usize = LARGEST;
/// Lists that grow longer than this are not known further.
const ITEMS: usize = 20_000;
/// Lists of more items are not searched for the same ones.
const SAME: usize = 2_000;

/// Names with a dot that are a value of their own.
pub(super) fn constant(value: &Expr, name: &str) -> Option<Value> {
    match value {
        // No profile says which target is meant; the name of the usual one would be a guess.
        Expr::Name(object) if object == "target" => Some(Value::Unknown(format!("`target.{name}`"))),
        Expr::Name(object) if object == "exceptions" => Some(Value::None),
        _ => None,
    }
}

/// `value[from:to]`
pub(super) fn slice(value: &Value, from: Option<i64>, to: Option<i64>) -> Value {
    let bounds = |length: usize| {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let place = |at: i64| usize::try_from(if at < 0 { (at + length).max(0) } else { at.min(length) }).unwrap_or(0);
        (place(from.unwrap_or(0)), place(to.unwrap_or(length)))
    };
    match value {
        Value::List(items) => {
            let (from, to) = bounds(items.len());
            Value::List(items.get(from..to.max(from)).unwrap_or_default().to_vec())
        }
        Value::Text(text) => {
            let letters: Vec<char> = text.chars().collect();
            let (from, to) = bounds(letters.len());
            Value::Text(letters.get(from..to.max(from)).unwrap_or_default().iter().collect())
        }
        other => unknown(other, "a slice"),
    }
}

fn unknown(value: &Value, what: &str) -> Value {
    match value {
        Value::Unknown(why) => Value::Unknown(why.clone()),
        _ => Value::Unknown(what.to_owned()),
    }
}

/// A list, if it is not too long to go on with.
fn bounded(items: Vec<Value>) -> Value {
    if items.len() > ITEMS { Value::Unknown("a list that is too long".to_owned()) } else { Value::List(items) }
}

pub(super) fn binary(left: &Value, operator: &str, right: &Value) -> Value {
    if let (Value::Unknown(why), _) | (_, Value::Unknown(why)) = (left, right) {
        return Value::Unknown(why.clone());
    }
    match operator {
        "and" | "or" => right.clone(),
        "==" => Value::Bool(same(left, right)),
        "!=" => Value::Bool(!same(left, right)),
        "in" | "not in" => {
            let found = match right {
                Value::Text(text) => left.shown().is_some_and(|part| text.contains(&part)),
                other => other.items().unwrap_or_default().iter().any(|item| same(item, left)),
            };
            Value::Bool(found == (operator == "in"))
        }
        "~" => match (left.shown(), right.shown()) {
            (Some(left), Some(right)) if left.len() + right.len() < BYTES => Value::Text(left + &right),
            _ => Value::Unknown("a text".to_owned()),
        },
        "+" => match (left, right) {
            (Value::List(left), Value::List(right)) => bounded(left.iter().chain(right).cloned().collect()),
            (Value::Text(left), Value::Text(right)) if left.len() + right.len() < BYTES => {
                Value::Text(format!("{left}{right}"))
            }
            (Value::Int(left), Value::Int(right)) => Value::Int(left.saturating_add(*right)),
            _ => Value::Unknown("a sum".to_owned()),
        },
        "<" | ">" | "<=" | ">=" => {
            let order = match (left, right) {
                (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
                _ => number(left).zip(number(right)).and_then(|(left, right)| left.partial_cmp(&right)),
            };
            match order {
                None => Value::Unknown("a comparison".to_owned()),
                Some(order) => Value::Bool(match operator {
                    "<" => order.is_lt(),
                    ">" => order.is_gt(),
                    "<=" => order.is_le(),
                    _ => order.is_ge(),
                }),
            }
        }
        _ => match (left, right) {
            (Value::Int(left), Value::Int(right)) => match operator {
                "-" => Value::Int(left.saturating_sub(*right)),
                "*" => Value::Int(left.saturating_mul(*right)),
                "//" => left.checked_div(*right).map_or(Value::None, Value::Int),
                "%" => left.checked_rem(*right).map_or(Value::None, Value::Int),
                _ => Value::Unknown("a division".to_owned()),
            },
            _ => Value::Unknown("a number".to_owned()),
        },
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => number.to_string().parse().ok(),
        Value::Number(text) => text.parse().ok(),
        _ => None,
    }
}

fn same(left: &Value, right: &Value) -> bool {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.total_cmp(&right).is_eq(),
        _ => {
            left == right
                || matches!((left, right), (Value::Relation(a), Value::Text(b)) | (Value::Text(b), Value::Relation(a)) if a == b)
        }
    }
}

pub(super) fn test(value: &Value, test: &str, arguments: &[Value]) -> Option<bool> {
    Some(match test {
        "none" => match value {
            Value::Unknown(_) => return None,
            other => *other == Value::None,
        },
        "defined" => !matches!(value, Value::Unknown(_)),
        "undefined" => matches!(value, Value::Unknown(_)),
        "string" => matches!(value, Value::Text(_)),
        "number" | "integer" => matches!(value, Value::Int(_) | Value::Number(_)),
        "mapping" => matches!(value, Value::Map(_)),
        "iterable" | "sequence" => value.items().is_some(),
        "boolean" => matches!(value, Value::Bool(_)),
        "true" => *value == Value::Bool(true),
        "false" => *value == Value::Bool(false),
        "in" => arguments.first()?.items()?.iter().any(|item| same(item, value)),
        "equalto" | "eq" | "sameas" => same(value, arguments.first()?),
        "odd" | "even" => match value {
            Value::Int(number) => (number % 2 != 0) == (test == "odd"),
            _ => return None,
        },
        _ => return None,
    })
}

pub(super) fn filter(value: &Value, filter: &str, arguments: &[Value]) -> Value {
    let first = arguments.first();
    if let ("default" | "d", Value::Unknown(_) | Value::None) = (filter, value) {
        return first.cloned().unwrap_or_default();
    }
    let text = value.shown();
    match (filter, text) {
        ("default" | "d" | "safe" | "as_native" | "as_text" | "list", _) if filter != "list" => value.clone(),
        ("list", _) => value.items().map_or_else(|| unknown(value, "a list"), Value::List),
        ("length" | "count", _) => match value.items() {
            Some(items) => Value::Int(i64::try_from(items.len()).unwrap_or(i64::MAX)),
            None => unknown(value, "a length"),
        },
        ("first", _) => {
            value.items().and_then(|items| items.first().cloned()).unwrap_or_else(|| unknown(value, "a first item"))
        }
        ("last", _) => {
            value.items().and_then(|items| items.last().cloned()).unwrap_or_else(|| unknown(value, "a last item"))
        }
        ("join", _) => {
            let between = first.and_then(Value::shown).unwrap_or_default();
            let items = value.items().and_then(|items| items.iter().map(Value::shown).collect::<Option<Vec<_>>>());
            items
                .filter(|items| items.iter().map(|item| item.len() + between.len()).sum::<usize>() < BYTES)
                .map_or_else(|| unknown(value, "a list"), |items| Value::Text(items.join(&between)))
        }
        ("unique", _) => match value.items() {
            Some(items) if items.len() <= SAME => {
                let mut unique: Vec<Value> = Vec::new();
                for item in items {
                    if !unique.contains(&item) {
                        unique.push(item);
                    }
                }
                Value::List(unique)
            }
            _ => unknown(value, "a list"),
        },
        ("sort", _) => match value.items() {
            Some(mut items) => {
                items.sort_by_key(Value::shown);
                Value::List(items)
            }
            None => unknown(value, "a list"),
        },
        ("reject" | "select" | "map" | "selectattr" | "rejectattr", _) => match (filter, first, value.items()) {
            // `map(attribute='x')` and `map('upper')`
            ("map", Some(Value::Text(name)), Some(items)) => Value::List(
                items
                    .iter()
                    .map(|item| match item {
                        Value::Map(_) | Value::Relation(_) => item.member(&Value::text(name)),
                        other => self::filter(other, name, &[]),
                    })
                    .collect(),
            ),
            _ => unknown(value, "a filter over a list"),
        },
        ("int", Some(text)) => text.parse().map_or(Value::Int(0), Value::Int),
        ("string", Some(text)) => Value::Text(text),
        ("float", Some(text)) => Value::Number(text),
        ("upper", Some(text)) => Value::Text(text.to_uppercase()),
        ("lower", Some(text)) => Value::Text(text.to_lowercase()),
        ("trim", Some(text)) => Value::text(text.trim()),
        ("title" | "capitalize", Some(text)) => Value::Text(text),
        ("replace", Some(text)) => match (first.and_then(Value::shown), arguments.get(1).and_then(Value::shown)) {
            (Some(old), Some(new))
                if !old.is_empty() && text.matches(&old).count().saturating_mul(new.len()) < BYTES =>
            {
                Value::Text(text.replace(&old, &new))
            }
            _ => unknown(value, "a replacement"),
        },
        ("indent", Some(text)) => Value::Text(text),
        ("tojson" | "toyaml", Some(text)) => Value::Text(text),
        (_, _) => unknown(value, &format!("the filter `{filter}`")),
    }
}

/// What a method of a value gives, and the value after it where it changes.
pub(super) fn method(value: &Value, method: &str, arguments: &[Value]) -> (Value, Option<Value>) {
    let first = arguments.first().cloned().unwrap_or_default();
    let shown = |at: usize| arguments.get(at).and_then(Value::shown);
    let result = match (value, method) {
        (Value::List(items), "append") => {
            let mut items = items.clone();
            items.push(first);
            return (Value::None, Some(bounded(items)));
        }
        (Value::List(items), "extend") => {
            let mut items = items.clone();
            let Some(more) = first.items() else { return (Value::None, Some(unknown(&first, "a list"))) };
            items.extend(more);
            return (Value::None, Some(bounded(items)));
        }
        (Value::Map(map), "update") => {
            let mut map = map.clone();
            if let Value::Map(more) = first {
                map.extend(more);
            }
            return (Value::None, Some(Value::Map(map)));
        }
        (Value::Map(map), "items") => {
            Value::List(map.iter().map(|(key, value)| Value::List(vec![Value::text(key), value.clone()])).collect())
        }
        (Value::Map(map), "keys") => Value::List(map.keys().map(Value::text).collect()),
        (Value::Map(map), "values") => Value::List(map.values().cloned().collect()),
        (Value::Map(map), "get") => {
            let found = first.shown().and_then(|key| map.get(&key).cloned());
            found.unwrap_or_else(|| arguments.get(1).cloned().unwrap_or_default())
        }
        (Value::Text(_), "upper" | "lower" | "title" | "capitalize") => filter(value, method, &[]),
        (Value::Text(_), "replace") => filter(value, "replace", arguments),
        (Value::Text(text), "strip") => match shown(0) {
            Some(letters) if !letters.is_empty() => Value::text(text.trim_matches(|c| letters.contains(c))),
            _ => Value::text(text.trim()),
        },
        (Value::Text(text), "split") => Value::List(match shown(0) {
            Some(sign) if !sign.is_empty() => text.split(&sign).map(Value::text).collect(),
            _ => text.split_whitespace().map(Value::text).collect(),
        }),
        (Value::Text(text), "join") => filter(&first, "join", &[Value::text(text)]),
        (Value::Text(text), "startswith") => Value::Bool(shown(0).is_some_and(|start| text.starts_with(&start))),
        (Value::Text(text), "endswith") => Value::Bool(shown(0).is_some_and(|end| text.ends_with(&end))),
        (Value::Text(text), "format") => {
            let mut text = text.clone();
            for argument in arguments {
                let Some(argument) = argument.shown() else { return (unknown(argument, "a text"), None) };
                if text.len() + argument.len() > BYTES {
                    return (Value::Unknown("a text".to_owned()), None);
                }
                text = text.replacen("{}", &argument, 1);
            }
            Value::Text(text)
        }
        (Value::Relation(name), "include" | "quote" | "render" | "without_identifier" | "replace_path") => {
            Value::Relation(name.clone())
        }
        (Value::Unknown(why), _) => Value::Unknown(why.clone()),
        _ => Value::Unknown(format!("`.{method}()`")),
    };
    (result, None)
}

/// A dictionary of named values.
pub(super) fn map(entries: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Map(entries.into_iter().collect::<BTreeMap<_, _>>())
}
