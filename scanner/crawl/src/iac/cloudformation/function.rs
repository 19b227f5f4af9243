//! Evaluates nodes: plain values and the intrinsic functions, in both of their forms.
//!
//! Source: docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html.

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::{GapKind, Place};

use super::branch::Junction;
use super::stack::{Evaluator, Scope, computed};
use super::text;
use crate::iac::datum::{Datum, Kind, Map};
use crate::yaml;

/// Turns of all loops together.
const TURNS: usize = 20_000;

impl<'a> Evaluator<'a> {
    /// The value of `node` in `scope`, placed where it stands.
    pub(super) fn evaluate(&mut self, node: &'a yaml::Node, scope: &Scope) -> Datum {
        let place = place(node, &scope.path);
        if !self.enter(|| place.clone()) {
            return Datum::unknown("value", "evaluating it reaches a limit").at(Some(place));
        }
        let datum = match &node.tag {
            Some(tag) => self.call(tag, node, scope),
            None => self.untagged(node, scope),
        };
        self.bound.leave();
        datum.at(Some(place))
    }

    /// The value of `node` whatever its tag.
    fn untagged(&mut self, node: &'a yaml::Node, scope: &Scope) -> Datum {
        match &node.kind {
            yaml::Kind::Scalar { .. } => {
                let framework = self.stacks.get(scope.stack).is_some_and(|stack| stack.template.framework);
                text::scalar(node, &scope.path, framework)
            }
            yaml::Kind::List(items) => {
                let items = items.iter().map(|item| self.evaluate(item, scope)).filter(|item| !item.is_null());
                Kind::List(items.collect()).into()
            }
            yaml::Kind::Map(entries) => match entries.as_slice() {
                [only] if is_function(only) => {
                    let name = only.key.str().unwrap_or_default();
                    self.long(name, &only.value, scope)
                }
                entries => self.map(entries, scope),
            },
        }
    }

    /// A function in its long form: its value has its own tag.
    fn long(&mut self, name: &str, argument: &'a yaml::Node, scope: &Scope) -> Datum {
        let name = name.strip_prefix("Fn::").unwrap_or(name);
        match (name, &argument.tag) {
            // A function over a function: the inner one gives the argument.
            ("Base64" | "Length" | "ToJsonString" | "ImportValue" | "GetAZs", _) | (_, None) => {
                self.call_on(name, argument, scope, Form::Long)
            }
            (_, Some(_)) => {
                let value = self.evaluate(argument, scope);
                let why = value.why_unknown().map_or("its arguments are computed".to_owned(), |why| why.why.clone());
                Datum { of: value.of, ..computed(&format!("Fn::{name}"), &why) }
            }
        }
    }

    fn call(&mut self, name: &str, node: &'a yaml::Node, scope: &Scope) -> Datum {
        self.call_on(name, node, scope, Form::Short)
    }

    fn call_on(&mut self, name: &str, argument: &'a yaml::Node, scope: &Scope, form: Form) -> Datum {
        match name {
            "Ref" => match argument.str() {
                Some(name) => self.reference(name, scope),
                None => Datum::unknown("Ref", "its name is not written out"),
            },
            "Condition" => match argument.str() {
                Some(name) => match self.condition(scope.stack, name) {
                    crate::iac::condition::Truth::True(_) => Kind::Bool(true).into(),
                    crate::iac::condition::Truth::False(_) => Kind::Bool(false).into(),
                    crate::iac::condition::Truth::Unknown(why, _) => Kind::Unknown(why).into(),
                },
                None => Datum::unknown("Condition", "its name is not written out"),
            },
            "GetAtt" => self.get_att(argument, scope),
            "Sub" => self.sub(argument, scope),
            "Join" => self.join_texts(argument, scope),
            "Split" => self.split(argument, scope),
            "Select" => self.select(argument, scope),
            "If" => self.choice(argument, scope),
            "Equals" => self.equals(argument, scope),
            "And" => self.all_or_any(argument, scope, Junction::All),
            "Or" => self.all_or_any(argument, scope, Junction::Any),
            "Not" => self.not(argument, scope),
            "FindInMap" => self.find_in_map(argument, scope),
            "ImportValue" => {
                let name = self.argument(argument, scope, form);
                self.import(&name, scope)
            }
            // What is encoded is read as it was before.
            "Base64" => self.argument(argument, scope, form),
            "Length" => {
                let list = self.argument(argument, scope, form);
                match &list.kind {
                    Kind::List(items) => Kind::Int(i64::try_from(items.len()).unwrap_or(i64::MAX)).into(),
                    _ => computed("Fn::Length", "its list is not known"),
                }
            }
            "ToJsonString" => {
                let value = self.argument(argument, scope, form);
                Kind::Json(Box::new(value)).into()
            }
            "GetAZs" | "Cidr" => computed(&format!("Fn::{name}"), "it is known only when the stack is deployed"),
            "Transform" => self.transform(argument, scope),
            _ => {
                let message = format!("the function `{name}` is not known");
                self.gap(place(argument, &scope.path), GapKind::Unsupported, message);
                Datum::unknown(format!("Fn::{name}"), "the function is not known")
            }
        }
    }

    /// The single argument of a function: with its own tag in the long form.
    fn argument(&mut self, node: &'a yaml::Node, scope: &Scope, form: Form) -> Datum {
        match form {
            Form::Long => self.evaluate(node, scope),
            Form::Short => self.untagged(node, scope),
        }
    }

    fn get_att(&mut self, argument: &'a yaml::Node, scope: &Scope) -> Datum {
        let (id, attribute) = match argument.items() {
            [] => match argument.str().and_then(|text| text.split_once('.')) {
                Some((id, attribute)) => (looped(id, scope), attribute.to_owned()),
                None => return Datum::unknown("Fn::GetAtt", "it does not name a resource and an attribute"),
            },
            [id, rest @ ..] => {
                let id = self.evaluate(id, scope).text();
                let rest: Option<Vec<String>> = rest.iter().map(|part| self.evaluate(part, scope).text()).collect();
                match (id, rest) {
                    (Some(id), Some(rest)) => (id, rest.join(".")),
                    _ => return computed("Fn::GetAtt", "its names are not known"),
                }
            }
        };
        self.attribute(scope.stack, &id, &attribute)
    }

    fn select(&mut self, argument: &'a yaml::Node, scope: &Scope) -> Datum {
        let [index, list] = argument.items() else {
            return Datum::unknown("Fn::Select", "it has no index and list");
        };
        let index = self.evaluate(index, scope).int().and_then(|index| usize::try_from(index).ok());
        let list = self.evaluate(list, scope);
        match (&list.kind, index) {
            (Kind::List(items), Some(index)) => match items.get(index) {
                Some(item) => item.clone(),
                None => Datum::unknown("Fn::Select", "the list has no such item"),
            },
            (Kind::List(items), None) if items.len() == 1 => items.first().cloned().unwrap_or(list),
            _ => {
                let why = list.why_unknown().map_or("its index is not known".to_owned(), |why| why.why.clone());
                Datum { of: list.of.clone(), ..computed("Fn::Select", &why) }
            }
        }
    }

    /// `Fn::FindInMap`: where a key is not known, what all of its keys give.
    fn find_in_map(&mut self, argument: &'a yaml::Node, scope: &Scope) -> Datum {
        let [map, top, second, rest @ ..] = argument.items() else {
            return Datum::unknown("Fn::FindInMap", "it has no map and two keys");
        };
        let [map, top, second] = [map, top, second].map(|key| self.evaluate(key, scope));
        let mappings = self.section(scope.stack, "Mappings");
        let Some(mapping) = map.text().and_then(|name| mappings?.get(&name)) else {
            return computed("Fn::FindInMap", "the mapping is not known");
        };
        let under = |node: &'a yaml::Node, key: &Datum| -> Vec<&'a yaml::Node> {
            match key.text() {
                Some(key) => node.get(&key).into_iter().collect(),
                None => node.entries().iter().map(|entry| &entry.value).collect(),
            }
        };
        let found: Vec<&yaml::Node> = under(mapping, &top).into_iter().flat_map(|node| under(node, &second)).collect();
        let path =
            self.stacks.get(scope.stack).map_or(Arc::clone(&scope.path), |stack| Arc::clone(&stack.template.path));
        let in_template = Scope { path, ..scope.clone() };
        let values: Vec<Datum> = found.iter().map(|node| self.evaluate(node, &in_template)).collect();
        let default = rest.first().and_then(|rest| rest.get("DefaultValue"));
        match (values.first(), default) {
            (Some(first), _) if values.iter().all(|value| value.value() == first.value()) => first.clone(),
            (Some(_), _) => computed("Fn::FindInMap", "its keys are not known and the values differ"),
            (None, Some(default)) => self.evaluate(default, scope),
            (None, None) => Datum::unknown("Fn::FindInMap", "the mapping has no such keys"),
        }
    }

    fn map(&mut self, entries: &'a [yaml::Entry], scope: &Scope) -> Datum {
        let mut map = Map::default();
        for entry in entries {
            let Some(key) = entry.key.str() else { continue };
            if let Some(name) = key.strip_prefix("Fn::ForEach::") {
                for (key, value, inner) in self.loops(name, &entry.value, scope) {
                    let value = self.evaluate(value, &inner);
                    if !value.is_null() {
                        map.members.insert(key, value);
                    }
                }
                continue;
            }
            if key == "Fn::Transform" {
                let included = self.transform(&entry.value, scope);
                match included.kind {
                    Kind::Map(included) => map.members.extend(included.members),
                    _ => map.open = included.why_unknown().cloned().or(map.open),
                }
                continue;
            }
            let mut value = self.evaluate(&entry.value, scope);
            let (start, end) = (entry.key.span.start as usize, entry.value.span.end as usize);
            if start <= end && !entry.value.shared {
                value.place = Some(Place::new(&scope.path, start, end));
            }
            if !value.is_null() {
                map.members.insert(looped(key, scope), value);
            }
        }
        Kind::Map(map).into()
    }

    /// The turns of a `Fn::ForEach`: each key with its value and what the identifier is there.
    pub(super) fn loops(
        &mut self,
        name: &str,
        node: &'a yaml::Node,
        scope: &Scope,
    ) -> Vec<(String, &'a yaml::Node, Scope)> {
        let [identifier, collection, body] = node.items() else {
            self.gap(place(node, &scope.path), GapKind::Unparsed, format!("the loop `{name}` has not three parts"));
            return Vec::new();
        };
        let collection = self.evaluate(collection, scope);
        let Some(identifier) = identifier.str() else { return Vec::new() };
        let turns: Vec<Datum> = match &collection.kind {
            Kind::List(items) => items.to_vec(),
            _ => {
                let message = format!("what the loop `{name}` goes over is not known: it is read once");
                self.gap(place(node, &scope.path), GapKind::Unresolved, message);
                vec![computed(&format!("Loops.{identifier}"), "what the loop goes over is not known")]
            }
        };
        let mut found = Vec::new();
        for turn in turns {
            let mut names: BTreeMap<String, Datum> = (*scope.names).clone();
            names.insert(identifier.to_owned(), turn);
            let inner = Scope { names: Arc::new(names), ..scope.clone() };
            for entry in body.entries() {
                self.turns += 1;
                if self.turns > TURNS {
                    self.bound.reach();
                    self.bound.note(|| Some(place(node, &scope.path)));
                    return found;
                }
                match entry.key.str() {
                    Some(key) if key.starts_with("Fn::ForEach::") && self.enter(|| place(node, &scope.path)) => {
                        found.extend(self.loops(key, &entry.value, &inner));
                        self.bound.leave();
                    }
                    Some(key) => found.push((looped(key, &inner), &entry.value, inner.clone())),
                    None => {}
                }
            }
        }
        found
    }
}

/// Whether the argument of a function stands under its name or has it as a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Long,
    Short,
}

/// Where `node` stands in the file at `path`.
pub(super) fn place(node: &yaml::Node, path: &Arc<str>) -> Place {
    Place::new(path, node.span.start as usize, node.span.end as usize)
}

/// Whether the only member of a mapping is a function. `Condition` over more than a name is a member like others.
fn is_function(only: &yaml::Entry) -> bool {
    match only.key.str() {
        Some("Ref" | "Condition") => only.value.str().is_some(),
        Some(key) => key.starts_with("Fn::") && !key.starts_with("Fn::ForEach::"),
        None => false,
    }
}

/// `text` with the identifiers of loops replaced, `${Name}` and `&{Name}`.
pub(super) fn looped(text: &str, scope: &Scope) -> String {
    if scope.names.is_empty() || !text.contains('{') {
        return text.to_owned();
    }
    let mut text = text.to_owned();
    for (name, value) in scope.names.iter() {
        let written = value.text().unwrap_or_else(|| "Any".to_owned());
        text = text.replace(&format!("${{{name}}}"), &written);
        let bare: String = written.chars().filter(char::is_ascii_alphanumeric).collect();
        text = text.replace(&format!("&{{{name}}}"), &bare);
    }
    text
}
