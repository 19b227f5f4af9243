//! What parameters and variables are.

use std::sync::Arc;

use aedile_model::Unknown;

use super::{Evaluator, Here, member_of};
use crate::iac::datum::{Datum, Kind};

impl Evaluator<'_> {
    /// A parameter, variable or output of the template that `here` is in.
    pub(in crate::iac::arm) fn named(&mut self, kind: &'static str, name: &str, here: &Here) -> Option<Datum> {
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
}

fn outside(name: &str, why: &str) -> Datum {
    let why = Unknown { expression: format!("parameters('{name}')"), why: why.to_owned() };
    Kind::Computed { text: format!("{{parameters.{name}}}"), why }.into()
}
