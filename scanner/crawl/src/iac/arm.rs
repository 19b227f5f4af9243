//! Azure deployment templates: JSON, also what `bicep build` writes.
//!
//! A template that no other one links to is a root. It is evaluated with its parameters (defaults, parameter
//! files beside it, values of the command line), variables, loops, children and nested deployments; its
//! resources go to [`super::assets`]. Packs find in a resource's body what the template writes, and beside it:
//!
//! - `shortName`, the last part of the name;
//! - `ancestors`, the resources that it lies in;
//! - `scope`, what an extension (a lock, a diagnostic setting, a role assignment) extends;
//! - `deploymentScope`, what the template is deployed to: `resourceGroup`, `subscription`, `managementGroup`, `tenant`;
//! - `apiDate`, the date of `apiVersion` as a number (20230101).
//!
//! Source: learn.microsoft.com/azure/azure-resource-manager/templates/syntax.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};

mod address;
mod azapi;
mod evaluate;
mod expression;
mod functions;
mod link;
mod template;
#[cfg(test)]
mod tests;

use super::assets;
use super::datum::{Datum, Kind};
use super::document::hidden;
use super::json;
use super::resource::Unit;
use crate::crawler::{Context, Crawler};
use crate::{Facts, File};
use address::Types;
pub(crate) use azapi::translated;
use evaluate::{Evaluator, Here};
use template::Deployment;

/// The type of a nested deployment.
const DEPLOYMENTS: &str = "Microsoft.Resources/deployments";
/// Characters at the start of a file among which its schema is looked for.
const HEAD: usize = 4096;

/// The crawler of Azure's deployment templates.
pub(crate) struct Arm;

/// One file.
#[derive(Debug)]
pub(crate) struct Parsed {
    kind: FileKind,
    gaps: Vec<Gap>,
}

#[derive(Debug)]
enum FileKind {
    Template(Arc<Datum>),
    Parameters(Datum),
    /// Bicep, or a file that did not parse.
    Unread,
}

impl Crawler for Arm {
    type Parsed = Parsed;

    fn claims(file: &File) -> bool {
        match file.extension().as_str() {
            "bicep" | "bicepparam" => true,
            "json" | "jsonc" => file.text.as_ref().is_some_and(|text| schema(text).is_some()),
            _ => false,
        }
    }

    fn parse(file: &File, context: Context<'_>) -> Parsed {
        let unread = |gap| Parsed { kind: FileKind::Unread, gaps: vec![gap] };
        if file.extension().starts_with("bicep") {
            let message = "Bicep is not read: compile it with `bicep build` and scan the JSON".to_owned();
            return unread(Gap { place: Place::file(&file.path), kind: GapKind::Unsupported, message });
        }
        let Some(text) = &file.text else {
            let message = "the file is not text within the limits".to_owned();
            return unread(Gap { place: Place::file(&file.path), kind: GapKind::Undecodable, message });
        };
        match json::parse_relaxed(text, context.options.limits.nesting) {
            Ok(node) => {
                let datum = node.datum(&file.path);
                let kind = match schema(text) {
                    Some("parameters") => FileKind::Parameters(datum),
                    _ => FileKind::Template(Arc::new(datum)),
                };
                Parsed {
                    kind,
                    gaps: node.duplicates().into_iter().map(|(key, span)| hidden(file, key, span)).collect(),
                }
            }
            Err(error) => unread(Gap {
                place: file.place(error.span.start as usize, text.len()),
                kind: if error.limit { GapKind::Limit } else { GapKind::Unparsed },
                message: format!("this template is not read from here on: {}", error.message),
            }),
        }
    }

    fn resolve(parsed: Vec<(&File, Parsed)>, context: Context<'_>, facts: &mut Facts) {
        let mut templates: BTreeMap<String, Arc<Datum>> = BTreeMap::new();
        let mut parameters: BTreeMap<String, Datum> = BTreeMap::new();
        let mut in_tests = BTreeSet::new();
        for (file, parsed) in &parsed {
            match &parsed.kind {
                FileKind::Template(datum) => {
                    templates.insert(file.path.to_string(), Arc::clone(datum));
                }
                FileKind::Parameters(datum) => {
                    parameters.insert(file.path.to_string(), datum.clone());
                }
                FileKind::Unread => {}
            }
            if file.in_tests {
                in_tests.insert(file.path.to_string());
            }
        }
        for (file, parsed) in &parsed {
            // Bicep beside the JSON that it was compiled to is read by that.
            let compiled = file.path.rsplit_once('.').map(|(stem, _)| format!("{stem}.json"));
            let is_read = file.extension() == "bicep" && compiled.is_some_and(|path| templates.contains_key(&path));
            facts.gaps.extend(parsed.gaps.iter().filter(|_| !is_read).cloned());
        }
        let types = Types::new(&context.rules.resources);
        let mut called = BTreeSet::new();
        for (path, template) in &templates {
            link::called(template, path, &templates, &mut called);
        }
        let mut reached = BTreeSet::new();
        let mut root = |path: &str, reached: &mut BTreeSet<String>| {
            let given = given(path, &parameters, &templates);
            let mut evaluator = Evaluator::new(&types, &context.options.variables);
            let mut deployment = Deployment::new(&mut evaluator, &templates, path, in_tests.contains(path));
            deployment.run(path, given);
            reached.append(&mut deployment.reached);
            facts.gaps.append(&mut deployment.gaps);
            let resources = std::mem::take(&mut deployment.resources);
            if let Some(place) = &evaluator.limited {
                facts.gaps.push(Gap {
                    place: place.clone().unwrap_or_else(|| Place::file(&path.into())),
                    kind: GapKind::Limit,
                    message: "evaluating the template reaches a limit from here on: some values are unknown".to_owned(),
                });
            }
            let unit = Unit::new(&context.rules.resources, &resources, BTreeSet::new());
            assets::describe(&unit, facts);
        };
        for path in templates.keys().filter(|path| !called.contains(*path)) {
            root(path, &mut reached);
        }
        // Templates that only link to each other have no root; each is read for itself.
        for path in templates.keys() {
            if !reached.contains(path) {
                root(path, &mut reached);
            }
        }
    }
}

/// Whether `text` is a template or parameters of one, by its schema.
fn schema(text: &str) -> Option<&'static str> {
    let head: String = text.chars().take(HEAD).collect::<String>().to_ascii_lowercase();
    if !head.contains("\"$schema\"") {
        None
    } else if head.contains("deploymentparameters.json") {
        Some("parameters")
    } else {
        head.contains("deploymenttemplate.json").then_some("template")
    }
}

/// The parameters that the files beside the template at `path` give. Files that differ leave a value unknown.
fn given(
    path: &str,
    parameters: &BTreeMap<String, Datum>,
    templates: &BTreeMap<String, Arc<Datum>>,
) -> BTreeMap<String, (Datum, Option<Here>)> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let count = link::templates_in(folder, templates);
    let mut given: BTreeMap<String, (String, Datum)> = BTreeMap::new();
    for (file, datum) in parameters.iter().filter(|(file, _)| link::is_for(file, path, count)) {
        let Some(Kind::Map(map)) = datum.member("parameters").map(|parameters| &parameters.kind) else { continue };
        for (name, value) in &map.members {
            let key = name.to_ascii_lowercase();
            match given.get(&key) {
                Some((_, held)) if held.json() == value.json() => {}
                Some((other, _)) => {
                    let why = format!("the parameter files {other} and {file} give different values");
                    let other = other.clone();
                    given.insert(key, (other, Datum::unknown(format!("parameters('{name}')"), why)));
                }
                None => {
                    given.insert(key, (file.clone(), value.clone()));
                }
            }
        }
    }
    given.into_iter().map(|(name, (_, value))| (name, (value, None))).collect()
}
