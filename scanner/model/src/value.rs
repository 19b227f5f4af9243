use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Place;

/// What a source says of an asset: a value, or why none could be known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// Absent on purpose (`null`).
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number. Fractions are kept as text: policies know no floats.
    Int(i64),
    /// Text.
    Text(String),
    /// Values in the source's order.
    List(Vec<Value>),
    /// Values by key.
    Map(BTreeMap<String, Value>),
    /// A value that the source does not give away.
    Unknown(Unknown),
}

/// Why a value could not be known; neither guilty nor innocent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unknown {
    /// The expression as the source wrote it (`var.kms_key_arn`).
    pub expression: String,
    /// Why it has no value here, as a clause: "the variable has no default".
    pub why: String,
}

/// A value with the place that gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// What is said.
    pub value: Value,
    /// Where it is said; `None` for a provider's default or a derived value.
    pub place: Option<Place>,
}

impl Value {
    /// An unknown value.
    #[must_use]
    pub fn unknown(expression: impl Into<String>, why: impl Into<String>) -> Self {
        Value::Unknown(Unknown { expression: expression.into(), why: why.into() })
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is one; the words `true` and `false` count, as in Terraform.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The whole number, if it is one or a text of one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The items of a list; any other known value but `Null` counts as a list of itself.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            Value::Null => &[],
            other => std::slice::from_ref(other),
        }
    }

    /// The member `key` of a map.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(map) => map.get(key),
            _ => None,
        }
    }

    /// The first unknown in it, at any depth.
    #[must_use]
    pub fn first_unknown(&self) -> Option<&Unknown> {
        match self {
            Value::Unknown(unknown) => Some(unknown),
            Value::List(items) => items.iter().find_map(Value::first_unknown),
            Value::Map(map) => map.values().find_map(Value::first_unknown),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Text(_) => None,
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.expression, self.why)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Value::List(items)
    }
}
