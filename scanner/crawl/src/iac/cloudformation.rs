//! CloudFormation, the Serverless Application Model, and what carries their templates: YAML and JSON, assemblies
//! of the CDK, `resources:` of the Serverless Framework.
//!
//! A template that no other one nests is a stack of its own; it is evaluated with its parameters, mappings,
//! conditions and nested stacks, and its resources go to [`super::assets`]. Stacks that import each other's exports
//! are looked at together. What only a deployment can know stays unknown, with the expression and the reason.
//!
//! - A parameter without value is given, but not readable: it is never null.
//! - A resource under a condition that is not known is there; to others that read it, its members are unknown.
//! - A value that differs between the branches of such a condition is unknown.

use std::collections::BTreeMap;

use aedile_model::{Gap, GapKind, Place};

mod branch;
mod expand;
mod function;
mod given;
mod nested;
mod serverless;
mod stack;
mod template;
#[cfg(test)]
mod tests;
mod text;

use super::assets;
use super::resource::{Resource, Unit};
use crate::crawler::{Context, Crawler};
use crate::{Facts, File};
use stack::Evaluator;
use template::Source;

/// The crawler of CloudFormation templates.
pub(crate) struct CloudFormation;

impl Crawler for CloudFormation {
    type Parsed = Source;

    fn claims(file: &File) -> bool {
        template::claims(file)
    }

    fn parse(file: &File, context: Context<'_>) -> Source {
        template::parse(file, context.options)
    }

    fn resolve(parsed: Vec<(&File, Source)>, context: Context<'_>, facts: &mut Facts) {
        facts.gaps.extend(parsed.iter().flat_map(|(_, source)| source.gaps.iter().cloned()));
        let mut evaluator = Evaluator::new(&parsed, &context.rules.resources, &context.options.variables);
        evaluator.expand();
        let groups = resources(&mut evaluator);
        evaluator.unused_fragments();
        facts.gaps.append(&mut evaluator.gaps);
        let accounts = evaluator.own_accounts();
        for group in groups.values() {
            let unit = Unit::new(&context.rules.resources, group, accounts.clone());
            assets::describe(&unit, facts);
        }
    }
}

/// The resources of all stacks, those that belong together in one list.
fn resources(evaluator: &mut Evaluator<'_>) -> BTreeMap<usize, Vec<Resource>> {
    let mut all: Vec<(usize, Vec<Resource>)> = Vec::new();
    let mut at = 0;
    while at < evaluator.stacks.len() {
        let found = evaluator.resources(at);
        all.push((at, found));
        at += 1;
    }
    if evaluator.bound.is_reached() {
        let message = "evaluating the templates reaches a limit from here on: some values are unknown";
        let first = evaluator.bound.place().cloned();
        let place = first.or_else(|| evaluator.stacks.first().map(|stack| Place::file(&stack.template.path)));
        evaluator.gaps.extend(place.map(|place| Gap { place, kind: GapKind::Limit, message: message.to_owned() }));
    }
    let mut groups: BTreeMap<usize, Vec<Resource>> = BTreeMap::new();
    for (at, found) in all {
        groups.entry(evaluator.group(at)).or_default().extend(found);
    }
    groups
}
