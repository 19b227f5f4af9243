//! Gates of Dagster: a check that blocks stands between an asset and what is made of it.
//!
//! Source: docs.dagster.io/api/asset-checks, `blocking`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCompare};

use super::super::argument::Arguments;
use super::super::interpret::{Found, FunctionKey, Interpreter};
use super::super::movement::texts;
use super::super::value::{Function, Value};
use aedile_rules::Api;

/// What the catalog says that a decorator makes of a function: an asset, or a check of one.
const ASSET: &str = "asset";
const CHECK: &str = "asset-check";

/// Whether the check blocks, as the catalog names its argument.
const BLOCKING: &str = "blocking";

impl<'w> Interpreter<'w> {
    /// Guards the releases of the functions that gave the links in `made`, if they are assets behind a check that stops them where
    /// a model is not good enough. All of `functions` stand in one module.
    pub(in crate::code::python) fn guard_assets(
        &mut self,
        functions: &[Found<'w>],
        made: &[(FunctionKey, Range<usize>)],
    ) {
        let (mut behind, mut open) = (BTreeMap::<String, BTreeSet<String>>::new(), Vec::new());
        let mut named = Vec::new();
        for (key, function, _) in functions {
            match self.asset_of(*function) {
                Some((api, arguments)) if api.returns.as_deref() == Some(ASSET) => {
                    let own = function.def.name.as_str();
                    let name = arguments.role(api, "table").and_then(Value::as_text).map(|text| text.text.clone());
                    let name = name.unwrap_or_else(|| own.to_owned());
                    let given = function.def.parameters.iter().map(|parameter| parameter.name().as_str().to_owned());
                    for before in given.chain(arguments.role(api, "deps").map(names).unwrap_or_default()) {
                        behind.entry(before).or_default().insert(name.clone());
                    }
                    // Others name it by its function, or by its own name.
                    if name != own {
                        behind.entry(own.to_owned()).or_default().insert(name.clone());
                    }
                    named.push((*key, name));
                }
                Some((api, arguments)) if api.returns.as_deref() == Some(CHECK) => {
                    let blocks = matches!(arguments.role(api, BLOCKING), Some(Value::Bool(true)));
                    if blocks && self.compares(*function) {
                        open.extend(arguments.role(api, ASSET).map(names).unwrap_or_default());
                    }
                }
                _ => {}
            }
        }
        let mut guarded = BTreeSet::new();
        while let Some(asset) = open.pop() {
            for after in behind.get(&asset).into_iter().flatten() {
                if guarded.insert(after.clone()) {
                    open.push(after.clone());
                }
            }
        }
        for (key, _) in named.iter().filter(|(_, name)| guarded.contains(name)) {
            for (_, links) in made.iter().filter(|(made, _)| made == key) {
                self.pipeline.guard(links.clone());
            }
        }
    }

    /// What a decorator makes of `function` by the catalog, and its arguments.
    fn asset_of(&mut self, function: Function<'w>) -> Option<(&'w Api, Arguments<'w>)> {
        for decorator in &function.def.decorator_list {
            let Some((api, call)) = self.decorated_by(decorator) else { continue };
            if matches!(api.returns.as_deref(), Some(ASSET | CHECK)) {
                return Some((api, call.map(|call| self.arguments(call)).unwrap_or_default()));
            }
        }
        None
    }

    /// Whether a comparison of a measure stands in `function`.
    fn compares(&self, function: Function<'w>) -> bool {
        let mut comparisons = Comparisons(Vec::new());
        comparisons.visit_body(&function.def.body);
        comparisons.0.into_iter().any(|compare| self.is_comparison(compare))
    }
}

/// The names that `value` gives assets: texts, and functions that make them.
fn names(value: &Value<'_>) -> Vec<String> {
    match value {
        Value::Function(function) => vec![function.def.name.as_str().to_owned()],
        Value::List(items) => items.iter().flat_map(names).collect(),
        other => texts(other).into_iter().map(|text| text.text).collect(),
    }
}

struct Comparisons<'a>(Vec<&'a ExprCompare>);

impl<'a> Visitor<'a> for Comparisons<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Compare(compare) = expression {
            self.0.push(compare);
        }
        walk_expr(self, expression);
    }
}
