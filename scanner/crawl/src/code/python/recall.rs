//! Calls that were followed before with the same arguments, and what came of them.
//!
//! A library's functions call each other many times over. A call that says nothing new would give the facts that
//! the first one gave, so its result is remembered instead.

use std::fmt::Write;

use super::argument::Arguments;
use super::interpret::Interpreter;
use super::value::{Function, Value};

/// Bytes that describe the arguments of a call that is remembered; longer ones are followed again.
const LONGEST: usize = 512;

/// Values inside each other in such a description.
const DEEPEST: usize = 4;

/// What came of a call.
pub(super) struct Recalled<'w> {
    /// The result.
    result: Value<'w>,
    /// Calls that it was inside of.
    within: usize,
    /// Whether a call inside it was not followed because too many were open.
    cut: bool,
}

impl<'w> Interpreter<'w> {
    /// The call in words; `None` where it holds data or too much to say.
    pub(super) fn question(&self, function: Function<'w>, arguments: &Arguments<'w>) -> Option<String> {
        let mut said = String::new();
        let state = (function.key(), self.quiet, self.views.len(), self.parameters.len(), self.gate().is_some());
        write!(said, "{state:?}").ok()?;
        if let Some(receiver) = function.receiver {
            self.say(&Value::Instance(receiver), 0, &mut said)?;
        }
        for value in &arguments.positional {
            self.say(value, 0, &mut said)?;
        }
        for (name, value) in &arguments.keywords {
            write!(said, ",{name}=").ok()?;
            self.say(value, 0, &mut said)?;
        }
        Some(said)
    }

    /// Whether `a` and `b` are known to be the same.
    pub(super) fn same(&self, a: &Value<'w>, b: &Value<'w>) -> bool {
        let (mut one, mut other) = (String::new(), String::new());
        self.say(a, 0, &mut one).is_some() && self.say(b, 0, &mut other).is_some() && one == other
    }

    fn say(&self, value: &Value<'w>, depth: usize, said: &mut String) -> Option<()> {
        if depth > DEEPEST || said.len() > LONGEST {
            return None;
        }
        said.push(',');
        match value {
            Value::Unknown => said.push('?'),
            Value::None => said.push('-'),
            Value::Bool(truth) => write!(said, "{truth}").ok()?,
            Value::Int(number) => write!(said, "{number}").ok()?,
            Value::Text(text) if text.data.is_empty() && text.text.len() <= LONGEST => {
                write!(said, "{:?}{}", text.text, text.holes).ok()?;
            }
            Value::External(path) => write!(said, "x{path}").ok()?,
            Value::Module(number) => write!(said, "m{number}").ok()?,
            Value::Function(function) => write!(said, "f{:?}{:?}", function.key(), function.receiver).ok()?,
            Value::Class(class) => write!(said, "c{}.{}.{:?}", class.module, class.block, class.def.range).ok()?,
            Value::Instance(number) => {
                write!(said, "i{number}.{}", self.instance(*number)?.changes).ok()?;
            }
            Value::List(items) => self.say_all('[', items, depth, said)?,
            Value::Either(items) => self.say_all('<', items, depth, said)?,
            Value::Map(items) => {
                said.push('{');
                for (key, item) in items.iter() {
                    write!(said, "{key:?}").ok()?;
                    self.say(item, depth + 1, said)?;
                }
                said.push('}');
            }
            Value::Object(object) if object.data.is_empty() => {
                write!(said, "o{}(", object.kind).ok()?;
                for (name, field) in object.fields.iter() {
                    write!(said, "{name}=").ok()?;
                    self.say(field, depth + 1, said)?;
                }
                said.push(')');
            }
            Value::Text(_)
            | Value::Partial(_)
            | Value::Data(..)
            | Value::Expression(_)
            | Value::Lambda(_)
            | Value::Object(_) => {
                return None;
            }
        }
        Some(())
    }

    fn say_all(&self, open: char, items: &[Value<'w>], depth: usize, said: &mut String) -> Option<()> {
        said.push(open);
        for item in items {
            self.say(item, depth + 1, said)?;
        }
        said.push(']');
        Some(())
    }

    /// What came of the call before, if nothing was left out then that would be followed now.
    pub(super) fn recall(&self, question: &str) -> Option<Value<'w>> {
        let recalled = self.recalled.get(question)?;
        (!recalled.cut || recalled.within <= self.stack.len()).then(|| recalled.result.clone())
    }

    /// Keeps what came of a call; `cuts` is how many calls had not been followed before it.
    pub(super) fn remember(&mut self, question: String, result: &Value<'w>, cuts: usize) {
        let kept = Recalled { result: result.clone(), within: self.stack.len(), cut: self.cuts > cuts };
        self.recalled.insert(question, kept);
    }
}
