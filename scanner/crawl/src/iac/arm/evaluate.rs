//! Values of template expressions: parameters, variables, loops and what only a deployment can know.
//!
//! What a deployment decides (`reference`, `uniqueString`, the resource group's place, a parameter without
//! value) is given but not known: a text with `{hole}`s, which says what resource it speaks of where it does.
//! Steps, depth and loops are bounded; beyond them values are unknown and the limit is recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Place, Unknown};

mod call;
mod name;

use super::address::Types;
use super::expression::{Expression, literal, parse};
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
