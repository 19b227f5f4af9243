//! The arguments of a call, evaluated.

use aedile_model::Place;
use aedile_rules::{Api, ApiCondition};
use ruff_python_ast::{Expr, ExprCall};

use super::interpret::Interpreter;
use super::value::Value;
use crate::code::flow::Data;

/// What a call is given.
#[derive(Debug, Clone, Default)]
pub(super) struct Arguments<'w> {
    /// By position.
    pub(super) positional: Vec<Value<'w>>,
    /// By keyword, `**mapping` spread out.
    pub(super) keywords: Vec<(String, Value<'w>)>,
    /// The source of each positional argument, for holes.
    pub(super) sources: Vec<&'w str>,
    /// The source of each keyword argument.
    pub(super) keyword_sources: Vec<&'w str>,
    /// Each positional argument as it is written, if it stands in the call.
    pub(super) written: Vec<Option<&'w Expr>>,
    /// Where each positional argument that stands in the call does.
    pub(super) places: Vec<Option<Place>>,
    /// Where each keyword with its argument stands.
    pub(super) keyword_places: Vec<Option<Place>>,
}

impl<'w> Arguments<'w> {
    /// The argument given as the keyword `name`.
    pub(super) fn keyword(&self, name: &str) -> Option<&Value<'w>> {
        self.keywords.iter().rev().find(|(held, _)| held == name).map(|(_, value)| value)
    }

    /// The argument that plays `role` by the rule `api`.
    pub(super) fn role(&self, api: &Api, role: &str) -> Option<&Value<'w>> {
        let argument = api.args.get(role)?;
        argument
            .names()
            .iter()
            .find_map(|name| self.keyword(name))
            .or_else(|| argument.at.and_then(|at| self.positional.get(at)))
    }

    /// The source text of the argument that plays `role`.
    pub(super) fn role_source(&self, api: &Api, role: &str) -> Option<&'w str> {
        let argument = api.args.get(role)?;
        let named = argument.names().iter().find_map(|name| self.keywords.iter().position(|(held, _)| held == name));
        match named {
            Some(at) => self.keyword_sources.get(at).copied(),
            None => argument.at.and_then(|at| self.sources.get(at)).copied(),
        }
    }

    /// Where the argument that plays `role` stands, if the call itself has it.
    pub(super) fn role_place(&self, api: &Api, role: &str) -> Option<Place> {
        let argument = api.args.get(role)?;
        let named = argument.names().iter().find_map(|name| self.keywords.iter().position(|(held, _)| held == name));
        match named {
            Some(at) => self.keyword_places.get(at)?.clone(),
            None => self.places.get(argument.at?)?.clone(),
        }
    }

    /// Whether `condition` holds of the arguments by the rule `api`.
    pub(super) fn holds(&self, api: &Api, condition: &ApiCondition) -> bool {
        let value = self.role(api, &condition.arg);
        condition.is.iter().any(|word| match (word.as_str(), value) {
            ("absent", None | Some(Value::None)) => true,
            ("text", Some(Value::Text(_))) => true,
            ("present", Some(value)) => !matches!(value, Value::None),
            ("other", Some(value)) => !matches!(value, Value::None | Value::Text(_)),
            ("true", Some(Value::Bool(true))) | ("false", Some(Value::Bool(false))) => true,
            (word, Some(Value::Text(text))) => text.text.eq_ignore_ascii_case(word),
            _ => false,
        })
    }

    /// The arguments for each text that one of them may be; `None` where none is one of several.
    pub(super) fn variants(&self) -> Option<Vec<Arguments<'w>>> {
        let at = self.positional.iter().position(|value| matches!(value, Value::Either(_)))?;
        let mut variants = Vec::new();
        for value in self.positional.get(at)?.clone().alternatives() {
            let mut one = self.clone();
            if let Some(slot) = one.positional.get_mut(at) {
                *slot = value;
            }
            match one.variants() {
                Some(more) => variants.extend(more),
                None => variants.push(one),
            }
        }
        variants.truncate(Value::MOST);
        Some(variants)
    }

    /// Every argument, by position and then by keyword.
    pub(super) fn all(&self) -> impl Iterator<Item = &Value<'w>> {
        self.positional.iter().chain(self.keywords.iter().map(|(_, value)| value))
    }

    /// The data in all arguments together.
    pub(super) fn data(&self) -> Data {
        let mut all = Data::default();
        for value in self.all() {
            all.join(&value.data());
        }
        all
    }
}

impl<'w> Interpreter<'w> {
    /// The arguments of `call`.
    pub(super) fn arguments(&mut self, call: &'w ExprCall) -> Arguments<'w> {
        let mut arguments = Arguments::default();
        for argument in &call.arguments.args {
            let value = self.value(argument);
            match (argument, value) {
                (Expr::Starred(starred), Value::List(items)) => {
                    for item in items {
                        arguments.positional.push(item);
                        arguments.sources.push(self.source(&*starred.value));
                        arguments.written.push(None);
                        arguments.places.push(None);
                    }
                }
                (argument, value) => {
                    arguments.positional.push(value);
                    arguments.sources.push(self.source(argument));
                    arguments.written.push(Some(argument));
                    arguments.places.push(Some(self.place(argument)));
                }
            }
        }
        for keyword in &call.arguments.keywords {
            let value = self.value(&keyword.value);
            let source = self.source(&keyword.value);
            let place = Some(self.place(keyword));
            match (&keyword.arg, value) {
                (Some(name), value) => {
                    arguments.keywords.push((name.as_str().to_owned(), value));
                    arguments.keyword_sources.push(source);
                    arguments.keyword_places.push(place);
                }
                (None, Value::Map(items)) => {
                    for (name, value) in items {
                        arguments.keywords.push((name, value));
                        arguments.keyword_sources.push(source);
                        arguments.keyword_places.push(place.clone());
                    }
                }
                (None, value) => {
                    arguments.keywords.push((String::new(), value));
                    arguments.keyword_sources.push(source);
                    arguments.keyword_places.push(place);
                }
            }
        }
        // Airflow: what a DAG gives to its tasks by default is given to the DAG.
        if let Some(Value::Map(items)) = arguments.keyword("default_args").cloned() {
            for (name, value) in items {
                if arguments.keyword(&name).is_none() {
                    arguments.keywords.push((name, value));
                    arguments.keyword_sources.push("default_args");
                    arguments.keyword_places.push(None);
                }
            }
        }
        arguments
    }
}
