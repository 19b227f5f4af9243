//! What `${…}` means in a bundle.

use std::sync::Arc;

use aedile_model::Unknown;

use crate::crawler::Context;
use crate::iac::datum::{Datum, Kind, Target};
use crate::iac::interpolate::{Lookup, filled};

/// Variables in variables.
const DEPTH: usize = 8;

/// The names of one bundle and target.
pub(super) struct Variables<'a> {
    body: Datum,
    over: Option<&'a Datum>,
    target: Option<&'a str>,
    context: Context<'a>,
    suffix: &'a str,
    depth: usize,
}

impl<'a> Variables<'a> {
    pub(super) fn new(
        body: &Datum,
        over: Option<&'a Datum>,
        target: Option<&'a str>,
        context: Context<'a>,
        suffix: &'a str,
    ) -> Variables<'a> {
        Variables { body: body.clone(), over, target, context, suffix, depth: DEPTH }
    }

    /// A variable: as given by the user, by the target, by its default.
    fn variable(&mut self, name: &str, expression: &str) -> Datum {
        if let Some(given) = self.context.options.variables.get(name) {
            return Datum::from_text(given.clone());
        }
        let own = self.over.and_then(|over| over.member("variables")).and_then(|variables| variables.member(name));
        let own = own.map(|own| own.member("default").unwrap_or(own));
        let declared = self.body.member("variables").and_then(|variables| variables.member(name));
        let value = match (own, declared) {
            (Some(own), _) if own.member("lookup").is_none() => own.clone(),
            (_, Some(declared)) => match declared.member("default") {
                Some(default) => default.clone(),
                None => return Datum::unknown(expression, "the variable has no default"),
            },
            _ => return Datum::unknown(expression, "the bundle has no such variable"),
        };
        self.inside(&value, expression)
    }

    fn inside(&mut self, value: &Datum, expression: &str) -> Datum {
        if self.depth == 0 {
            return Datum::unknown(expression, "variables refer to each other too deeply");
        }
        self.depth -= 1;
        let value = filled(value, self);
        self.depth += 1;
        value
    }
}

impl Lookup for Variables<'_> {
    fn value(&mut self, expression: &str) -> Datum {
        let parts: Vec<&str> = expression.split('.').collect();
        match parts.as_slice() {
            ["var", name] | ["variables", name, "value"] => self.variable(name, expression),
            // A member of a complex variable.
            ["var", name, rest @ ..] => {
                let whole = self.variable(name, expression);
                let inner = rest.iter().try_fold(&whole, |at, key| at.member(key));
                inner.cloned().unwrap_or_else(|| Datum::unknown(expression, "the variable has no such member"))
            }
            ["bundle", "target" | "environment"] => match self.target {
                Some(target) => Datum::from_text(target),
                None => Datum::unknown(expression, "no target is the default"),
            },
            ["resources", kind, name, ..] => {
                let attribute = parts.last().copied().unwrap_or_default().to_owned();
                let address = format!("resources.{kind}.{name}{}", self.suffix);
                // The name of a schema or catalog is known already.
                if attribute == "name"
                    && let Some(named) = self
                        .body
                        .member("resources")
                        .and_then(|all| all.member(kind)?.member(name)?.member("name"))
                        .cloned()
                {
                    let mut named = self.inside(&named, expression);
                    named.of = Some(Arc::new(Target { address, attribute }));
                    return named;
                }
                let why = Unknown { expression: expression.to_owned(), why: "known after the deployment".to_owned() };
                let text = format!("{{{expression}}}");
                Datum::from(Kind::Computed { text, why }).of(Some(Arc::new(Target { address, attribute })))
            }
            [first @ ("bundle" | "workspace"), rest @ ..] => {
                let found = rest.iter().try_fold(self.body.member(first), |at, key| Some(at?.member(key))).flatten();
                match found.cloned() {
                    Some(found) => self.inside(&found, expression),
                    None => Datum::unknown(expression, "the workspace knows it"),
                }
            }
            // Left to the job: `{{job.parameters.x}}` is no expression of the bundle, `${…}` of others is unknown.
            _ => Datum::unknown(expression, "it is not in the bundle"),
        }
    }
}
