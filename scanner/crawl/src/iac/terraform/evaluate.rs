//! Evaluates expressions: literals, templates, operators, conditionals, `for` and traversals.
//!
//! Nothing here fails: what cannot be known is [`Kind::Unknown`], what Terraform would refuse is
//! [`Kind::Fault`]. Work is bounded by depth and by a budget of nodes; see [`Evaluator`].

use std::sync::Arc;

use aedile_model::Unknown;

use super::evaluator::Evaluator;
use super::functions;
use super::operator::{compute, decides};
use super::parse::Origin;
use super::scope::{Held, Here, Scope};
use super::syntax::{Expression, For, Form, Key, Operator, Part, Step};
use crate::iac::datum::{self, Datum, Handle, Kind, Map, hole_for};
use crate::shared::Shared;

/// Functions that give sets.
const SETS: [&str; 5] = ["fileset", "setintersection", "setsubtract", "setunion", "toset"];

/// Bytes of a text that evaluation may make.
const TEXT_BYTES: usize = 1 << 20;

impl Evaluator<'_> {
    /// The value of `expression` in `scope`, placed at its span.
    pub(super) fn evaluate(&mut self, expression: &Expression, origin: &Origin, scope: &Scope) -> Datum {
        let place = origin.place(expression.span);
        let datum = match self.literal(&expression.form) {
            Some(datum) => datum.at(place.clone()).literal(place.clone()),
            None if self.bound.enter() => {
                let datum = self.expression(expression, origin, scope);
                self.bound.leave();
                datum.at(place.clone())
            }
            None => Datum::unknown(origin.snippet(expression.span), "evaluating it reaches a limit"),
        };
        self.bound.note(|| place);
        datum
    }

    /// The same without a copy of what only a variable or local names.
    pub(super) fn shared(&mut self, expression: &Expression, origin: &Origin, scope: &Scope) -> Held {
        if let Form::Traversal(start, steps) = &expression.form
            && let (Form::Name(word), [Step::Attribute(_)]) = (&start.form, steps.as_slice())
            && matches!(word.as_str(), "var" | "local")
            && scope.names.get(word).is_none()
            && self.bound.enter()
        {
            let (held, _) = self.named(word, steps, scope, Here { origin, span: expression.span });
            self.bound.leave();
            return held;
        }
        Held::Own(self.evaluate(expression, origin, scope))
    }

    fn literal(&mut self, form: &Form) -> Option<Datum> {
        let kind = match form {
            Form::Null => Kind::Null,
            Form::Bool(truth) => Kind::Bool(*truth),
            Form::Int(number) => Kind::Int(*number),
            Form::Float(number) => Kind::Float(*number),
            Form::Text(text) => Kind::Text(text.clone()),
            _ => return None,
        };
        self.bound.spend(1).then(|| kind.into())
    }

    fn expression(&mut self, expression: &Expression, origin: &Origin, scope: &Scope) -> Datum {
        let here = Here { origin, span: expression.span };
        match &expression.form {
            Form::List(items) => {
                Kind::List(items.iter().map(|item| self.evaluate(item, origin, scope)).collect()).into()
            }
            Form::Object(members) => self.object(members, origin, scope),
            Form::Template(parts) => match parts.as_slice() {
                [Part::Value(single)] => self.evaluate(single, origin, scope),
                parts => self.template(parts, here, scope),
            },
            Form::Parenthesis(inner) => self.evaluate(inner, origin, scope),
            Form::Name(name) => match scope.names.get(name) {
                Some(value) => value.clone(),
                None => Datum::fault(name.as_str(), "there is nothing of that name"),
            },
            Form::Conditional(parts) => self.conditional(parts, origin, scope),
            Form::Call { name, arguments, expanded } => self.call(name, arguments, *expanded, here, scope),
            Form::Traversal(start, steps) => self.traversal(start, steps, here, scope),
            Form::Not(inner) => {
                let operand = self.evaluate(inner, origin, scope);
                match operand.bool() {
                    Some(truth) => Kind::Bool(!truth).into(),
                    None => not_known(&operand, &here.snippet()),
                }
            }
            Form::Negative(inner) => {
                let operand = self.evaluate(inner, origin, scope);
                match &operand.kind {
                    Kind::Int(number) => Kind::Int(number.saturating_neg()).into(),
                    Kind::Float(number) => Kind::Float(-number).into(),
                    _ => not_known(&operand, &here.snippet()),
                }
            }
            Form::Chain(first, rest) => self.chain(first, rest, here, scope),
            Form::For(expression) => self.for_expression(expression, here, scope),
            Form::Broken(why) => Datum::unknown(here.snippet(), format!("it does not parse: {why}")),
            form => self.literal(form).unwrap_or_else(|| Datum::unknown(here.snippet(), "it reaches a limit")),
        }
    }

    fn object(&mut self, members: &[(Key, Expression)], origin: &Origin, scope: &Scope) -> Datum {
        let mut map = Map::default();
        for (key, value) in members {
            let (name, span) = match key {
                Key::Word(word, span) => (Some(word.clone()), *span),
                Key::Computed(expression) => {
                    let key = self.evaluate(expression, origin, scope);
                    let known = key.text();
                    if known.is_none() {
                        let expression = origin.snippet(expression.span);
                        map.open = Some(Unknown { expression, why: "the key is not known".to_owned() });
                    }
                    // A key with holes says something all the same: `{oidc.url}:sub`.
                    (known.or_else(|| key.holed()), expression.span)
                }
            };
            let member = self.evaluate(value, origin, scope);
            let start = span.start.min(value.span.start);
            match name {
                Some(name) => {
                    let place = origin.place(aedile_model::Span { start, end: value.span.end });
                    map.members.insert(name, member.at(place));
                }
                None => {
                    let expression = origin.snippet(span);
                    map.open = Some(Unknown { expression, why: "the key is not known".to_owned() });
                }
            }
        }
        Kind::Map(map).into()
    }

    /// A template as text; its parts that are not known are holes.
    pub(super) fn template(&mut self, parts: &[Part], here: Here<'_>, scope: &Scope) -> Datum {
        let (mut text, mut why) = (String::new(), None);
        for part in parts {
            let value = match part {
                Part::Literal(literal) => {
                    text.push_str(literal);
                    continue;
                }
                Part::Value(expression) => self.evaluate(expression, here.origin, scope),
                Part::If { condition, then, otherwise } => match self.evaluate(condition, here.origin, scope).bool() {
                    Some(true) => self.inner(then, here, scope),
                    Some(false) => self.inner(otherwise, here, scope),
                    None => {
                        let expression = here.origin.snippet(condition.span);
                        Datum::unknown(expression, "the condition of the template is not known")
                    }
                },
                Part::For { key, value, collection, body } => {
                    let collection = self.evaluate(collection, here.origin, scope);
                    match pairs(&collection) {
                        Some(pairs) => {
                            let mut all = Vec::new();
                            for (index, item) in pairs {
                                let mut inner = scope.clone();
                                if let Some(name) = key {
                                    inner = inner.with(name, index);
                                }
                                all.push(self.inner(body, here, &inner.with(value, item)));
                            }
                            functions::concatenate(&all)
                        }
                        None => not_known(&collection, &here.snippet()),
                    }
                }
            };
            functions::append(&mut text, &mut why, &value);
            if text.len() > TEXT_BYTES || !self.bound.spend(text.len() / 256) {
                self.bound.reach();
                return Datum::unknown(here.snippet(), "the text grows beyond a limit");
            }
        }
        match why {
            None => Datum::from_text(text),
            Some(why) => Kind::Computed { text, why }.into(),
        }
    }

    fn inner(&mut self, parts: &[Part], here: Here<'_>, scope: &Scope) -> Datum {
        if !self.bound.enter() {
            return Datum::unknown(here.snippet(), "evaluating it reaches a limit");
        }
        let datum = self.template(parts, here, scope);
        self.bound.leave();
        datum
    }

    fn conditional(&mut self, parts: &[Expression; 3], origin: &Origin, scope: &Scope) -> Datum {
        let [condition_of, yes, no] = parts;
        let condition = self.evaluate(condition_of, origin, scope);
        match condition.bool() {
            // Which branch is taken is computed, so that the literal in it is not what decides.
            Some(true) => return self.evaluate(yes, origin, scope).literal(None),
            Some(false) => return self.evaluate(no, origin, scope).literal(None),
            None if matches!(condition.kind, Kind::Fault(_)) => {
                return not_known(&condition, &origin.snippet(condition_of.span));
            }
            None => {}
        }
        let yes = self.evaluate(yes, origin, scope);
        let no = self.evaluate(no, origin, scope);
        if yes.kind == no.kind {
            return yes;
        }
        let expression = origin.snippet(condition_of.span);
        let why = condition.why_unknown().map_or("the condition is not known".to_owned(), ToString::to_string);
        let given = |datum: &Datum| !matches!(datum.kind, Kind::Null | Kind::Unknown(_) | Kind::Fault(_));
        if given(&yes) && given(&no) && yes.text().or(no.text()).is_some() {
            let text = hole_for(&expression);
            return Kind::Computed { text, why: Unknown { expression, why } }.into();
        }
        Datum::unknown(expression, why)
    }

    fn call(&mut self, name: &str, written: &[Expression], expanded: bool, here: Here<'_>, scope: &Scope) -> Datum {
        let name = name.strip_prefix("core::").unwrap_or(name);
        if name.contains("::") {
            return Datum::unknown(here.snippet(), "functions of providers are not evaluated");
        }
        if name == "issensitive" {
            return is_sensitive(written, here);
        }
        let mut arguments: Vec<Held> = Vec::new();
        for argument in written {
            arguments.push(self.shared(argument, here.origin, scope));
        }
        if expanded && let Some(last) = arguments.pop() {
            match &last.kind {
                Kind::List(items) => arguments.extend(items.iter().cloned().map(Held::Own)),
                _ => return not_known(&last, &here.snippet()),
            }
        }
        let weight: usize = arguments.iter().map(|argument| argument.breadth()).sum();
        if !self.bound.spend(weight) {
            return Datum::unknown(here.snippet(), "evaluating it reaches a limit");
        }
        let arguments: Vec<&Datum> = arguments.iter().map(std::ops::Deref::deref).collect();
        match self.file_function(name, &arguments, here, scope) {
            Some(datum) => datum,
            None => functions::call(name, &arguments, &|| here.snippet()),
        }
    }

    /// Operators of one precedence, from left to right.
    fn chain(&mut self, first: &Expression, rest: &[(Operator, Expression)], here: Here<'_>, scope: &Scope) -> Datum {
        let mut left = self.evaluate(first, here.origin, scope);
        for (operator, expression) in rest {
            if let Some(decided) = decides(*operator, &left) {
                left = decided;
                continue;
            }
            let right = self.evaluate(expression, here.origin, scope);
            left = match decides(*operator, &right).or_else(|| compute(*operator, &left, &right)) {
                Some(value) => value,
                None => {
                    let unknown = if left.why_unknown().is_some() { &left } else { &right };
                    not_known(unknown, &here.snippet())
                }
            };
        }
        left
    }

    fn for_expression(&mut self, each: &For, here: Here<'_>, scope: &Scope) -> Datum {
        let collection = self.shared(&each.collection, here.origin, scope);
        let Some(pairs) = pairs(&collection) else {
            return not_known(&collection, &here.snippet());
        };
        // The keys of a set are its values.
        let is_set = matches!(&each.collection.form, Form::Call { name, .. } if SETS.contains(&name.as_str()));
        let (mut items, mut map) = (Vec::new(), Map::default());
        for (key, value) in pairs {
            let mut inner = scope.clone();
            if let Some(name) = &each.key {
                let key = if is_set { value.clone() } else { key };
                inner = inner.with(name, key);
            }
            inner = inner.with(&each.value, value);
            if let Some(condition) = &each.condition {
                let condition = self.evaluate(condition, here.origin, &inner);
                match condition.bool() {
                    Some(true) => {}
                    Some(false) => continue,
                    None => return not_known(&condition, &here.snippet()),
                }
            }
            let value = self.evaluate(&each.result, here.origin, &inner);
            let Some(key) = &each.result_key else {
                items.push(value);
                continue;
            };
            let key = self.evaluate(key, here.origin, &inner);
            let Some(key) = key.text() else {
                return not_known(&key, &here.snippet());
            };
            if each.grouping {
                let group = map.members.entry(key).or_insert_with(|| Kind::List(Shared::default()).into());
                if let Kind::List(group) = &mut group.kind {
                    group.push(value);
                }
            } else {
                map.members.insert(key, value);
            }
        }
        if each.result_key.is_some() { Kind::Map(map).into() } else { Kind::List(items.into()).into() }
    }

    fn traversal(&mut self, start: &Expression, steps: &[Step], here: Here<'_>, scope: &Scope) -> Datum {
        let (base, taken) = match &start.form {
            Form::Name(name) => match scope.names.get(name) {
                Some(value) => return self.walk(value, steps, here, scope),
                None => self.named(name, steps, scope, here),
            },
            _ => (Held::Own(self.evaluate(start, here.origin, scope)), 0),
        };
        match (base, steps.get(taken..).unwrap_or_default()) {
            (base, []) => {
                let weight = base.breadth();
                if self.bound.spend(weight) {
                    base.into_datum()
                } else {
                    Datum::unknown(here.snippet(), "evaluating it reaches a limit")
                }
            }
            (base, rest) => self.walk(&base, rest, here, scope),
        }
    }

    /// What `steps` lead to from `from`; only that is copied.
    fn walk(&mut self, from: &Datum, steps: &[Step], here: Here<'_>, scope: &Scope) -> Datum {
        let mut at = from;
        let mut left = steps;
        let mut blocks = None;
        while let Some((step, rest)) = left.split_first() {
            if let (Some(target), Kind::List(items)) = (&at.of, &at.kind)
                && items.iter().all(|item| matches!(item.kind, Kind::Map(_)))
            {
                blocks = Some(target);
            }
            let index = match step {
                Step::Index(expression) => Some(self.evaluate(expression, here.origin, scope)),
                _ => None,
            };
            let found = match (step, &at.kind, &index) {
                (Step::Attribute(name), Kind::Map(map), _) => map.members.get(name),
                (Step::Index(_), Kind::Map(map), Some(index)) => index.text().and_then(|name| map.members.get(&name)),
                (Step::Index(_), Kind::List(items), Some(index)) => {
                    index.int().and_then(|index| usize::try_from(index).ok()).and_then(|index| items.get(index))
                }
                _ => None,
            };
            if let Some(found) = found {
                at = found;
                left = rest;
                continue;
            }
            let value = match (step, index) {
                (Step::Attribute(name), _) => {
                    let value = self.attribute(at, name, here);
                    match (&value.kind, blocks) {
                        // What a block of a resource does not say the provider may set: `identity[0].principal_id`.
                        (Kind::Fault(_), Some(target)) => {
                            let expression = here.snippet();
                            let text = hole_for(&expression);
                            let why = Unknown { expression, why: "it is known only after apply".to_owned() };
                            Datum::from(Kind::Computed { text, why }).of(Some(Arc::clone(target)))
                        }
                        _ => value,
                    }
                }
                (_, Some(index)) => self.index(at, &index, here),
                (Step::AttributeSplat, _) => {
                    // `list.*.name[0]` takes the first of the names, `list[*].name[0]` the first of every name.
                    let names = rest.iter().take_while(|next| matches!(next, Step::Attribute(_))).count();
                    let (names, rest) = rest.split_at_checked(names).unwrap_or_default();
                    let found = self.splat(at, names, here, scope);
                    return self.deeper(&found, rest, here, scope);
                }
                _ => return self.splat(at, rest, here, scope),
            };
            return self.deeper(&value, rest, here, scope);
        }
        let weight = at.breadth();
        if self.bound.spend(weight) {
            at.clone()
        } else {
            Datum::unknown(here.snippet(), "evaluating it reaches a limit")
        }
    }

    fn deeper(&mut self, from: &Datum, steps: &[Step], here: Here<'_>, scope: &Scope) -> Datum {
        if steps.is_empty() {
            return from.clone();
        }
        if !self.bound.enter() {
            return Datum::unknown(here.snippet(), "evaluating it reaches a limit");
        }
        let datum = self.walk(from, steps, here, scope);
        self.bound.leave();
        datum
    }

    fn splat(&mut self, datum: &Datum, rest: &[Step], here: Here<'_>, scope: &Scope) -> Datum {
        match &datum.kind {
            Kind::Unknown(_) | Kind::Fault(_) => return not_known(datum, &here.snippet()),
            // Instances whose number is not known: what is said of one is said of each.
            Kind::Resource(Handle { key: datum::Key::Any, .. }) => {
                let one = self.deeper(datum, rest, here, scope);
                return Kind::List(vec![one].into()).into();
            }
            _ => {}
        }
        Kind::List(datum.items().iter().map(|item| self.deeper(item, rest, here, scope)).collect()).into()
    }

    /// `datum.name`.
    fn attribute(&mut self, datum: &Datum, name: &str, here: Here<'_>) -> Datum {
        match &datum.kind {
            Kind::Resource(handle) => self.resource_attribute(handle, name),
            Kind::Module(instance) => self.output(*instance, name, here).into_datum(),
            Kind::Map(map) => match (map.members.get(name), &map.open) {
                (Some(member), _) => member.clone(),
                (None, Some(_)) => Datum::unknown(here.snippet(), "the map is not wholly known"),
                (None, None) => Datum::fault(here.snippet(), format!("there is no `{name}` in it")),
            },
            Kind::Computed { text, why } => {
                let text = match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                    Some(inner) => format!("{{{inner}.{name}}}"),
                    None => text.clone(),
                };
                Datum::from(Kind::Computed { text, why: why.clone() }).of(datum.of.clone())
            }
            // Blocks that may stand once are written `x.block.attribute` in old code.
            Kind::List(items) if items.len() == 1 => match items.first() {
                Some(first) => self.attribute(first, name, here),
                None => Kind::Null.into(),
            },
            Kind::Unknown(why) => Datum::unknown(here.snippet(), why.to_string()),
            _ => Datum::fault(here.snippet(), format!("it has no attribute `{name}`")),
        }
    }

    fn index(&mut self, datum: &Datum, index: &Datum, here: Here<'_>) -> Datum {
        if let Kind::Resource(Handle { key: datum::Key::Any, .. }) = datum.kind {
            return datum.clone();
        }
        match (&datum.kind, &index.kind) {
            (Kind::List(items), _) if index.int().is_some() => {
                let at = index.int().and_then(|at| usize::try_from(at).ok());
                match at.and_then(|at| items.get(at)) {
                    Some(item) => item.clone(),
                    None => Datum::fault(here.snippet(), "the index is beyond the list"),
                }
            }
            (Kind::Map(_), _) if index.text().is_some() => {
                self.attribute(datum, &index.text().unwrap_or_default(), here)
            }
            (Kind::Resource(_) | Kind::Module(_), Kind::Text(name)) => self.attribute(datum, name, here),
            // Index 0 of what is known to be one.
            (Kind::Resource(_) | Kind::Module(_) | Kind::Computed { .. }, _) => datum.clone(),
            (Kind::Unknown(why) | Kind::Fault(why), _) => Datum::unknown(here.snippet(), why.to_string()),
            _ => not_known(index, &here.snippet()),
        }
    }
}

/// Whether an expression is secret, as far as its own form tells.
fn is_sensitive(written: &[Expression], here: Here<'_>) -> Datum {
    match written.first().map(|argument| &argument.form) {
        Some(Form::Call { name, .. }) if matches!(name.as_str(), "sensitive" | "nonsensitive") => {
            Kind::Bool(name == "sensitive").into()
        }
        Some(Form::Null | Form::Bool(_) | Form::Int(_) | Form::Float(_) | Form::Text(_)) => Kind::Bool(false).into(),
        _ => Datum::unknown(here.snippet(), "what is secret is not followed"),
    }
}

/// Unknown because `datum` is, or a fault because it is of the wrong type.
pub(super) fn not_known(datum: &Datum, snippet: &str) -> Datum {
    match (&datum.kind, datum.why_unknown()) {
        (Kind::Fault(why), _) => Datum::fault(snippet, why.to_string()),
        (_, Some(why)) if why.expression == snippet => Kind::Unknown(why.clone()).into(),
        (_, Some(why)) => Datum::unknown(snippet, why.to_string()),
        (Kind::Resource(_) | Kind::Module(_), None) => Datum::unknown(snippet, "its instances are not known"),
        (_, None) => Datum::fault(snippet, "it is of a type that does not fit"),
    }
}

/// Keys and values of what a `for` runs over; `None` if that is not known.
pub(super) fn pairs(collection: &Datum) -> Option<Vec<(Datum, Datum)>> {
    match &collection.kind {
        Kind::List(items) => Some(
            items
                .iter()
                .enumerate()
                .map(|(at, item)| (Kind::Int(i64::try_from(at).unwrap_or(i64::MAX)).into(), item.clone()))
                .collect(),
        ),
        Kind::Map(Map { members, open: None }) => {
            Some(members.iter().map(|(key, member)| (Datum::from_text(key), member.clone())).collect())
        }
        _ => None,
    }
}
