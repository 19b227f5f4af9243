//! Kubernetes: YAML documents with `apiVersion` and `kind`, Helm templates as far as masking goes.

use std::collections::BTreeSet;
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};
use aedile_rules::ResourceSource;

mod expose;
pub(super) mod pod;
mod rbac;
mod template;
#[cfg(test)]
mod tests;

use super::assets;
use super::datum::{Datum, Kind, Map};
use super::resource::{Resource, Unit};
use crate::crawler::{Context, Crawler};
use crate::{Facts, File, yaml};

/// The crawler of Kubernetes manifests.
pub(crate) struct Kubernetes;

/// One file's objects.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    objects: Vec<Resource>,
    gaps: Vec<Gap>,
}

/// Objects in lists in lists.
const LIST_DEPTH: usize = 4;

impl Crawler for Kubernetes {
    type Parsed = Manifests;

    fn claims(file: &File) -> bool {
        if !["yaml", "yml"].contains(&file.extension().as_str()) {
            return false;
        }
        let Some(text) = &file.text else { return false };
        let at_start = |word: &str| text.lines().any(|line| line.starts_with(word));
        at_start("apiVersion:") && at_start("kind:")
    }

    fn parse(file: &File, context: Context<'_>) -> Manifests {
        let mut manifests = Manifests::default();
        let Some(text) = &file.text else { return manifests };
        let (masked, template) = template::masked(text);
        if let Some(first) = template {
            manifests.gaps.push(Gap {
                place: file.place(first.start, first.end),
                kind: GapKind::Unsupported,
                message: "the file is a template: what stands in `{{ }}` is not rendered".to_owned(),
            });
        }
        let (documents, errors) = yaml::parse_all(&masked, context.options.limits.nesting);
        for error in errors {
            manifests.gaps.push(Gap {
                place: file.place(error.span.start as usize, error.span.end as usize),
                kind: if error.limit { GapKind::Limit } else { GapKind::Unparsed },
                message: format!(
                    "this document is not {}: {}",
                    if error.limit { "read" } else { "YAML" },
                    error.message
                ),
            });
        }
        for document in &documents {
            for (key, span) in document.duplicates() {
                manifests.gaps.push(Gap {
                    place: file.place(span.start as usize, span.end as usize),
                    kind: GapKind::Unparsed,
                    message: format!("the key `{key}` stands twice: only the last one is read"),
                });
            }
            manifests.take(document, file, 0);
        }
        manifests
    }

    fn resolve(parsed: Vec<(&File, Manifests)>, context: Context<'_>, facts: &mut Facts) {
        let mut objects = Vec::new();
        for (_, manifests) in parsed {
            facts.gaps.extend(manifests.gaps);
            objects.extend(manifests.objects);
        }
        rename_twins(&mut objects);
        let before = facts.assets.len();
        let unit = Unit::new(&context.rules.resources, &objects, BTreeSet::new());
        assets::describe(&unit, facts);
        let own = facts.assets.get_mut(before..).unwrap_or_default();
        expose::describe(own, &objects);
        rbac::write(&unit, facts);
    }
}

impl Manifests {
    fn take(&mut self, document: &yaml::Node, file: &File, depth: usize) {
        let text = |key: &str| document.get(key).and_then(yaml::Node::str);
        let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else {
            return;
        };
        if kind.ends_with("List") && depth < LIST_DEPTH {
            for item in document.get("items").map(yaml::Node::items).unwrap_or_default() {
                self.take(item, file, depth + 1);
            }
            return;
        }
        let mut body = Datum::from_yaml(document, &file.path);
        let namespace = namespace(&mut body, kind);
        let name = document.at("metadata.name").and_then(yaml::Node::str).unwrap_or("unnamed");
        let start = document.key_span("kind").map_or(document.span.start, |span| span.start);
        let end = document.get("kind").map_or(document.span.end, |node| node.span.end);
        let group = version.split_once('/').map_or("", |(group, _)| group);
        self.objects.push(Resource {
            source: ResourceSource::Kubernetes,
            type_name: type_name(group, kind),
            address: if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{kind}/{namespace}/{name}") },
            unit: file.folder().to_owned(),
            body,
            place: Some(Place::new(&file.path, start as usize, end.max(start) as usize)),
            in_tests: file.in_tests,
            region: None,
            default_tags: None,
            doubt: None,
        });
    }
}

/// Kinds that stand in no namespace.
const CLUSTER_WIDE: [&str; 7] = [
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "IngressClass",
    "Namespace",
    "PersistentVolume",
    "StorageClass",
];

/// The object's namespace, which is written into the body where it is missing.
fn namespace(body: &mut Datum, kind: &str) -> String {
    if CLUSTER_WIDE.contains(&kind) {
        return String::new();
    }
    let Kind::Map(map) = &mut body.kind else {
        return String::new();
    };
    let empty = || Datum::from(Kind::Map(Map::default()));
    let metadata = map.members.entry("metadata".to_owned()).or_insert_with(empty);
    let Kind::Map(metadata) = &mut metadata.kind else {
        return String::new();
    };
    let held = metadata.members.entry("namespace".to_owned()).or_insert_with(|| Datum::from_text("default"));
    held.text().unwrap_or_else(|| "default".to_owned())
}

/// Kinds whose name another API group has too, by group.
fn type_name(group: &str, kind: &str) -> String {
    match (group, kind) {
        ("serving.knative.dev", _) | ("kubeflow.org", "Notebook") => format!("{group}/{kind}"),
        _ => kind.to_owned(),
    }
}

/// Two objects of one address in one folder (variants of an environment) get their file's name.
fn rename_twins(objects: &mut [Resource]) {
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for object in objects.iter_mut() {
        if !seen.insert((object.unit.clone(), object.address.clone()))
            && let Some(place) = &object.place
        {
            object.unit = Arc::clone(&place.path).to_string();
            let mut copy = 2;
            while !seen.insert((object.unit.clone(), object.address.clone())) {
                object.unit = format!("{}:{copy}", place.path);
                copy += 1;
            }
        }
    }
}
