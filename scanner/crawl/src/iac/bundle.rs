//! Databricks asset bundles: `databricks.yml`, what it includes, and its targets.
//!
//! A bundle is what Terraform would be made of it: the command line tool translates `resources.jobs.x` to a
//! `databricks_job`, its `permissions` and `grants` to resources of their own. So the packs of the provider read it.
//!
//! Of the targets the default one is read: the one that says so, or the only one, or none. Another target's resource is
//! read beside it (`resources.jobs.x@prod`) only where an attribute or a relation comes out otherwise there.
//! Source: docs.databricks.com/aws/en/dev-tools/bundles/reference.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place, RelationKind};
use globset::GlobBuilder;

mod tasks;
mod translate;
mod variables;

use super::assets;
use super::datum::{Datum, Kind};
use super::document::Document;
use super::interpolate::{filled, merged};
use super::resource::{Unit, with_parts};
use super::variant::differing;
use crate::crawler::{Context, Crawler};
use crate::task::{self, TASKS};
use crate::{Facts, File, Link, Ref};
use variables::Variables;

/// The crawler of Databricks asset bundles.
pub(crate) struct Bundles;

/// Targets of one bundle that are compared with the default one.
const TARGETS: usize = 32;

/// Files that one bundle includes.
const PARTS: usize = 1_000;

/// Kinds of resources by which a file without the bundle's name is known as a part of one.
const KINDS: [&str; 8] = [
    "clusters:",
    "jobs:",
    "model_serving_endpoints:",
    "models:",
    "pipelines:",
    "registered_models:",
    "schemas:",
    "volumes:",
];

impl Crawler for Bundles {
    type Parsed = Document;

    fn claims(file: &File) -> bool {
        if !["yaml", "yml"].contains(&file.extension().as_str()) {
            return false;
        }
        let Some(text) = &file.text else { return false };
        is_root(file.name()) || is_part(text)
    }

    fn parse(file: &File, context: Context<'_>) -> Document {
        Document::of(file, "the bundle", context)
    }

    fn resolve(parsed: Vec<(&File, Document)>, context: Context<'_>, facts: &mut Facts) {
        for (file, source) in &parsed {
            if is_root(file.name()) {
                bundle(file, &parsed, context, facts);
            } else {
                // A part that no bundle includes is no configuration of anything.
                facts.gaps.extend(source.gaps.iter().cloned());
            }
        }
    }
}

fn is_root(name: &str) -> bool {
    matches!(name, "databricks.yml" | "databricks.yaml" | "bundle.yml" | "bundle.yaml")
}

/// Whether a file declares resources of a bundle at its top, or in a target.
fn is_part(text: &str) -> bool {
    let has = |key: &str| text.lines().any(|line| line.trim_end() == key);
    (has("resources:") || has("targets:")) && text.lines().any(|line| KINDS.contains(&line.trim()))
}

fn bundle(file: &File, parsed: &[(&File, Document)], context: Context<'_>, facts: &mut Facts) {
    let Some((_, source)) = parsed.iter().find(|(held, _)| held.path == file.path) else { return };
    facts.gaps.extend(source.gaps.iter().cloned());
    let Some(root) = &source.body else { return };
    let mut whole = root.clone();
    for part in included(file, root, parsed, context, facts) {
        whole = merged(&whole, &part);
    }
    let targets = whole.member("targets").cloned();
    let names: Vec<String> = match targets.as_ref().map(|targets| &targets.kind) {
        Some(Kind::Map(map)) => map.members.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let default = default_target(targets.as_ref(), &names);
    let mut first = Facts::default();
    read(file, &whole, default.as_deref(), "", context, &mut first);
    for name in names.iter().filter(|name| Some(*name) != default.as_ref()).take(TARGETS) {
        let mut other = Facts::default();
        let suffix = format!("@{name}");
        read(file, &whole, Some(name), &suffix, context, &mut other);
        differing(&first.clone(), other, (&suffix, ""), &mut first);
    }
    if names.len() > TARGETS {
        let message = format!("targets beyond the first {TARGETS} are not read");
        facts.gaps.push(Gap { place: Place::file(&file.path), kind: GapKind::Limit, message });
    }
    facts.assets.append(&mut first.assets);
    facts.links.append(&mut first.links);
    facts.gaps.append(&mut first.gaps);
}

/// The bodies of the files that `include` names; a pattern that names none is a gap. A file that has variables or targets
/// alone is known as a part of a bundle by this only.
fn included(
    file: &File,
    root: &Datum,
    parsed: &[(&File, Document)],
    context: Context<'_>,
    facts: &mut Facts,
) -> Vec<Datum> {
    let mut found = Vec::new();
    for pattern in root.member("include").map(Datum::items).unwrap_or_default() {
        let Some(text) = pattern.text() else { continue };
        let full = super::path::joined(file.folder(), &text);
        let Ok(glob) = GlobBuilder::new(&full).literal_separator(true).build() else { continue };
        let matcher = glob.compile_matcher();
        let before = found.len();
        for part in context.files.iter().filter(|part| part.path != file.path && matcher.is_match(&*part.path)) {
            if found.len() >= PARTS {
                break;
            }
            match parsed.iter().find(|(held, _)| held.path == part.path) {
                Some((_, source)) => found.extend(source.body.clone()),
                None => {
                    let source = Bundles::parse(part, context);
                    facts.gaps.extend(source.gaps);
                    found.extend(source.body);
                }
            }
        }
        if found.len() == before
            && let Some(place) = &pattern.place
        {
            let message = format!("no file of a bundle matches `{text}`");
            facts.gaps.push(Gap { place: place.clone(), kind: GapKind::Unresolved, message });
        }
    }
    found
}

fn default_target(targets: Option<&Datum>, names: &[String]) -> Option<String> {
    let says = |name: &String| {
        let target = targets.and_then(|targets| targets.member(name));
        target.and_then(|target| target.member("default")).and_then(Datum::bool) == Some(true)
    };
    match names {
        [only] => Some(only.clone()),
        _ => names.iter().find(|name| says(name)).cloned(),
    }
}

/// Writes the facts of `whole` as `target` makes it; addresses end in `suffix`.
fn read(file: &File, whole: &Datum, target: Option<&str>, suffix: &str, context: Context<'_>, facts: &mut Facts) {
    let over = target.and_then(|name| whole.member("targets").and_then(|targets| targets.member(name)));
    let mut body = whole.clone();
    if let Some(over) = over {
        for key in ["bundle", "permissions", "presets", "resources", "run_as", "workspace"] {
            if let Some(laid) = over.member(key) {
                let below = body.member(key).cloned();
                let value = below.map_or_else(|| laid.clone(), |below| merged(&below, laid));
                if let Kind::Map(map) = &mut body.kind {
                    map.members.insert(key.to_owned(), value);
                }
            }
        }
    }
    let mut variables = Variables::new(&body, over, target, context, suffix);
    let body = filled(&body, &mut variables);
    let translated = translate::resources(file, &body, suffix, context, facts);
    let resources = with_parts(&context.rules.resources, translated);
    let unit = Unit::new(&context.rules.resources, &resources, BTreeSet::new());
    let before = (facts.links.len(), facts.assets.len());
    assets::describe(&unit, facts);
    identities(facts, before.0);
    for asset in facts.assets.iter_mut().skip(before.1).filter(|asset| asset.type_name == "databricks_job") {
        let job = resources.iter().find(|resource| resource.address == asset.address);
        let tasks = job.map(|job| tasks::of(&job.body)).unwrap_or_default();
        if !tasks.is_empty() {
            asset.set(TASKS, task::value(&tasks), None);
        }
    }
}

/// What a job runs, it runs as the job's identity.
fn identities(facts: &mut Facts, from: usize) {
    let new = facts.links.get(from..).unwrap_or_default();
    let mut acts: BTreeMap<&Ref, Vec<&Ref>> = BTreeMap::new();
    for link in new.iter().filter(|link| link.kind == RelationKind::RunsAs) {
        acts.entry(&link.from).or_default().push(&link.to);
    }
    let mut more = Vec::new();
    for link in new.iter().filter(|link| link.kind == RelationKind::Runs) {
        for identity in acts.get(&link.from).into_iter().flatten() {
            more.push(Link::new(RelationKind::RunsAs, link.to.clone(), (*identity).clone(), link.place.clone()));
        }
    }
    facts.links.extend(more);
}

/// The path of a file that a bundle names beside `declared`, relative to the root; with the extension that it has.
fn file_named(declared: &Arc<str>, written: &str, files: &[File]) -> Option<Arc<str>> {
    if written.starts_with('/') || written.contains("://") || written.contains('{') {
        return None;
    }
    let folder = declared.rsplit_once('/').map_or("", |(folder, _)| folder);
    let full = super::path::joined(folder, written);
    let with = |extension: &str| format!("{full}{extension}");
    ["", ".py", ".ipynb", ".sql", ".r", ".scala"].iter().map(|extension| with(extension)).find_map(|path| {
        let at = files.binary_search_by(|file| (*file.path).cmp(path.as_str())).ok();
        at.and_then(|at| files.get(at)).map(|file| Arc::clone(&file.path))
    })
}

#[cfg(test)]
mod tests;
