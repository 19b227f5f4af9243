//! A value of a configuration as crawlers compute it: with its place, with what it refers to, and with
//! the difference between "not known yet" and "might be anything, null included".

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::{Place, Unknown, Value};

use crate::shared::{Empty, Shared};
use crate::yaml;

/// A value, where it is written and which resource it speaks of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Datum {
    pub(crate) kind: Kind,
    /// The attribute or expression that gives it.
    pub(crate) place: Option<Place>,
    /// The resource whose attribute it is, kept also where the attribute's value is known.
    pub(crate) of: Option<Arc<Target>>,
    /// The literal that it is, wherever that is written; `None` if it is computed.
    pub(crate) written: Option<Place>,
}

/// An attribute of a resource of the same configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    /// The resource's full address.
    pub(crate) address: String,
    /// The attribute; empty for the whole resource.
    pub(crate) attribute: String,
}

/// What a [`Datum`] is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// Something that is not null but not, or not wholly, known: the known parts with `{hole}`s between.
    Computed {
        text: String,
        why: Unknown,
    },
    List(Shared<Vec<Datum>>),
    Map(Map),
    /// The JSON text of a value.
    Json(Box<Datum>),
    /// A whole resource: module instance, type, name and key.
    Resource(Handle),
    /// A whole module instance.
    Module(usize),
    /// Anything, null included.
    Unknown(Unknown),
    /// An expression that fails: a missing key, a wrong type. `try` goes on after it.
    Fault(Unknown),
}

/// Members by key.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Map {
    pub(crate) members: Shared<BTreeMap<String, Datum>>,
    /// Why there may be more members than these.
    pub(crate) open: Option<Unknown>,
}

impl Empty for Vec<Datum> {
    fn empty<'a>() -> &'a Self {
        static EMPTY: Vec<Datum> = Vec::new();
        &EMPTY
    }
}

impl Empty for BTreeMap<String, Datum> {
    fn empty<'a>() -> &'a Self {
        static EMPTY: BTreeMap<String, Datum> = BTreeMap::new();
        &EMPTY
    }
}

/// Which resource of which module instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Handle {
    pub(crate) instance: usize,
    /// Whether it is a data source.
    pub(crate) data: bool,
    pub(crate) type_name: String,
    pub(crate) name: String,
    pub(crate) key: Key,
}

/// Which instance of a resource or module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    /// The only one.
    None,
    /// By `count`.
    Index(i64),
    /// By `for_each`.
    Text(String),
    /// One that stands for all: their number is not known.
    Any,
}

impl Key {
    /// As it stands after an address.
    pub(crate) fn suffix(&self) -> String {
        match self {
            Key::None => String::new(),
            Key::Index(index) => format!("[{index}]"),
            Key::Text(text) => format!("[\"{text}\"]"),
            Key::Any => "[*]".to_owned(),
        }
    }
}

impl From<Kind> for Datum {
    fn from(kind: Kind) -> Datum {
        Datum { kind, place: None, of: None, written: None }
    }
}

impl From<BTreeMap<String, Datum>> for Datum {
    fn from(members: BTreeMap<String, Datum>) -> Datum {
        Kind::Map(Map { members: members.into(), open: None }).into()
    }
}

impl Datum {
    /// A value that is computed, at `place`.
    pub(crate) fn new(kind: Kind, place: Option<Place>) -> Datum {
        Datum { place, ..Datum::from(kind) }
    }

    /// The same as an attribute of that resource, or of none.
    pub(crate) fn of(self, target: Option<Arc<Target>>) -> Datum {
        Datum { of: target, ..self }
    }

    /// Text that is known.
    pub(crate) fn from_text(text: impl Into<String>) -> Datum {
        Kind::Text(text.into()).into()
    }

    /// Anything, for that reason.
    pub(crate) fn unknown(expression: impl Into<String>, why: impl Into<String>) -> Datum {
        Kind::Unknown(Unknown { expression: expression.into(), why: why.into() }).into()
    }

    /// A failed expression.
    pub(crate) fn fault(expression: impl Into<String>, why: impl Into<String>) -> Datum {
        Kind::Fault(Unknown { expression: expression.into(), why: why.into() }).into()
    }

    /// The same at `place`.
    pub(crate) fn at(mut self, place: Option<Place>) -> Datum {
        self.place = place.or(self.place);
        self
    }

    /// The value inside JSON text made by `jsonencode`, or itself.
    pub(crate) fn decoded(&self) -> &Datum {
        match &self.kind {
            Kind::Json(inner) => inner.decoded(),
            _ => self,
        }
    }

    /// The member `key` of a map.
    pub(crate) fn member(&self, key: &str) -> Option<&Datum> {
        match &self.kind {
            Kind::Map(map) => map.members.get(key),
            _ => None,
        }
    }

    /// The items of a list; anything else but null is its own single item.
    pub(crate) fn items(&self) -> &[Datum] {
        match &self.kind {
            Kind::List(items) => items,
            Kind::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The known text of a scalar.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.kind {
            Kind::Text(text) => Some(text.clone()),
            Kind::Bool(truth) => Some(truth.to_string()),
            Kind::Int(number) => Some(number.to_string()),
            Kind::Float(number) => Some(number.to_string()),
            Kind::Json(inner) => inner.json().map(|json| json.to_string()),
            _ => None,
        }
    }

    /// The text of a scalar with `{hole}`s for what is not known.
    pub(crate) fn holed(&self) -> Option<String> {
        match &self.kind {
            Kind::Computed { text, .. } => Some(text.clone()),
            Kind::Json(inner) => Some(inner.json_holed().to_string()),
            _ => self.text(),
        }
    }

    pub(crate) fn bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(truth) => Some(*truth),
            Kind::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn int(&self) -> Option<i64> {
        match &self.kind {
            Kind::Int(number) => Some(*number),
            Kind::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Why it is not wholly known, at any depth.
    pub(crate) fn why_unknown(&self) -> Option<&Unknown> {
        match &self.kind {
            Kind::Unknown(why) | Kind::Fault(why) | Kind::Computed { why, .. } => Some(why),
            Kind::List(items) => items.iter().find_map(Datum::why_unknown),
            Kind::Map(map) => map.members.values().find_map(Datum::why_unknown).or(map.open.as_ref()),
            Kind::Json(inner) => inner.why_unknown(),
            _ => None,
        }
    }

    /// As a value of the graph; whole resources and modules have none.
    pub(crate) fn value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(truth) => Value::Bool(*truth),
            Kind::Int(number) => Value::Int(*number),
            Kind::Float(number) => Value::Text(number.to_string()),
            Kind::Text(text) => Value::Text(text.clone()),
            Kind::Computed { why, .. } | Kind::Unknown(why) | Kind::Fault(why) => Value::Unknown(why.clone()),
            Kind::List(items) => Value::List(items.iter().map(Datum::value).collect()),
            Kind::Map(Map { open: Some(why), .. }) => Value::Unknown(why.clone()),
            Kind::Map(map) => {
                Value::Map(map.members.iter().map(|(key, member)| (key.clone(), member.value())).collect())
            }
            Kind::Json(inner) => inner.value(),
            Kind::Resource(handle) => {
                Value::unknown(format!("{}.{}", handle.type_name, handle.name), "a whole resource")
            }
            Kind::Module(_) => Value::unknown("module", "a whole module"),
        }
    }

    /// As JSON, if all of it is known.
    pub(crate) fn json(&self) -> Option<serde_json::Value> {
        self.why_unknown().is_none().then(|| self.json_holed())
    }

    /// As JSON with `{hole}` texts for what is not known.
    pub(crate) fn json_holed(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.kind {
            Kind::Null => Json::Null,
            Kind::Bool(truth) => Json::Bool(*truth),
            Kind::Int(number) => Json::from(*number),
            Kind::Float(number) => Json::from(*number),
            Kind::Text(text) | Kind::Computed { text, .. } => Json::String(text.clone()),
            Kind::List(items) => Json::Array(items.iter().map(Datum::json_holed).collect()),
            Kind::Map(map) => {
                Json::Object(map.members.iter().map(|(key, member)| (key.clone(), member.json_holed())).collect())
            }
            Kind::Json(inner) => Json::String(inner.json_holed().to_string()),
            Kind::Unknown(why) | Kind::Fault(why) => Json::String(hole_for(&why.expression)),
            Kind::Resource(_) | Kind::Module(_) => Json::Null,
        }
    }

    /// The value of an attribute of the graph.
    pub(crate) fn from_value(value: &Value) -> Datum {
        let kind = match value {
            Value::Null => Kind::Null,
            Value::Bool(truth) => Kind::Bool(*truth),
            Value::Int(number) => Kind::Int(*number),
            Value::Text(text) => Kind::Text(text.clone()),
            Value::List(items) => Kind::List(items.iter().map(Datum::from_value).collect()),
            Value::Map(members) => {
                let members = members.iter().map(|(key, member)| (key.clone(), Datum::from_value(member))).collect();
                Kind::Map(Map { members, open: None })
            }
            Value::Unknown(why) => Kind::Unknown(why.clone()),
        };
        kind.into()
    }

    /// The value of JSON; `place` is that of the whole text.
    pub(crate) fn from_json(json: &serde_json::Value, place: Option<&Place>) -> Datum {
        use serde_json::Value as Json;
        let kind = match json {
            Json::Null => Kind::Null,
            Json::Bool(truth) => Kind::Bool(*truth),
            Json::Number(number) => {
                number.as_i64().map_or_else(|| Kind::Float(number.as_f64().unwrap_or_default()), Kind::Int)
            }
            Json::String(text) if has_hole(text) => {
                let why =
                    Unknown { expression: text.clone(), why: "a part of it is not known before apply".to_owned() };
                Kind::Computed { text: text.clone(), why }
            }
            Json::String(text) => Kind::Text(text.clone()),
            Json::Array(items) => Kind::List(items.iter().map(|item| Datum::from_json(item, place)).collect()),
            Json::Object(members) => Kind::Map(Map {
                members: members.iter().map(|(key, member)| (key.clone(), Datum::from_json(member, place))).collect(),
                open: None,
            }),
        };
        Datum::new(kind, place.cloned())
    }

    /// The value of a YAML node of the file at `path`.
    pub(crate) fn from_yaml(node: &yaml::Node, path: &Arc<str>) -> Datum {
        let place = Place::new(path, node.span.start as usize, node.span.end as usize);
        let kind = match &node.kind {
            yaml::Kind::Scalar { .. } => match node.value() {
                Value::Null => Kind::Null,
                Value::Bool(truth) => Kind::Bool(truth),
                Value::Int(number) => Kind::Int(number),
                other => Kind::Text(other.as_text().unwrap_or_default().to_owned()),
            },
            yaml::Kind::List(items) => Kind::List(items.iter().map(|item| Datum::from_yaml(item, path)).collect()),
            yaml::Kind::Map(entries) => {
                let mut members = BTreeMap::new();
                for entry in entries {
                    let Some(key) = entry.key.str() else { continue };
                    let mut member = Datum::from_yaml(&entry.value, path);
                    let (start, end) = (entry.key.span.start as usize, entry.value.span.end as usize);
                    if start <= end && !entry.value.shared {
                        member.place = Some(Place::new(path, start, end));
                    }
                    members.insert(key.to_owned(), member);
                }
                Kind::Map(Map { members: members.into(), open: None })
            }
        };
        let datum = Datum::new(kind, Some(place.clone()));
        if node.shared { datum } else { datum.literal(Some(place)) }
    }

    /// The same without places, for values that stand in no file.
    pub(crate) fn unplaced(mut self) -> Datum {
        self.place = None;
        match &mut self.kind {
            Kind::List(items) => items.iter_mut().for_each(|item| *item = item.clone().unplaced()),
            Kind::Map(map) => map.members.values_mut().for_each(|member| *member = member.clone().unplaced()),
            _ => {}
        }
        self
    }

    /// How much there is of it, all levels together, in values and 64 bytes of text.
    pub(crate) fn size(&self) -> usize {
        match &self.kind {
            Kind::Text(text) | Kind::Computed { text, .. } => 1 + text.len() / 64,
            Kind::List(items) => 1 + items.iter().map(Datum::size).sum::<usize>(),
            Kind::Map(map) => 1 + map.members.values().map(Datum::size).sum::<usize>(),
            Kind::Json(inner) => 1 + inner.size(),
            _ => 1,
        }
    }

    /// What a copy of it costs, judged by its first level.
    pub(crate) fn breadth(&self) -> usize {
        match &self.kind {
            Kind::Text(text) | Kind::Computed { text, .. } => 1 + text.len() / 256,
            Kind::List(items) => 1 + items.len(),
            Kind::Map(map) => 1 + map.members.len(),
            _ => 1,
        }
    }
}

/// The `{hole}` that stands for `expression` in a text: one that does not break JSON around it.
pub(crate) fn hole_for(expression: &str) -> String {
    let inside: String = expression
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '{' | '}' | '\\') && !c.is_control())
        .map(|c| if c == '"' { '\'' } else { c })
        .collect();
    format!("{{{inside}}}")
}

/// Whether `text` holds a `{hole}`, which begins and ends like an address.
pub(crate) fn has_hole(text: &str) -> bool {
    hole(text).is_some()
}

/// The first `{hole}` of `text`: what stands before it, in it and after it.
pub(crate) fn hole(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (inside, after) = rest.split_once('}')?;
    let like_address = inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && inside.contains('.')
        && !inside.contains(char::is_whitespace);
    // IAM's own variables, `${aws:username}`, are text.
    (like_address && !before.ends_with('$')).then_some((before, inside, after))
}
