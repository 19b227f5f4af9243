//! What names mean: parameters, resources, their attributes, outputs and conditions.

use std::sync::Arc;

use aedile_model::Unknown;
use aedile_rules::ResourceSource;

use super::{Declared, Evaluator, Memo, Scope, computed};
use crate::iac::cloudformation::{branch, serverless, text};
use crate::iac::condition::Truth;
use crate::iac::datum::{Datum, Kind, Target, hole_for};
use crate::yaml;

impl<'a> Evaluator<'a> {
    /// What `Ref` of `name` is in `scope`.
    pub(in crate::iac::cloudformation) fn reference(&mut self, name: &str, scope: &Scope) -> Datum {
        if let Some(value) = scope.names.get(name) {
            return value.clone();
        }
        if let Some(value) = self.pseudo(name, scope.stack) {
            return value;
        }
        let parameters = self.section(scope.stack, "Parameters");
        let declared = parameters.and_then(|all| all.entries().iter().rev().find(|e| e.key.str() == Some(name)));
        match declared.and_then(|entry| Some((entry.key.str()?, &entry.value))) {
            Some((name, node)) => self.parameter(scope.stack, name, node),
            None => self.attribute(scope.stack, name, "Ref"),
        }
    }

    fn pseudo(&mut self, name: &str, at: usize) -> Option<Datum> {
        let name = name.strip_prefix("AWS::")?;
        let values = self.stacks.get(at).map(|stack| &stack.values);
        let given = self.given.get(&format!("AWS::{name}")).cloned();
        let known = given.or_else(|| match name {
            "Region" => values.and_then(|values| values.region()).map(str::to_owned),
            "StackName" => values.and_then(|values| values.stack_name()).map(str::to_owned),
            _ => None,
        });
        let china = |this: &mut Self| {
            this.pseudo("AWS::Region", at).and_then(|region| region.text()).is_some_and(|text| text.starts_with("cn-"))
        };
        Some(match (name, known) {
            ("NoValue", _) => Kind::Null.into(),
            (_, Some(known)) => Datum::from_text(known),
            ("Partition", None) => Datum::from_text(if china(self) { "aws-cn" } else { "aws" }),
            ("URLSuffix", None) => Datum::from_text(if china(self) { "amazonaws.com.cn" } else { "amazonaws.com" }),
            (_, None) => computed(&format!("AWS::{name}.Ref"), "it is known only when the stack is deployed"),
        })
    }

    /// The region that the stack at `at` is deployed to, if that is known.
    pub(in crate::iac::cloudformation) fn region(&mut self, at: usize) -> Option<Datum> {
        self.pseudo("AWS::Region", at).filter(|region| region.text().is_some())
    }

    fn parameter(&mut self, at: usize, name: &'a str, node: &'a yaml::Node) -> Datum {
        match self.parameters.get(&(at, name)) {
            Some(Memo::Known(value)) => return value.clone(),
            Some(Memo::Running) => return Datum::unknown(format!("Ref {name}"), "it depends on itself"),
            None => {}
        }
        self.parameters.insert((at, name), Memo::Running);
        let value = self.parameter_value(at, name, node);
        self.parameters.insert((at, name), Memo::Known(value.clone()));
        value
    }

    fn parameter_value(&mut self, at: usize, name: &'a str, node: &'a yaml::Node) -> Datum {
        let type_name = node.get("Type").and_then(yaml::Node::str).unwrap_or("String");
        let Some(stack) = self.stacks.get(at) else {
            return Datum::unknown(format!("Ref {name}"), "there is no such stack");
        };
        let unknown = |why: &str| computed(&format!("Parameters.{name}"), why);
        let path = Arc::clone(&stack.template.path);
        if let Some((inputs, scope)) = stack.inputs.clone() {
            if let Some(input) = inputs.and_then(|inputs| inputs.get(name)) {
                return typed(self.evaluate(input, &scope), type_name);
            }
        } else if let Some(value) = self.given.get(name) {
            return typed(Datum::from_text(value.as_str()), type_name);
        } else {
            match stack.values.parameter(name) {
                Ok(Some((value, place))) => return typed(Datum::from_text(value).at(place), type_name),
                Ok(None) => {}
                Err(()) => return unknown("the files of parameters do not agree on it"),
            }
        }
        if type_name.starts_with("AWS::SSM::Parameter::Value") {
            return unknown("it stands in the parameter store");
        }
        let allowed = node.get("AllowedValues").map(yaml::Node::items).unwrap_or_default();
        match (node.get("Default"), allowed) {
            (Some(default), _) => typed(text::scalar(default, &path, false), type_name),
            (None, [only]) => typed(text::scalar(only, &path, false), type_name),
            (None, _) => unknown("the parameter has no default and no value is given"),
        }
    }

    /// The attribute of a resource of the stack at `at`: a name that its own properties form, or a hole.
    pub(in crate::iac::cloudformation) fn attribute(&mut self, at: usize, id: &str, attribute: &str) -> Datum {
        let expression = if attribute == "Ref" { format!("Ref {id}") } else { format!("GetAtt {id}.{attribute}") };
        let Some(stack) = self.stacks.get(at) else {
            return Datum::unknown(expression, "there is no such stack");
        };
        if let Some(&child) = stack.nested.get(id)
            && let Some(output) = attribute.strip_prefix("Outputs.")
        {
            return self.output(child, output);
        }
        let found = stack.by_id.get(id).and_then(|&nth| stack.declared.get(nth)).cloned();
        let address = format!("{}#{}{id}", stack.unit, stack.prefix);
        let hole = hole_for(&format!("{}{id}.{}", stack.prefix, attribute.replace('.', ":")));
        let serverless = stack.serverless;
        let of = Some(Arc::new(Target { address, attribute: attribute.to_owned() }));
        let why = Unknown { expression, why: "it is known only when the stack is deployed".to_owned() };
        let Some(declared) = found else {
            if serverless && serverless::makes(id, |id| self.has(at, id)) {
                return Datum::from(Kind::Computed { text: hole, why }).of(of);
            }
            return Datum::unknown(why.expression, "the template has no parameter or resource of that name");
        };
        let type_name = serverless::becomes(declared.type_name);
        let rule = self.rules.resource(ResourceSource::CloudFormation, type_name);
        let template = rule.and_then(|rule| rule.exports.get(attribute)).cloned();
        let running = (at, id.to_owned());
        let named = match template {
            Some(template) if self.running.insert(running.clone()) => {
                let mut known = true;
                let filled = crate::iac::name::fill(&template, |path| {
                    let value = self.property(&declared, path)?;
                    known &= value.text().is_some();
                    value.holed()
                });
                self.running.remove(&running);
                filled.map(|filled| (filled, known))
            }
            _ => None,
        };
        let kind = match named {
            Some((text, true)) => Kind::Text(text),
            Some((text, false)) => Kind::Computed { text, why },
            None => Kind::Computed { text: hole, why },
        };
        Datum::from(kind).of(of)
    }

    pub(in crate::iac::cloudformation) fn has(&self, at: usize, id: &str) -> bool {
        self.stacks.get(at).is_some_and(|stack| stack.by_id.contains_key(id))
    }

    /// One property of a resource, by a path whose first key is evaluated alone.
    fn property(&mut self, declared: &Declared<'a>, path: &str) -> Option<Datum> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let node = declared.node.get("Properties")?.get(first)?;
        let value = self.evaluate(node, &declared.scope);
        crate::iac::path::values(&value, rest).into_iter().next()
    }

    /// What the stack at `at` gives under the name `output`.
    pub(in crate::iac::cloudformation) fn output(&mut self, at: usize, output: &str) -> Datum {
        let expression = format!("Outputs.{output}");
        let section = self.section(at, "Outputs");
        let found = section.and_then(|all| all.entries().iter().rev().find(|e| e.key.str() == Some(output)));
        let Some((name, node)) = found.and_then(|entry| Some((entry.key.str()?, entry.value.get("Value")?))) else {
            return Datum::unknown(expression, "the nested template has no output of that name");
        };
        match self.outputs.get(&(at, name)) {
            Some(Memo::Known(value)) => return value.clone(),
            Some(Memo::Running) => return Datum::unknown(expression, "it depends on itself"),
            None => {}
        }
        self.outputs.insert((at, name), Memo::Running);
        let Some(scope) = self.scope(at) else { return Datum::unknown(expression, "there is no such stack") };
        let value = self.evaluate(node, &scope);
        self.outputs.insert((at, name), Memo::Known(value.clone()));
        value
    }

    /// Whether the condition `name` of the stack at `at` holds.
    pub(in crate::iac::cloudformation) fn condition(&mut self, at: usize, name: &str) -> Truth {
        let expression = format!("Condition {name}");
        let unknown = |why: &str| Truth::Unknown(Unknown { expression: expression.clone(), why: why.to_owned() }, None);
        let section = self.section(at, "Conditions");
        let found = section.and_then(|all| all.entries().iter().rev().find(|e| e.key.str() == Some(name)));
        let Some((name, node)) = found.and_then(|entry| Some((entry.key.str()?, &entry.value))) else {
            return unknown("the template has no condition of that name");
        };
        match self.conditions.get(&(at, name)) {
            Some(Memo::Known(truth)) => return truth.clone(),
            Some(Memo::Running) => return unknown("it depends on itself"),
            None => {}
        }
        self.conditions.insert((at, name), Memo::Running);
        let Some(scope) = self.scope(at) else { return unknown("there is no such stack") };
        let truth = match self.evaluate(node, &scope).kind {
            Kind::Bool(truth) => branch::truth(truth),
            Kind::Text(text) if text == "true" || text == "false" => branch::truth(text == "true"),
            kind => {
                let why = Datum::from(kind).why_unknown().cloned();
                why.map_or_else(|| unknown("it is no truth value"), |why| Truth::Unknown(why, None))
            }
        };
        self.conditions.insert((at, name), Memo::Known(truth.clone()));
        truth
    }
}

/// `value` as a parameter of the type `type_name` is read.
fn typed(value: Datum, type_name: &str) -> Datum {
    let (place, written) = (value.place.clone(), value.written.clone());
    let text = match &value.kind {
        Kind::Text(text) => text.clone(),
        Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) => value.text().unwrap_or_default(),
        _ => return value,
    };
    if type_name == "CommaDelimitedList" || type_name.starts_with("List<") {
        let items = text.split(',').map(|item| Datum::from_text(item.trim()).at(place.clone())).collect();
        return Datum::new(Kind::List(items), place).of(value.of);
    }
    match type_name {
        "Number" => {
            text.trim().parse().map_or(value, |number| Datum::from(Kind::Int(number)).at(place).literal(written))
        }
        _ => Datum { kind: Kind::Text(text), place, of: value.of, written: value.written },
    }
}
