//! Workflows of continuous integration: what deploys a platform, as whom, with which secrets.
//!
//! Each workflow, composite action and GitLab pipeline becomes a Pipeline with the attributes `actionsPinned`,
//! `tokenLimited`, `longLivedCloudKeys`, `untrustedCodeRuns`, `scriptInjection`, `untrustedOnOwnRunner` and
//! `secretsInEnv`, with the identities that it takes (runs-as) and what its commands run or deploy (runs). A file of a
//! template is read like any other. Values of secrets are never read: only their names.

use std::collections::BTreeSet;
use std::sync::Arc;

use aedile_model::{Asset, AssetId, AssetKind, Gap, GapKind, Place, RelationKind, Value};

mod command;
mod github;
mod gitlab;
#[cfg(test)]
mod tests;

use super::datum::{Datum, Kind};
use super::document::{documents, duplicates};
use super::kubernetes::pod;
use crate::crawler::{Context, Crawler};
use crate::task::{self, TASKS, Task};
use crate::yaml::Node;
use crate::{Facts, File, Link, Ref};
use command::Deployment;

/// The crawler of workflows.
pub(crate) struct Workflows;

/// One file.
#[derive(Debug, Default)]
pub(crate) struct Source {
    document: Option<Node>,
    gaps: Vec<Gap>,
}

impl Crawler for Workflows {
    type Parsed = Source;

    fn claims(file: &File) -> bool {
        file.text.is_some() && (github::claims(file) || gitlab::claims(file))
    }

    fn parse(file: &File, context: Context<'_>) -> Source {
        let Some(text) = &file.text else { return Source::default() };
        let (documents, gaps) = documents(file, text, "the workflow", context.options);
        // GitLab's header of inputs is a document of its own.
        let document = documents.into_iter().next_back();
        let hidden = document.iter().flat_map(|document| duplicates(file, document));
        Source { gaps: gaps.into_iter().chain(hidden).collect(), document }
    }

    fn resolve(parsed: Vec<(&File, Source)>, context: Context<'_>, facts: &mut Facts) {
        let mut told = Vec::new();
        for (file, source) in &parsed {
            facts.gaps.extend(source.gaps.iter().cloned());
            let Some(document) = &source.document else { continue };
            let mut workflow =
                Workflow::of(file, if github::claims(file) { "github workflow" } else { "gitlab pipeline" });
            if github::claims(file) {
                github::read(document, &mut workflow);
            } else if gitlab::is_root(file) {
                gitlab::read(document, &parsed, context, &mut workflow);
            } else {
                continue;
            }
            told.push(workflow);
        }
        for workflow in told {
            workflow.tell(context, facts);
        }
    }
}

/// What is gathered of one workflow.
struct Workflow<'f> {
    file: &'f File,
    asset: Asset,
    /// Attribute → where it is so.
    held: Vec<(&'static str, Value, Option<Place>)>,
    secrets: BTreeSet<String>,
    identities: Vec<(AssetKind, String, Place)>,
    deployments: Vec<(Deployment, Place)>,
    /// Jobs and what they run, in order.
    tasks: Vec<Task>,
    gaps: Vec<Gap>,
}

/// Assets of one folder that a deployment is linked with.
const LINKED: usize = 256;

impl<'f> Workflow<'f> {
    fn of(file: &'f File, type_name: &str) -> Workflow<'f> {
        let id = AssetId::new(AssetKind::Pipeline, "", &file.path);
        let stem = file.name().rsplit_once('.').map_or(file.name(), |(stem, _)| stem);
        let mut asset = Asset::new(id, AssetKind::Pipeline, &*file.path, stem);
        asset.type_name = type_name.to_owned();
        asset.names.insert(file.path.to_string());
        asset.place = Some(Place::file(&file.path));
        asset.in_tests = file.in_tests;
        Workflow {
            file,
            asset,
            held: Vec::new(),
            secrets: BTreeSet::new(),
            identities: Vec::new(),
            deployments: Vec::new(),
            tasks: Vec::new(),
            gaps: Vec::new(),
        }
    }

    fn place(&self, node: &Node) -> Place {
        self.file.place(node.span.start as usize, node.span.end as usize)
    }

    /// Sets `attribute`; a value that is worse than what is held replaces it.
    fn set(&mut self, attribute: &'static str, value: impl Into<Value>, place: Option<Place>) {
        self.held.push((attribute, value.into(), place));
    }

    fn gap(&mut self, place: Place, kind: GapKind, message: impl Into<String>) {
        self.gaps.push(Gap { place, kind, message: message.into() });
    }

    fn acts_as(&mut self, kind: AssetKind, name: &str, place: Place) {
        self.identities.push((kind, name.to_owned(), place));
    }

    /// Variables with a credential written out.
    fn environment(&mut self, env: Option<&Node>) {
        for entry in env.map(Node::entries).unwrap_or_default() {
            let (Some(name), Some(value)) = (entry.key.str(), entry.value.str()) else { continue };
            let refers = value.contains("${{") || value.starts_with('$');
            if !refers && pod::is_credential(name, value) {
                self.set("secretsInEnv", true, Some(self.place(&entry.value)));
            }
        }
    }

    /// The names of secrets in any text below `node`.
    fn secrets_of(&mut self, node: &Node) {
        for text in texts(node) {
            let mut rest = text.as_str();
            while let Some((_, after)) = rest.split_once("secrets.") {
                let name: String = after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if !name.is_empty() {
                    self.secrets.insert(name);
                }
                rest = after;
            }
        }
    }

    fn commands(&mut self, script: &str, folder: &str, place: &Place) {
        for found in command::deployments(script, folder) {
            if let (Deployment::Script(path), Some(last)) = (&found, self.tasks.last()) {
                let key = format!("{}.{}", last.key.split('.').next().unwrap_or(&last.key), self.tasks.len());
                let after = [last.key.clone()].into();
                let runs = [path.clone()].into();
                self.tasks.push(Task { key, after, runs, ..Task::default() });
            }
            self.deployments.push((found, place.clone()));
        }
    }

    fn tell(mut self, context: Context<'_>, facts: &mut Facts) {
        for (attribute, value, place) in std::mem::take(&mut self.held) {
            if worse(attribute, &value, self.asset.value(attribute)) {
                self.asset.set(attribute, value, place);
            }
        }
        if !self.secrets.is_empty() {
            let names = self.secrets.iter().map(|name| Value::Text(name.clone())).collect::<Vec<_>>();
            self.asset.set("secretsUsed", names, None);
        }
        if self.tasks.iter().any(|task| !task.runs.is_empty()) {
            self.asset.set(TASKS, task::value(&self.tasks), None);
        }
        let own = Ref::Id(self.asset.id.clone());
        let mut links = Vec::new();
        for (kind, name, place) in &self.identities {
            links.push(Link::new(RelationKind::RunsAs, own.clone(), Ref::named(*kind, name), Some(place.clone())));
        }
        for (deployment, place) in &self.deployments {
            for target in deployed(deployment, context, facts) {
                links.push(Link::new(RelationKind::Runs, own.clone(), target, Some(place.clone())));
            }
        }
        links.dedup();
        facts.links.extend(links);
        facts.gaps.append(&mut self.gaps);
        facts.assets.push(self.asset);
    }
}

/// The files of code that the commands of `script`, run in the root, run: relative to it, in order.
pub(crate) fn scripts(script: &str) -> Vec<String> {
    let script_of = |deployment| match deployment {
        Deployment::Script(path) => Some(path),
        Deployment::Folder { .. } => None,
    };
    command::deployments(script, "").into_iter().filter_map(script_of).collect()
}

/// Whether `new` is to stand instead of `held`. The bad value is `true` but for what should hold.
fn worse(attribute: &str, new: &Value, held: Option<&Value>) -> bool {
    let bad = !matches!(attribute, "actionsPinned" | "tokenLimited");
    let rank = |value: &Value| match value {
        Value::Bool(truth) if *truth == bad => 2,
        Value::Unknown(_) => 1,
        _ => 0,
    };
    held.is_none_or(|held| rank(new) > rank(held))
}

/// The assets that a command runs or deploys: a script by its path, a folder's resources by their places.
fn deployed(deployment: &Deployment, context: Context<'_>, facts: &Facts) -> Vec<Ref> {
    match deployment {
        Deployment::Script(path) => {
            let there = context.files.iter().any(|file| *file.path == **path);
            let kind = if path.ends_with(".ipynb") { AssetKind::Notebook } else { AssetKind::Pipeline };
            there.then(|| Ref::Id(AssetId::new(kind, "", path))).into_iter().collect()
        }
        Deployment::Folder { path, types } => {
            let inside = |at: &Arc<str>| {
                path.is_empty()
                    || at.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/') || rest.is_empty())
            };
            let is_wanted = |asset: &Asset| {
                types.iter().any(|start| asset.type_name.starts_with(start))
                    && asset.place.as_ref().is_some_and(|place| inside(&place.path) && wanted(types, &place.path))
            };
            facts
                .assets
                .iter()
                .filter(|asset| !matches!(asset.kind, AssetKind::Column | AssetKind::Secret) && is_wanted(asset))
                .take(LINKED)
                .map(|asset| Ref::Id(asset.id.clone()))
                .collect()
        }
    }
}

/// Terraform's and a bundle's resources share their types: the file tells.
fn wanted(types: &[&str], path: &str) -> bool {
    if types == command::TERRAFORM {
        path.ends_with(".tf") || path.ends_with(".tofu") || path.ends_with(".json")
    } else if types == command::BUNDLE {
        path.ends_with(".yml") || path.ends_with(".yaml")
    } else {
        true
    }
}

/// All texts below `node`.
fn texts(node: &Node) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        found.extend(node.str().map(ToOwned::to_owned));
        open.extend(node.items());
        open.extend(node.entries().iter().map(|entry| &entry.value));
    }
    found
}

/// The known text of a datum that is one.
fn text_of(datum: &Datum) -> Option<&str> {
    match &datum.kind {
        Kind::Text(text) => Some(text),
        _ => None,
    }
}
