//! Functions that need the evaluator: choices, loops over items, references, functions of the template itself.

use std::sync::Arc;

use aedile_model::Unknown;

use super::{Evaluator, Frame, Here, computed, member_of, of, rendered};
use crate::iac::arm::expression::Expression;
use crate::iac::arm::{DEPLOYMENTS, address, functions};
use crate::iac::datum::{Datum, Kind, Target};

impl Evaluator<'_> {
    pub(super) fn call(&mut self, name: &str, arguments: &[Expression], whole: &Expression, here: &Here) -> Datum {
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
        Kind::List(found.into()).into()
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
        let deployment = format!("{DEPLOYMENTS}/{}", address::hole_free(&text));
        if self.deployments.contains_key(&deployment) {
            return Some(deployment);
        }
        self.types.written(&text)
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
