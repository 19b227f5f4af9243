//! Values of templates.

use std::collections::BTreeMap;

/// Bytes and items that a value has at the most.
pub(super) const LARGEST: usize = 1 << 18;
/// Lists and dictionaries inside each other.
const DEPTH: usize = 64;

/// A value of a template.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Value {
    /// Nothing: `none`, and what a macro for its effects gives.
    #[default]
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number, as written.
    Number(String),
    /// A text.
    Text(String),
    /// A list or tuple.
    List(Vec<Value>),
    /// A dictionary.
    Map(BTreeMap<String, Value>),
    /// A table, by name.
    Relation(String),
    /// What cannot be known without running dbt, with the reason.
    Unknown(String),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    /// How many bytes and items it has; `None` for more than [`LARGEST`], and where it is too deep.
    pub(super) fn weight(&self) -> Option<usize> {
        let mut left = LARGEST;
        self.weigh(&mut left, DEPTH)?;
        Some(LARGEST - left)
    }

    fn weigh(&self, left: &mut usize, depth: usize) -> Option<()> {
        let own = match self {
            Value::None | Value::Bool(_) | Value::Int(_) => 0,
            Value::Number(text) | Value::Text(text) | Value::Relation(text) | Value::Unknown(text) => text.len(),
            Value::List(_) | Value::Map(_) if depth == 0 => return None,
            Value::List(items) => {
                items.iter().try_for_each(|item| item.weigh(left, depth - 1))?;
                0
            }
            Value::Map(map) => {
                map.values().try_for_each(|item| item.weigh(left, depth - 1))?;
                map.keys().map(String::len).sum()
            }
        };
        *left = left.checked_sub(own + 1)?;
        Some(())
    }

    /// As it stands in the rendered text; `None` if it is not known.
    pub(super) fn shown(&self) -> Option<String> {
        Some(match self {
            Value::None => String::new(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Number(text) | Value::Text(text) | Value::Relation(text) => text.clone(),
            Value::List(items) => {
                let items: Option<Vec<String>> = items.iter().map(Value::quoted).collect();
                format!("[{}]", items?.join(", "))
            }
            Value::Map(map) => {
                let items: Option<Vec<String>> =
                    map.iter().map(|(key, value)| Some(format!("'{key}': {}", value.quoted()?))).collect();
                format!("{{{}}}", items?.join(", "))
            }
            Value::Unknown(_) => return None,
        })
    }

    fn quoted(&self) -> Option<String> {
        match self {
            Value::Text(text) => Some(format!("'{text}'")),
            other => other.shown(),
        }
    }

    /// Whether it counts as true; `None` if that is not known.
    pub(super) fn truth(&self) -> Option<bool> {
        Some(match self {
            Value::None => false,
            Value::Bool(truth) => *truth,
            Value::Int(number) => *number != 0,
            Value::Number(text) => text.parse::<f64>().is_ok_and(|number| number != 0.0),
            Value::Text(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::Relation(_) => true,
            Value::Unknown(_) => return None,
        })
    }

    /// What a loop goes over; `None` if that is not known.
    pub(super) fn items(&self) -> Option<Vec<Value>> {
        Some(match self {
            Value::List(items) => items.clone(),
            Value::Map(map) => map.keys().map(Value::text).collect(),
            Value::Text(text) => text.chars().map(|c| Value::text(c.to_string())).collect(),
            Value::None => Vec::new(),
            Value::Bool(_) | Value::Int(_) | Value::Number(_) | Value::Relation(_) | Value::Unknown(_) => return None,
        })
    }

    /// A member by name, or by number in a list.
    pub(super) fn member(&self, key: &Value) -> Value {
        match (self, key) {
            (Value::Map(map), Value::Text(key)) => map.get(key).cloned().unwrap_or_default(),
            (Value::List(items), Value::Int(at)) => {
                let at = if *at < 0 { at + i64::try_from(items.len()).unwrap_or(0) } else { *at };
                usize::try_from(at).ok().and_then(|at| items.get(at)).cloned().unwrap_or_default()
            }
            (Value::Relation(name), Value::Text(key)) => match key.as_str() {
                "identifier" | "name" | "table" => Value::text(name.rsplit('.').next().unwrap_or(name)),
                "schema" => Value::text(name.rsplit('.').nth(1).unwrap_or_default()),
                _ => Value::Unknown(format!("`{key}` of a relation")),
            },
            (Value::Unknown(why), _) => Value::Unknown(why.clone()),
            (_, Value::Text(key)) => Value::Unknown(format!("`{key}`")),
            _ => Value::Unknown("a member".to_owned()),
        }
    }
}
