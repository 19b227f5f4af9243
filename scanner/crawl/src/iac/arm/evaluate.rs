//! Values of template expressions: parameters, variables, loops and what only a deployment can know.
//!
//! What a deployment decides (`reference`, `uniqueString`, the resource group's place, a parameter without
//! value) is given but not known: a text with `{hole}`s, which says what resource it speaks of where it does.
//! Steps, depth and loops are bounded; beyond them values are unknown and the limit is recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Place, Unknown};

use super::address::Types;
use super::expression::{Expression, literal, parse};
use super::functions;
use crate::iac::datum::{Datum, Kind, Map, Target};

/// Values and expressions of one template with all that it deploys.
const STEPS: usize = 1_000_000;
/// Levels of values, expressions and the variables that they name, all together.
const DEPTH: usize = 96;
/// Turns of one loop, the provider's own bound.
/// Source: learn.microsoft.com/azure/azure-resource-manager/templates/copy-resources, copy limits.
pub(super) const TURNS: i64 = 800;

/// Where an expression is evaluated: in which template's names, in which turn of which loops.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Here {
    pub(super) scope: usize,
    pub(super) frame: Arc<Frame>,
}

/// Names that hold for a part of a template.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Frame {
    /// Loops by name, the innermost last, with the turn.
    pub(super) turns: Vec<(String, Datum)>,
    /// Arguments of lambdas.
    lambda: BTreeMap<String, Datum>,
    /// Arguments of a function of the template, which sees no others.
    arguments: Option<BTreeMap<String, Datum>>,
}

impl Here {
    /// The same in that turn of the loop `name`.
    pub(super) fn turn(&self, name: &str, turn: Datum) -> Here {
        let mut frame = (*self.frame).clone();
        frame.turns.push((name.to_owned(), turn));
        Here { scope: self.scope, frame: Arc::new(frame) }
    }
}

/// A template that is deployed, with the values it was given.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) template: Arc<Datum>,
    /// The file that it stands in.
    pub(super) path: Arc<str>,
    /// `{value}` or `{reference}` of each parameter by its name in lower case, and where that is evaluated.
    pub(super) given: BTreeMap<String, (Datum, Option<Here>)>,
    /// Resources by symbolic name.
    pub(super) symbols: BTreeMap<String, String>,
    /// Whether a person starts it, so that parameters come from outside.
    pub(super) root: bool,
    known: BTreeMap<(&'static str, String), Datum>,
    busy: BTreeSet<(&'static str, String)>,
}

impl Scope {
    pub(super) fn new(template: Arc<Datum>, path: Arc<str>, given: BTreeMap<String, (Datum, Option<Here>)>) -> Scope {
        Scope {
            template,
            path,
            given,
            symbols: BTreeMap::new(),
            root: false,
            known: BTreeMap::new(),
            busy: BTreeSet::new(),
        }
    }
}

/// Evaluates the expressions of a template and of those it deploys.
pub(super) struct Evaluator<'a> {
    pub(super) types: &'a Types,
    /// Values given for parameters on the command line.
    pub(super) values: &'a BTreeMap<String, String>,
    pub(super) scopes: Vec<Scope>,
    /// Scopes of nested deployments by address.
    pub(super) deployments: BTreeMap<String, usize>,
    steps: usize,
    depth: usize,
    /// Where a limit was reached first.
    pub(super) limited: Option<Option<Place>>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(types: &'a Types, values: &'a BTreeMap<String, String>) -> Evaluator<'a> {
        Evaluator {
            types,
            values,
            scopes: Vec::new(),
            deployments: BTreeMap::new(),
            steps: STEPS,
            depth: 0,
            limited: None,
        }
    }

    /// `raw` with every expression in it evaluated.
    pub(super) fn resolve(&mut self, raw: &Datum, here: &Here) -> Datum {
        if self.depth >= DEPTH || self.steps == 0 {
            self.limited.get_or_insert_with(|| raw.place.clone());
            return Datum::unknown("expression", "evaluating the template reaches a limit").at(raw.place.clone());
        }
        self.steps -= 1;
        self.depth += 1;
        let value = match &raw.kind {
            Kind::Text(text) => self.text(text, here),
            Kind::List(items) => Kind::List(items.iter().map(|item| self.resolve(item, here)).collect()).into(),
            Kind::Map(map) => self.map(map, here),
            _ => raw.clone(),
        };
        self.depth -= 1;
        value.at(raw.place.clone())
    }

    fn text(&mut self, text: &str, here: &Here) -> Datum {
        match parse(text) {
            None => Datum::from_text(literal(text).map_or_else(|| text.to_owned(), |text| text.to_string())),
            Some(Ok(expression)) => {
                let value = self.expression(&expression, here);
                self.steps = self.steps.saturating_sub(weight(&value));
                value
            }
            Some(Err(why)) => Datum::unknown(text.chars().take(120).collect::<String>(), why),
        }
    }

    /// A map; `copy` in it makes lists.
    fn map(&mut self, map: &Map, here: &Here) -> Datum {
        let mut members = BTreeMap::new();
        for (key, raw) in &map.members {
            match (key.as_str(), &raw.kind) {
                ("copy", Kind::List(loops)) => {
                    for entry in loops {
                        let name = entry.member("name").and_then(Datum::text).unwrap_or_default();
                        members.insert(name.clone(), self.repeated(entry, &name, here));
                    }
                }
                _ => {
                    members.insert(key.clone(), self.resolve(raw, here));
                }
            }
        }
        members.into()
    }

    fn repeated(&mut self, entry: &Datum, name: &str, here: &Here) -> Datum {
        let turns = self.turns(entry, here);
        let null = Datum::from(Kind::Null);
        let input = entry.member("input").unwrap_or(&null);
        let value = match turns {
            Some(turns) => {
                let items = (0..turns).map(|turn| self.resolve(input, &here.turn(name, Kind::Int(turn).into())));
                Kind::List(items.collect()).into()
            }
            None => Datum::unknown(format!("copy {name}"), "how often it repeats is known at deployment only"),
        };
        value.at(entry.place.clone())
    }

    /// How many turns the loop `entry` takes, if that is known and within bounds.
    pub(super) fn turns(&mut self, entry: &Datum, here: &Here) -> Option<i64> {
        let count = self.resolve(entry.member("count")?, here);
        let turns = count.int()?;
        if turns > TURNS {
            self.limited.get_or_insert_with(|| entry.place.clone());
        }
        (0..=TURNS).contains(&turns).then_some(turns)
    }

    /// The value of an expression.
    pub(super) fn expression(&mut self, expression: &Expression, here: &Here) -> Datum {
        if self.depth >= DEPTH || self.steps == 0 {
            self.limited.get_or_insert(None);
            return Datum::unknown("expression", "evaluating the template reaches a limit");
        }
        self.steps -= 1;
        self.depth += 1;
        let value = match expression {
            Expression::Text(text) => Datum::from_text(text.as_str()),
            Expression::Int(number) => Kind::Int(*number).into(),
            Expression::Member(base, name) => {
                let base = self.expression(base, here);
                self.member(&base, name)
            }
            Expression::Index(base, index) => {
                let (base, index) = (self.expression(base, here), self.expression(index, here));
                self.index(&base, &index, expression)
            }
            Expression::Call(name, arguments) => self.call(&name.to_ascii_lowercase(), arguments, expression, here),
        };
        self.depth -= 1;
        value
    }

    fn member(&mut self, base: &Datum, name: &str) -> Datum {
        match &base.kind {
            Kind::Map(map) => {
                let found = map.members.get(name).or_else(|| {
                    map.members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, member)| member)
                });
                match (found, &map.open) {
                    (Some(member), _) => member.clone(),
                    (None, Some(why)) => Kind::Unknown(why.clone()).into(),
                    (None, None) => Datum::fault(name, "there is no such member"),
                }
            }
            Kind::Computed { text, why } => {
                if let Some(target) = &base.of {
                    return self.attribute(target, name);
                }
                let inside = text.trim_start_matches('{').trim_end_matches('}');
                Datum::from(Kind::Computed { text: format!("{{{inside}.{name}}}"), why: why.clone() })
            }
            Kind::Unknown(_) | Kind::Fault(_) => base.clone(),
            _ => Datum::fault(name, "only objects have members"),
        }
    }

    /// The attribute `name` below `target`: an output of a nested deployment, or what the provider sets.
    fn attribute(&mut self, target: &Target, name: &str) -> Datum {
        let attribute =
            if target.attribute.is_empty() { name.to_owned() } else { format!("{}.{name}", target.attribute) };
        let output = attribute.strip_prefix("outputs.").and_then(|rest| rest.strip_suffix(".value"));
        if let (Some(output), Some(&scope)) = (output, self.deployments.get(&target.address))
            && let Some(value) = self.named("outputs", output, &Here { scope, frame: Arc::default() })
        {
            return value;
        }
        of(&target.address, &attribute)
    }

    fn index(&mut self, base: &Datum, index: &Datum, whole: &Expression) -> Datum {
        match (&base.kind, &index.kind) {
            (Kind::List(items), Kind::Int(at)) => match usize::try_from(*at).ok().and_then(|at| items.get(at)) {
                Some(item) => item.clone(),
                None => Datum::fault(rendered(whole), "there is no such element"),
            },
            (_, Kind::Text(name)) => self.member(base, name),
            (Kind::Unknown(_) | Kind::Fault(_), _) => base.clone(),
            _ => computed(whole, "it is known at deployment only"),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Expression], whole: &Expression, here: &Here) -> Datum {
        match name {
            "if" => self.branch(arguments, whole, here),
            "and" | "or" => self.connected(name == "or", arguments, here),
            "coalesce" => self.coalesce(arguments, here),
            "copyindex" => self.turn_of(arguments, whole, here),
            "map" | "filter" => self.mapped(name == "filter", arguments, whole, here),
            "lambdavariables" => {
                let name =
                    arguments.first().map(|argument| self.expression(argument, here)).and_then(|name| name.text());
                let found = name.and_then(|name| here.frame.lambda.get(&name).cloned());
                found.unwrap_or_else(|| computed(whole, "no lambda has such an argument"))
            }
            "parameters" | "variables" => {
                let kind = if name == "parameters" { "parameters" } else { "variables" };
                let wanted = arguments.first().map(|argument| self.expression(argument, here)).and_then(|n| n.text());
                match wanted.and_then(|wanted| self.named(kind, &wanted, here)) {
                    Some(value) => value,
                    None => Datum::fault(rendered(whole), "the template has no such name"),
                }
            }
            _ => {
                let values: Vec<Datum> = arguments.iter().map(|argument| self.expression(argument, here)).collect();
                self.applied(name, &values, whole, here)
            }
        }
    }

    fn applied(&mut self, name: &str, values: &[Datum], whole: &Expression, here: &Here) -> Datum {
        match name {
            "resourceid" | "subscriptionresourceid" | "tenantresourceid" | "managementgroupresourceid" => {
                match self.types.resource_id(values) {
                    Some(address) => of(&address, "id"),
                    None => computed(whole, "the resource's type is not known"),
                }
            }
            "extensionresourceid" => match self.types.resource_id(values.get(1..).unwrap_or_default()) {
                Some(address) => of(&address, "id"),
                None => computed(whole, "the resource's type is not known"),
            },
            "reference" | "resourceinfo" => self.reference(values, whole, here),
            "resourcegroup" | "subscription" | "tenant" | "managementgroup" | "deployment" | "environment"
            | "deployer" => {
                let text = format!("{{{}}}", rendered(whole).trim_end_matches("()"));
                let why = Unknown {
                    expression: rendered(whole),
                    why: "it depends on where the template is deployed".to_owned(),
                };
                Kind::Computed { text, why }.into()
            }
            _ if name.starts_with("list") => match self.target(values.first(), here) {
                Some(address) => of(&address, name),
                None => computed(whole, "it is known at deployment only"),
            },
            _ if name.contains('.') => self.own_function(name, values, whole, here),
            _ => match functions::call(name, values) {
                Some(Ok(value)) => value,
                Some(Err(why)) => Datum::fault(rendered(whole), why),
                None => computed(whole, "it is known at deployment only"),
            },
        }
    }

    fn branch(&mut self, arguments: &[Expression], whole: &Expression, here: &Here) -> Datum {
        let [condition, yes, no] = arguments else {
            return Datum::fault(rendered(whole), "`if` takes three arguments");
        };
        let condition = self.expression(condition, here);
        match condition.bool() {
            Some(true) => self.expression(yes, here),
            Some(false) => self.expression(no, here),
            None => {
                let (yes, no) = (self.expression(yes, here), self.expression(no, here));
                if yes.kind == no.kind && yes.why_unknown().is_none() {
                    return yes;
                }
                Datum::unknown(rendered(whole), "its condition is known at deployment only")
            }
        }
    }

    /// `and` or `or`, which end at the first value that decides.
    fn connected(&mut self, decides: bool, arguments: &[Expression], here: &Here) -> Datum {
        let mut open = None;
        for argument in arguments {
            let value = self.expression(argument, here);
            match value.bool() {
                Some(truth) if truth == decides => return Kind::Bool(decides).into(),
                Some(_) => {}
                None => open = Some(value),
            }
        }
        open.unwrap_or_else(|| Kind::Bool(!decides).into())
    }

    fn coalesce(&mut self, arguments: &[Expression], here: &Here) -> Datum {
        for argument in arguments {
            let value = self.expression(argument, here);
            if !value.is_null() {
                return value;
            }
        }
        Kind::Null.into()
    }

    fn turn_of(&mut self, arguments: &[Expression], whole: &Expression, here: &Here) -> Datum {
        let values: Vec<Datum> = arguments.iter().map(|argument| self.expression(argument, here)).collect();
        let name = values.iter().find_map(|value| match &value.kind {
            Kind::Text(name) => Some(name.clone()),
            _ => None,
        });
        let offset = values.iter().find_map(|value| match value.kind {
            Kind::Int(offset) => Some(offset),
            _ => None,
        });
        let turn = match &name {
            Some(name) => here.frame.turns.iter().rev().find(|(held, _)| held == name),
            None => here.frame.turns.last(),
        };
        match turn.map(|(_, turn)| &turn.kind) {
            Some(Kind::Int(turn)) => Kind::Int(turn.saturating_add(offset.unwrap_or(0))).into(),
            _ => computed(whole, "how often the loop repeats is known at deployment only"),
        }
    }

    fn mapped(&mut self, filter: bool, arguments: &[Expression], whole: &Expression, here: &Here) -> Datum {
        let [over, Expression::Call(lambda, parts)] = arguments else {
            return computed(whole, "only a lambda of one argument is read");
        };
        let ("lambda", [name, body]) = (lambda.to_ascii_lowercase().as_str(), parts.as_slice()) else {
            return computed(whole, "only a lambda of one argument is read");
        };
        let (over, name) = (self.expression(over, here), self.expression(name, here).text().unwrap_or_default());
        let Kind::List(items) = over.kind else {
            return computed(whole, "the list is known at deployment only");
        };
        let mut found = Vec::new();
        for item in items {
            let mut frame = (*here.frame).clone();
            frame.lambda.insert(name.clone(), item.clone());
            let value = self.expression(body, &Here { scope: here.scope, frame: Arc::new(frame) });
            match (filter, value.bool()) {
                (false, _) => found.push(value),
                (true, Some(true)) => found.push(item),
                (true, Some(false)) => {}
                (true, None) => return computed(whole, "which elements it keeps is known at deployment only"),
            }
        }
        Kind::List(found).into()
    }

    fn reference(&mut self, values: &[Datum], whole: &Expression, here: &Here) -> Datum {
        match self.target(values.first(), here) {
            Some(address) => Datum {
                of: Some(Arc::new(Target { address: address.clone(), attribute: String::new() })),
                ..of(&address, "properties")
            },
            None => computed(whole, "it is known at deployment only"),
        }
    }

    /// The address of the resource that `value` names: by symbolic name, by id or by the name of a deployment.
    fn target(&self, value: Option<&Datum>, here: &Here) -> Option<String> {
        let value = value?;
        if let Some(target) = &value.of {
            return Some(target.address.clone());
        }
        let text = value.holed()?;
        if let Some(address) = self.scopes.get(here.scope).and_then(|scope| scope.symbols.get(&text)) {
            return Some(address.clone());
        }
        let deployment = format!("{}/{}", super::DEPLOYMENTS, super::address::hole_free(&text));
        if self.deployments.contains_key(&deployment) {
            return Some(deployment);
        }
        self.types.written(&text)
    }

    /// A parameter, variable or output of the template that `here` is in.
    pub(super) fn named(&mut self, kind: &'static str, name: &str, here: &Here) -> Option<Datum> {
        if kind == "parameters"
            && let Some(arguments) = &here.frame.arguments
        {
            return arguments.get(&name.to_ascii_lowercase()).cloned();
        }
        let key = (kind, name.to_ascii_lowercase());
        let scope = self.scopes.get_mut(here.scope)?;
        if let Some(value) = scope.known.get(&key) {
            return Some(value.clone());
        }
        if !scope.busy.insert(key.clone()) {
            return Some(Datum::unknown(format!("{kind}('{name}')"), "it is made of itself"));
        }
        let template = Arc::clone(&scope.template);
        let own = Here { scope: here.scope, frame: Arc::default() };
        let value = match kind {
            "parameters" => self.parameter(&template, name, &own),
            "variables" => self.variable(&template, name, &own),
            _ => {
                let output = template.member(kind).and_then(|all| member_of(all, name));
                output.and_then(|output| output.member("value").cloned()).map(|raw| self.resolve(&raw, &own))
            }
        };
        let scope = self.scopes.get_mut(here.scope)?;
        scope.busy.remove(&key);
        if let Some(value) = &value {
            scope.known.insert(key, value.clone());
        }
        value
    }

    fn variable(&mut self, template: &Datum, name: &str, own: &Here) -> Option<Datum> {
        let all = template.member("variables")?;
        if let Some(raw) = member_of(all, name) {
            return Some(self.resolve(raw, own));
        }
        let loops = all.member("copy").map(Datum::items).unwrap_or_default();
        let named =
            |entry: &&Datum| entry.member("name").and_then(Datum::text).is_some_and(|n| n.eq_ignore_ascii_case(name));
        let entry = loops.iter().find(named)?;
        Some(self.repeated(entry, &entry.member("name").and_then(Datum::text)?, own))
    }

    fn parameter(&mut self, template: &Datum, name: &str, own: &Here) -> Option<Datum> {
        let declared = member_of(template.member("parameters")?, name)?;
        let scope = self.scopes.get(own.scope)?;
        let root = scope.root;
        if root && let Some(text) = self.values.get(name) {
            let json = (declared.member("type").and_then(Datum::text)? != "string")
                .then(|| serde_json::from_str::<serde_json::Value>(text).ok());
            return Some(match json.flatten() {
                Some(json) => Datum::from_json(&json, None),
                None => Datum::from_text(text.as_str()),
            });
        }
        if let Some((given, at)) = scope.given.get(&name.to_ascii_lowercase()).cloned() {
            if matches!(given.kind, Kind::Unknown(_)) {
                return Some(given);
            }
            if let Some(value) = given.member("value") {
                return Some(match at {
                    Some(at) => self.resolve(value, &at),
                    None => value.clone(),
                });
            }
            return Some(outside(name, "it is read from a key vault at deployment").at(given.place.clone()));
        }
        if let Some(default) = declared.member("defaultValue") {
            return Some(self.resolve(default, own));
        }
        let nullable = declared.member("nullable").and_then(Datum::bool) == Some(true);
        Some(match (nullable, root) {
            (true, false) => Kind::Null.into(),
            (true, true) => Datum::unknown(format!("parameters('{name}')"), "it may be given at deployment"),
            (false, _) => outside(name, "it has no default and is given at deployment"),
        })
    }

    /// A function that the template defines: it sees its arguments alone.
    fn own_function(&mut self, name: &str, values: &[Datum], whole: &Expression, here: &Here) -> Datum {
        let Some(template) = self.scopes.get(here.scope).map(|scope| Arc::clone(&scope.template)) else {
            return computed(whole, "it is known at deployment only");
        };
        let (namespace, short) = name.split_once('.').unwrap_or(("", name));
        let spaces = template.member("functions").map(Datum::items).unwrap_or_default();
        let declared = spaces
            .iter()
            .filter(|space| {
                space.member("namespace").and_then(Datum::text).is_some_and(|n| n.eq_ignore_ascii_case(namespace))
            })
            .find_map(|space| member_of(space.member("members")?, short));
        let Some(declared) = declared else {
            return Datum::fault(rendered(whole), "the template has no such function");
        };
        let names = declared.member("parameters").map(Datum::items).unwrap_or_default();
        let names = names.iter().filter_map(|parameter| parameter.member("name").and_then(Datum::text));
        let arguments = names.map(|name| name.to_ascii_lowercase()).zip(values.iter().cloned()).collect();
        let frame = Frame { arguments: Some(arguments), ..Frame::default() };
        match declared.member("output").and_then(|output| output.member("value")) {
            Some(raw) => self.resolve(raw, &Here { scope: here.scope, frame: Arc::new(frame) }),
            None => Datum::fault(rendered(whole), "the function has no output"),
        }
    }
}

/// The member `name` of a map of the template, whose keys have no case.
pub(super) fn member_of<'d>(map: &'d Datum, name: &str) -> Option<&'d Datum> {
    map.member(name).or_else(|| match &map.kind {
        Kind::Map(map) => map.members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value),
        _ => None,
    })
}

/// What a value costs: its nodes, long texts more.
fn weight(datum: &Datum) -> usize {
    match &datum.kind {
        Kind::Text(text) | Kind::Computed { text, .. } => 1 + text.len() / 64,
        Kind::List(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Kind::Map(map) => 1 + map.members.values().map(weight).sum::<usize>(),
        _ => 1,
    }
}

/// What the provider sets on the resource at `address`.
pub(super) fn of(address: &str, attribute: &str) -> Datum {
    let why =
        Unknown { expression: format!("{address}.{attribute}"), why: "the provider sets it at deployment".to_owned() };
    Datum::from(Kind::Computed { text: format!("{{{address}.{attribute}}}"), why })
        .of(Some(Arc::new(Target { address: address.to_owned(), attribute: attribute.to_owned() })))
}

fn outside(name: &str, why: &str) -> Datum {
    let why = Unknown { expression: format!("parameters('{name}')"), why: why.to_owned() };
    Kind::Computed { text: format!("{{parameters.{name}}}"), why }.into()
}

/// Something that is given but not known, as the hole of its expression.
fn computed(whole: &Expression, why: &str) -> Datum {
    let expression = rendered(whole);
    let inside: String =
        expression.chars().filter(|c| !c.is_whitespace() && !matches!(c, '{' | '}' | '\'' | '"' | '\\')).collect();
    let text = format!("{{{}}}", inside.replace('/', "|"));
    Kind::Computed { text, why: Unknown { expression, why: why.to_owned() } }.into()
}

/// The expression as it is written, shortened.
fn rendered(expression: &Expression) -> String {
    fn write(expression: &Expression, out: &mut String) {
        if out.len() > 200 {
            return;
        }
        match expression {
            Expression::Text(text) => {
                out.push('\'');
                out.push_str(text);
                out.push('\'');
            }
            Expression::Int(number) => out.push_str(&number.to_string()),
            Expression::Member(base, name) => {
                write(base, out);
                out.push('.');
                out.push_str(name);
            }
            Expression::Index(base, index) => {
                write(base, out);
                out.push('[');
                write(index, out);
                out.push(']');
            }
            Expression::Call(name, arguments) => {
                out.push_str(name);
                out.push('(');
                for (at, argument) in arguments.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    write(argument, out);
                }
                out.push(')');
            }
        }
    }
    let mut out = String::new();
    write(expression, &mut out);
    out.chars().take(200).collect()
}
