//! Terraform and OpenTofu: `.tf`, `.tofu` and `.tfvars`.
//!
//! A folder is a module. A folder that no other one calls is a root configuration; it is evaluated with its
//! variables, locals, instances and local modules, and its resources go to [`super::assets`]. What only
//! apply can know stays unknown, with the expression and the reason.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Gap, GapKind, Place};
use aedile_rules::ResourceSource;
use hcl_edit::Span;

mod document;
mod evaluate;
mod expand;
mod functions;
mod module;
mod parse;
mod provider;
mod scope;
mod split;
#[cfg(test)]
mod tests;
mod typed;

use super::assets;
use super::datum::Handle;
use super::resource::{Resource, Unit, with_parts};
use crate::crawler::{Context, Crawler};
use crate::{Facts, File};
use module::{Module, local_folder, modules};
use scope::Evaluator;

/// The crawler of Terraform's own language.
pub(crate) struct Terraform;

impl Crawler for Terraform {
    type Parsed = parse::Source;

    fn claims(file: &File) -> bool {
        let name = file.name().to_ascii_lowercase();
        ["tf", "tofu", "tfvars"].contains(&file.extension().as_str())
            || [".tf.json", ".tofu.json", ".tfvars.json"].iter().any(|end| name.ends_with(end))
    }

    fn parse(file: &File, _: Context<'_>) -> parse::Source {
        let mut source = if file.extension() == "json" { parse::unsupported(file) } else { parse::parse(file) };
        if file.text.is_none() {
            let message = "the file is not text within the limits".to_owned();
            source.gaps.push(Gap { place: Place::file(&file.path), kind: GapKind::Undecodable, message });
        }
        source
    }

    fn resolve(parsed: Vec<(&File, parse::Source)>, context: Context<'_>, facts: &mut Facts) {
        facts.gaps.extend(parsed.iter().flat_map(|(_, source)| source.gaps.iter().cloned()));
        let modules = modules(&parsed);
        let mut reached = BTreeSet::new();
        for root in roots(&modules) {
            configuration(&modules, root, context, facts, &mut reached);
        }
        // Modules that only call each other have no root; each is read for itself.
        for (folder, module) in &modules {
            if !reached.contains(folder) {
                configuration(&modules, module, context, facts, &mut reached);
            }
        }
    }
}

/// The folders that no other folder calls. A call from tests or examples makes a module of tests only.
fn roots<'m, 'a>(modules: &'m BTreeMap<String, Module<'a>>) -> Vec<&'m Module<'a>> {
    let mut called = BTreeSet::new();
    for module in modules.values() {
        for declared in module.calls.values() {
            let source = declared.block.body.get_attribute("source").and_then(|source| source.value.as_str());
            let Some(folder) = source.and_then(|source| local_folder(&module.folder, source)) else {
                continue;
            };
            let in_tests = modules.get(&folder).is_some_and(|target| target.in_tests);
            if folder != module.folder && (in_tests || !module.in_tests) {
                called.insert(folder);
            }
        }
    }
    modules.values().filter(|module| !called.contains(&module.folder)).collect()
}

fn configuration<'a>(
    modules: &'a BTreeMap<String, Module<'a>>,
    root: &'a Module<'a>,
    context: Context<'a>,
    facts: &mut Facts,
    reached: &mut BTreeSet<String>,
) {
    let mut evaluator = Evaluator::new(modules, root, &context.rules.resources, &context.options.variables);
    let mut resources = Vec::new();
    let mut at = 0;
    while let Some(module) = evaluator.module(at) {
        reached.insert(module.folder.clone());
        for &call in module.calls.keys() {
            evaluator.children(at, call);
        }
        let declared =
            module.resources.iter().flat_map(|(&kind, names)| names.iter().map(move |(&name, d)| (kind, name, d)));
        for (kind, name, declared) in declared {
            for slot in evaluator.expansion(at, false, kind, name).iter() {
                let handle = Handle {
                    instance: at,
                    data: false,
                    type_name: kind.to_owned(),
                    name: name.to_owned(),
                    key: slot.key.clone(),
                };
                let scope = scope::Scope { instance: at, names: slot.names.clone() };
                let settings = evaluator.provider(at, declared, kind);
                let place = declared.header().or_else(|| declared.origin.place(declared.block.span()));
                let body = evaluator.body(&declared.block.body, declared.origin, &scope).at(place.clone());
                resources.push(Resource {
                    source: ResourceSource::Terraform,
                    type_name: kind.to_owned(),
                    address: evaluator.address(&handle),
                    unit: root.folder.clone(),
                    region: body.member("region").filter(|region| !region.is_null()).cloned().or(settings.region),
                    default_tags: settings.default_tags,
                    doubt: None,
                    body,
                    place,
                    in_tests: declared.in_tests,
                });
            }
        }
        at += 1;
    }
    let accounts = evaluator.own_accounts();
    if evaluator.limited {
        let mut declared = root.resources.values().flat_map(BTreeMap::values);
        let first = || declared.next().and_then(|declared| declared.header());
        let place = evaluator.limited_at.take().or_else(first);
        let message = "evaluating the configuration reaches a limit from here on: some values are unknown";
        evaluator.gap(place, GapKind::Limit, message);
    }
    facts.gaps.append(&mut evaluator.gaps);
    let resources = with_parts(&context.rules.resources, resources);
    let unit = Unit::new(&context.rules.resources, &resources, accounts);
    assets::describe(&unit, facts);
}
