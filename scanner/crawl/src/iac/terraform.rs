//! Terraform and OpenTofu: `.tf`, `.tofu`, their forms in JSON, `.tfvars`, and plans as JSON.
//!
//! A folder is a module. A folder that no other one calls is a root configuration; it is evaluated with its
//! variables, locals, instances and modules, and its resources go to [`super::assets`]. What only
//! apply can know stays unknown, with the expression and the reason. A plan that stands beside its configuration is laid
//! over it ([`beside`]).

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Gap, GapKind};
use aedile_rules::ResourceSource;
use rayon::prelude::*;

mod beside;
mod body;
mod document;
mod evaluate;
mod evaluator;
mod expand;
mod files;
mod functions;
mod listed;
mod module;
mod operator;
mod overrides;
mod parse;
mod plan;
mod provider;
mod scope;
mod split;
mod syntax;
#[cfg(test)]
mod tests;
mod typed;

use super::arm;
use super::assets;
use super::datum::Handle;
use super::resource::{Resource, Unit, with_parts};
use crate::crawler::{Context, Crawler};
use crate::{Facts, File};
use beside::Root;
use evaluator::Evaluator;
use listed::Listed;
use module::{Library, Module, is_installed, local_folder, merged, modules};

/// The crawler of Terraform's own language and of its plans.
pub(crate) struct Terraform;

/// What one file says.
pub(crate) enum Parsed {
    /// Blocks of the language.
    Source(parse::Source),
    /// A plan or state as `terraform show -json` prints it.
    Plan(plan::Plan),
}

impl Crawler for Terraform {
    type Parsed = Parsed;

    fn claims(file: &File) -> bool {
        let name = file.name().to_ascii_lowercase();
        let endings = [".tf", ".tofu", ".tfvars", ".tf.json", ".tofu.json", ".tfvars.json"];
        endings.iter().any(|end| name.ends_with(end)) || plan::is_plan(file)
    }

    fn parse(file: &File, _: Context<'_>) -> Parsed {
        if plan::is_plan(file) { Parsed::Plan(plan::parse(file)) } else { Parsed::Source(parse::parse(file)) }
    }

    fn resolve(parsed: Vec<(&File, Parsed)>, context: Context<'_>, facts: &mut Facts) {
        let (mut sources, mut plans) = (Vec::new(), Vec::new());
        for (file, parsed) in parsed {
            match parsed {
                Parsed::Source(source) => sources.push((file, source)),
                Parsed::Plan(plan) => plans.push((file, plan)),
            }
        }
        let mut roots = if sources.is_empty() { Vec::new() } else { configurations(sources, context, facts) };
        for (file, plan) in &plans {
            let Some(reader) = plan::opened(file, plan, facts) else { continue };
            let mut own = context.facts();
            match beside::root_of(file, &reader.addresses(), &roots).and_then(|at| roots.get_mut(at)) {
                Some(root) => {
                    reader.describe(&root.folder, context, &mut own);
                    beside::laid_over(root, own);
                }
                None => {
                    reader.describe(&file.path, context, &mut own);
                    facts.append(own);
                }
            }
        }
        for root in roots {
            facts.append(root.facts);
        }
    }
}

/// The facts of each root configuration; what no root calls is one too.
fn configurations(mut sources: Vec<(&File, parse::Source)>, context: Context<'_>, facts: &mut Facts) -> Vec<Root> {
    for (_, source) in &mut sources {
        facts.gaps.append(&mut source.gaps);
    }
    let sources = merged(sources);
    let described = if calls_elsewhere(&sources) { listed::sources(&context.rules.resources) } else { Vec::new() };
    let listed = Listed::new(&described);
    let files = context.files.iter().map(|file| (&*file.path, file)).collect();
    let library = Library { modules: modules(&sources), listed: &listed, files };
    for module in library.modules.values() {
        facts.gaps.extend(module.gaps.iter().cloned());
    }
    let (mut reached, mut all) = (BTreeSet::new(), Vec::new());
    let found: Vec<(&Module<'_>, Facts, BTreeSet<String>)> = roots(&library.modules)
        .into_par_iter()
        .map(|root| {
            let (facts, folders) = configuration(&library, root, context);
            (root, facts, folders)
        })
        .collect();
    let called = called_after_all(&found);
    for (root, more, folders) in found {
        if !called.contains(&root.folder) {
            all.push(Root { folder: root.folder.clone(), facts: more });
        }
        reached.extend(folders);
    }
    // Modules that only call each other have no root; each is read for itself.
    for (folder, module) in &library.modules {
        if !reached.contains(folder) && !is_installed(folder) {
            let (more, folders) = configuration(&library, module, context);
            all.push(Root { folder: folder.clone(), facts: more });
            reached.extend(folders);
        }
    }
    all
}

/// The folders of roots that another root turned out to call, by a source that only evaluation tells.
fn called_after_all(found: &[(&Module<'_>, Facts, BTreeSet<String>)]) -> BTreeSet<String> {
    let roots: BTreeMap<&str, (&Module<'_>, &BTreeSet<String>)> =
        found.iter().map(|(root, _, folders)| (root.folder.as_str(), (*root, folders))).collect();
    let mut called = BTreeSet::new();
    for (other, _, folders) in found {
        for folder in folders.iter().filter(|folder| **folder != other.folder) {
            if let Some((root, own)) = roots.get(folder.as_str())
                && (root.in_tests || !other.in_tests)
                && !own.contains(&other.folder)
            {
                called.insert(folder.clone());
            }
        }
    }
    called
}

/// Whether any module comes from somewhere else than a folder.
fn calls_elsewhere(sources: &[(&File, parse::Source)]) -> bool {
    let calls = sources.iter().flat_map(|(_, source)| source.body.blocks("module"));
    calls
        .into_iter()
        .filter_map(|call| call.body.attribute("source"))
        .any(|source| source.literal().is_none_or(|source| local_folder("a/b/c/d/e/f/g/h", source).is_none()))
}

/// The folders that no other folder calls. A call from tests or examples makes a module of tests only.
fn roots<'m, 'a>(modules: &'m BTreeMap<String, Module<'a>>) -> Vec<&'m Module<'a>> {
    let mut called = BTreeSet::new();
    for module in modules.values() {
        for declared in module.calls.values() {
            let source = declared.block.body.attribute("source").and_then(|source| source.literal());
            let Some(folder) = source.and_then(|source| local_folder(&module.folder, source)) else {
                continue;
            };
            let in_tests = modules.get(&folder).is_some_and(|target| target.in_tests);
            if folder != module.folder && (in_tests || !module.in_tests) {
                called.insert(folder);
            }
        }
    }
    modules.values().filter(|module| !called.contains(&module.folder) && !is_installed(&module.folder)).collect()
}

/// The facts of the configuration whose root is `root`, and the folders of all its modules.
fn configuration<'a>(
    library: &'a Library<'a>,
    root: &'a Module<'a>,
    context: Context<'a>,
) -> (Facts, BTreeSet<String>) {
    let mut evaluator = Evaluator::new(library, root, &context.rules.resources, &context.options.variables);
    let mut reached = BTreeSet::new();
    let mut resources = Vec::new();
    let mut at = 0;
    while let Some(module) = evaluator.module(at) {
        reached.insert(module.folder.clone());
        for &call in module.calls.keys() {
            evaluator.children(at, call);
        }
        for (&kind, names) in &module.resources {
            for (&name, declared) in names {
                instances(&mut evaluator, at, (kind, name), declared, &mut resources);
            }
        }
        at += 1;
    }
    let accounts = evaluator.own_accounts();
    if evaluator.bound.is_reached() {
        let mut declared = root.resources.values().flat_map(BTreeMap::values);
        let first = || declared.next().and_then(|declared| declared.header());
        let place = evaluator.bound.place().cloned().or_else(first);
        let message = "evaluating the configuration reaches a limit from here on: some values are unknown";
        evaluator.gap(place, GapKind::Limit, message);
    }
    let gaps = distinct(std::mem::take(&mut evaluator.gaps));
    drop(evaluator);
    let mut facts = Facts { gaps, ..context.facts() };
    let resources = arm::translated(resources, &context.rules.resources);
    let mut resources = with_parts(&context.rules.resources, resources);
    super::kubernetes::terraform::write(&mut resources, context, &mut facts);
    let unit = Unit::new(&context.rules.resources, &resources, accounts);
    assets::describe(&unit, &mut facts);
    (facts, reached)
}

/// A module that is called often says the same each time.
fn distinct(gaps: Vec<Gap>) -> Vec<Gap> {
    let mut seen = BTreeSet::new();
    gaps.into_iter().filter(|gap| seen.insert((gap.place.clone(), gap.message.clone()))).collect()
}

/// The instances of one resource block in the module instance `at`.
fn instances<'a>(
    evaluator: &mut Evaluator<'a>,
    at: usize,
    (kind, name): (&'a str, &'a str),
    declared: &module::Declared<'a>,
    resources: &mut Vec<Resource>,
) {
    let shown = evaluator.instance(at).and_then(|instance| instance.call.as_ref()?.shown.clone());
    let in_tests = declared.in_tests;
    for slot in evaluator.expansion(at, false, kind, name).iter() {
        let handle = Handle {
            instance: at,
            data: false,
            type_name: kind.to_owned(),
            name: name.to_owned(),
            key: slot.key.clone(),
        };
        let scope = scope::Scope { instance: at, names: slot.names.clone() };
        let settings = evaluator.provider(declared, kind, &scope);
        let place = shown.clone().or_else(|| declared.header()).or_else(|| declared.origin.place(declared.block.span));
        let body = evaluator.body(&declared.block.body, declared.origin, &scope).at(place.clone());
        resources.push(Resource {
            source: ResourceSource::Terraform,
            type_name: kind.to_owned(),
            address: evaluator.address(&handle),
            unit: evaluator.root_folder().to_owned(),
            region: settings.region_of(&body),
            default_tags: settings.default_tags.clone(),
            doubt: None,
            provider: evaluator.versions(at, kind),
            body,
            place,
            in_tests,
        });
    }
}
