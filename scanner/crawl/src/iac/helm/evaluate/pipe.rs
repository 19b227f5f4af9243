//! Pipelines: commands, operands, members and what functions are given.

use std::rc::Rc;

use super::{Call, Frame, Machine, NESTING, too_deep};
use crate::iac::helm::functions;
use crate::iac::helm::parse::{Pipe, Term};
use crate::iac::helm::value::{Fault, V, Val};

impl Machine<'_> {
    /// The value of a pipeline, which its variables get.
    pub(super) fn pipe(&mut self, pipe: &Pipe, frame: &mut Frame, dot: &Val) -> Result<Val, Fault> {
        let value = self.commands(pipe, frame, dot)?;
        for name in &pipe.variables {
            if pipe.declares {
                frame.variables.push((name.clone(), value.clone()));
            } else {
                assign(frame, name, value.clone());
            }
        }
        Ok(value)
    }

    pub(super) fn commands(&mut self, pipe: &Pipe, frame: &mut Frame, dot: &Val) -> Result<Val, Fault> {
        self.nesting += 1;
        let mut result = if self.nesting > NESTING { Err(too_deep()) } else { Ok(Val::nil()) };
        for (at, command) in pipe.commands.iter().enumerate() {
            let Ok(piped) = result else { break };
            let piped = (at > 0).then_some(piped);
            result = self.command(command, piped, pipe, frame, dot);
        }
        self.nesting -= 1;
        result
    }

    fn command(
        &mut self,
        command: &[Term],
        piped: Option<Val>,
        pipe: &Pipe,
        frame: &mut Frame,
        dot: &Val,
    ) -> Result<Val, Fault> {
        self.heap.spend(1)?;
        let Some((first, rest)) = command.split_first() else { return Ok(Val::nil()) };
        if let Term::Function(name) = first {
            if matches!(name.as_str(), "and" | "or") {
                return self.shortcut(name == "or", rest, piped, frame, dot);
            }
            let mut arguments = Vec::with_capacity(rest.len() + 1);
            for term in rest {
                arguments.push(self.term(term, frame, dot)?);
            }
            arguments.extend(piped);
            let call = self.call(pipe, frame);
            return functions::call(self, name, arguments, &call);
        }
        let mut arguments = Vec::new();
        for term in rest {
            arguments.push(self.term(term, frame, dot)?);
        }
        arguments.extend(piped);
        match first {
            Term::Field(names) => self.fields(dot.clone(), names, arguments, &self.call(pipe, frame)),
            Term::Variable(name, names) => {
                let value = variable(frame, name)?;
                self.fields(value, names, arguments, &self.call(pipe, frame))
            }
            Term::Nested(inner, names) => {
                let value = self.nested(inner, frame, dot)?;
                self.fields(value, names, arguments, &self.call(pipe, frame))
            }
            _ if !arguments.is_empty() => Err(Fault::new("something that is no function is given arguments")),
            term => self.term(term, frame, dot),
        }
    }

    fn call(&self, pipe: &Pipe, frame: &Frame) -> Call {
        let at = frame.template.source.origin(pipe.span.start, pipe.span.end, false);
        Call { at, action: Some((Rc::clone(&frame.template), pipe.span.clone())) }
    }

    fn shortcut(
        &mut self,
        until: bool,
        terms: &[Term],
        piped: Option<Val>,
        frame: &mut Frame,
        dot: &Val,
    ) -> Result<Val, Fault> {
        let mut last = Val::nil();
        let mut unknown: Option<Val> = None;
        for at in 0..=terms.len() {
            let value = match (terms.get(at), &piped) {
                (Some(term), _) => self.term(term, frame, dot),
                (None, Some(piped)) => Ok(piped.clone()),
                (None, None) => break,
            };
            let value = match value {
                // What is not known may have kept it from being looked at.
                Err(fault) if unknown.is_some() && !fault.limit => break,
                value => value?,
            };
            match (self.heap.truth(&value), &unknown) {
                (Some(truth), None) if truth == until => return Ok(value),
                (Some(true), Some(held)) if until => {
                    let number = self.heap.unknown_in(held).unwrap_or_default();
                    return Ok(V::Unknown(self.heap.closed(number)).into());
                }
                (Some(false), Some(_)) if !until => return Ok(value),
                (None, None) => unknown = Some(value.clone()),
                _ => {}
            }
            last = value;
        }
        Ok(unknown.unwrap_or(last))
    }

    fn nested(&mut self, inner: &Pipe, frame: &mut Frame, dot: &Val) -> Result<Val, Fault> {
        // A declaration inside brackets holds there alone.
        let depth = frame.variables.len();
        let value = self.pipe(inner, frame, dot);
        frame.variables.truncate(depth);
        value
    }

    fn term(&mut self, term: &Term, frame: &mut Frame, dot: &Val) -> Result<Val, Fault> {
        match term {
            Term::Dot => Ok(dot.clone()),
            Term::Nil => Ok(Val::nil()),
            Term::Bool(truth) => Ok((*truth).into()),
            Term::Int(number) => Ok((*number).into()),
            Term::Float(number) => Ok(V::Float(*number).into()),
            Term::Text(text) => Ok(text.as_str().into()),
            Term::Function(name) => {
                let call = Call { at: None, action: None };
                functions::call(self, name, Vec::new(), &call)
            }
            Term::Field(names) => {
                let call = Call { at: None, action: None };
                self.fields(dot.clone(), names, Vec::new(), &call)
            }
            Term::Variable(name, names) => {
                let value = variable(frame, name)?;
                let call = Call { at: None, action: None };
                self.fields(value, names, Vec::new(), &call)
            }
            Term::Nested(inner, names) => {
                let value = self.nested(inner, frame, dot)?;
                let call = Call { at: None, action: None };
                self.fields(value, names, Vec::new(), &call)
            }
        }
    }

    /// The member at `names` of `value`; the last may be a method.
    fn fields(&mut self, value: Val, names: &[String], arguments: Vec<Val>, call: &Call) -> Result<Val, Fault> {
        // Go gives nothing for a member of nothing where the chain begins; further on it is a fault.
        if value.kind_is_nil() && !names.is_empty() {
            return Ok(value);
        }
        let mut value = value;
        let mut arguments = Some(arguments);
        for (at, name) in names.iter().enumerate() {
            let last = at + 1 == names.len();
            value = match &value.kind {
                V::Map(id) => {
                    let found = self.heap.member_or_more(*id, name).unwrap_or_else(Val::nil);
                    // Go's own values have methods of these names.
                    match arguments.as_deref() {
                        Some([other]) if last => match functions::compared(self, &value, name, other) {
                            Some(compared) => {
                                arguments = None;
                                compared
                            }
                            None => found,
                        },
                        _ if found.kind_is_nil() && last && name == "AsMap" => value.clone(),
                        _ => found,
                    }
                }
                V::Nil => return Err(Fault::new(format!("nothing is there to have the member `{name}`"))),
                V::Unknown(_) => value,
                V::Files(_) | V::Versions | V::Cluster => {
                    let given = if last { arguments.take().unwrap_or_default() } else { Vec::new() };
                    functions::method(self, &value, name, &given, call)?
                }
                _ => return Err(Fault::new(format!("a simple value has no member `{name}`"))),
            };
        }
        match arguments {
            Some(given) if !given.is_empty() => Err(Fault::new("a value that is no function is given arguments")),
            _ => Ok(value),
        }
    }
}

impl Val {
    fn kind_is_nil(&self) -> bool {
        matches!(self.kind, V::Nil)
    }
}

fn variable(frame: &Frame, name: &str) -> Result<Val, Fault> {
    let found = frame.variables.iter().rev().find(|(known, _)| known == name);
    found.map(|(_, value)| value.clone()).ok_or_else(|| Fault::new(format!("the variable `${name}` is not declared")))
}

pub(super) fn assign(frame: &mut Frame, name: &str, value: Val) {
    if let Some(held) = frame.variables.iter_mut().rev().find(|(known, _)| known == name) {
        held.1 = value;
    }
}
