//! Texts: scalars, `Fn::Sub`, `Fn::Join` and `Fn::Split`.

use std::sync::Arc;

use aedile_model::{Place, Unknown, Value};

use super::stack::{Evaluator, Scope, computed};
use crate::iac::datum::{Datum, Kind};
use crate::yaml;

/// Bytes of a text that evaluation may make.
const TEXT_BYTES: usize = 1 << 18;

/// The value of a scalar without functions. A number with a zero in front stays text: it is an account.
///
/// `framework`: whether `${…}` is replaced by a framework before CloudFormation sees it.
pub(super) fn scalar(node: &yaml::Node, path: &Arc<str>, framework: bool) -> Datum {
    let kind = match (node.value(), node.str()) {
        (Value::Null, _) => Kind::Null,
        (Value::Bool(truth), _) => Kind::Bool(truth),
        (Value::Int(number), Some(text)) if !(text.len() > 1 && text.starts_with('0')) => Kind::Int(number),
        (_, Some(text)) if text.contains("{{resolve:") => {
            let why = "it stands in a store that is read when the stack is deployed";
            Kind::Computed { text: text.to_owned(), why: unknown(text, why) }
        }
        (_, Some(text)) if framework && text.contains("${") => {
            Kind::Computed { text: text.to_owned(), why: unknown(text, "a framework gives it") }
        }
        (_, text) => Kind::Text(text.unwrap_or_default().to_owned()),
    };
    let place = Place::new(path, node.span.start as usize, node.span.end as usize);
    Datum::new(kind, Some(place.clone())).literal((!node.shared).then_some(place))
}

fn unknown(text: &str, why: &str) -> Unknown {
    Unknown { expression: text.chars().take(120).collect(), why: why.to_owned() }
}

/// Parts of a text put together: known, or with holes and the first reason why not.
#[derive(Default)]
struct Parts {
    text: String,
    why: Option<Unknown>,
    of: Option<Arc<crate::iac::datum::Target>>,
}

impl Parts {
    fn push(&mut self, value: &Datum) {
        match &value.kind {
            Kind::Text(text) => self.text.push_str(text),
            _ => match value.text() {
                Some(text) => self.text.push_str(&text),
                None => {
                    let why = value.why_unknown().cloned();
                    let why = why.unwrap_or_else(|| unknown("text", "a part of it is no text"));
                    let hole = value.holed().unwrap_or_else(|| crate::iac::datum::hole_for(&why.expression));
                    self.text.push_str(&hole);
                    self.why.get_or_insert(why);
                }
            },
        }
        if self.of.is_none() {
            self.of.clone_from(&value.of);
        }
    }

    fn whole(self) -> Datum {
        if self.text.len() > TEXT_BYTES {
            return Datum::unknown("text", "evaluating it reaches a limit");
        }
        let kind = match self.why {
            Some(why) => Kind::Computed { text: self.text, why },
            None => Kind::Text(self.text),
        };
        Datum::from(kind).of(self.of)
    }

    fn full(&self) -> bool {
        self.text.len() > TEXT_BYTES
    }
}

impl<'a> Evaluator<'a> {
    /// `Fn::Sub`: a text, or a list of a text and values for its names.
    pub(super) fn sub(&mut self, argument: &'a yaml::Node, scope: &Scope) -> Datum {
        let (template, names) = match argument.items() {
            [] => (argument, None),
            [template, rest @ ..] => (template, rest.first()),
        };
        let Some(template) = template.str() else {
            return Datum::unknown("Fn::Sub", "its text is not written out");
        };
        let mut parts = Parts::default();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            parts.text.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                parts.text.push_str("${");
                rest = after;
                continue;
            };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                parts.text.push_str(&format!("${{{literal}}}"));
                continue;
            }
            let name = name.trim();
            let value = match names.and_then(|names| names.get(name)) {
                Some(node) => self.evaluate(node, scope),
                None => self.named(name, scope),
            };
            // Nothing but one name is the value itself.
            if before.is_empty() && rest.is_empty() && parts.text.is_empty() && !matches!(value.kind, Kind::List(_)) {
                return value;
            }
            parts.push(&value);
            if parts.full() {
                break;
            }
        }
        parts.text.push_str(rest);
        if parts.why.is_none() && parts.text.contains("{{resolve:") {
            parts.why = Some(unknown(&parts.text, "it stands in a store that is read when the stack is deployed"));
        }
        parts.whole()
    }

    /// `Name` or `Resource.Attribute`.
    fn named(&mut self, name: &str, scope: &Scope) -> Datum {
        match name.split_once('.') {
            Some((id, attribute)) if !scope.names.contains_key(name) => self.attribute(scope.stack, id, attribute),
            _ => self.reference(name, scope),
        }
    }

    /// `Fn::Join`: a delimiter and a list.
    pub(super) fn join_texts(&mut self, argument: &'a yaml::Node, scope: &Scope) -> Datum {
        let [delimiter, list] = argument.items() else {
            return Datum::unknown("Fn::Join", "it has no delimiter and list");
        };
        let delimiter = self.evaluate(delimiter, scope).text().unwrap_or_default();
        let list = self.evaluate(list, scope);
        let Kind::List(items) = &list.kind else {
            let why = list.why_unknown().map_or("its list is not known".to_owned(), |why| why.why.clone());
            return Datum { of: list.of.clone(), ..computed("Fn::Join", &why) };
        };
        let mut parts = Parts::default();
        for (nth, item) in items.iter().enumerate() {
            if nth > 0 {
                parts.text.push_str(&delimiter);
            }
            parts.push(item);
            if parts.full() {
                break;
            }
        }
        parts.whole()
    }

    /// `Fn::Split`: a delimiter and a text.
    pub(super) fn split(&mut self, argument: &'a yaml::Node, scope: &Scope) -> Datum {
        let [delimiter, whole] = argument.items() else {
            return Datum::unknown("Fn::Split", "it has no delimiter and text");
        };
        let delimiter = self.evaluate(delimiter, scope).text().unwrap_or_default();
        let whole = self.evaluate(whole, scope);
        let Some(text) = whole.holed().filter(|_| !delimiter.is_empty()) else { return whole };
        let why = whole.why_unknown().cloned();
        let part = |text: &str| {
            let kind = match &why {
                Some(why) if text.contains('{') => Kind::Computed { text: text.to_owned(), why: why.clone() },
                _ => Kind::Text(text.to_owned()),
            };
            Datum::new(kind, whole.place.clone()).of(whole.of.clone())
        };
        let mut items: Vec<Datum> = text.split(delimiter.as_str()).map(part).collect();
        // A hole alone may hold the delimiter: how many parts there are is not known.
        if items.len() == 1 && why.is_some() {
            return whole;
        }
        if !self.bound.spend(items.len()) {
            items.clear();
        }
        Kind::List(items.into()).into()
    }
}
