//! Kubernetes: YAML documents with `apiVersion` and `kind`, and what Helm and Kustomize make of theirs.
//!
//! All plain manifests stand in one cluster. Each chart ([`super::helm`]) and each overlay ([`super::kustomize`]) is a
//! deployment of its own beside them: their services and policies reach its workloads, not the other way round.

use std::collections::BTreeSet;
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};
use aedile_rules::ResourceSource;

mod expose;
mod helmfile;
pub(super) mod interface;
pub(super) mod pod;
mod rbac;
mod release;
mod space;
mod template;
pub(super) mod terraform;
#[cfg(test)]
mod tests;
mod volume;
mod workload;

use super::assets;
use super::datum::{Datum, Kind, Map};
use super::document::{documents, duplicates};
use super::helm::{self, Installation};
use super::kustomize::{self, Customs};
use super::resource::{Resource, Unit};
use super::variant::differing;
use crate::crawler::{Context, Crawler};
use crate::{Facts, File};
use release::Release;
pub(super) use space::RELEASE_NAMESPACE;

/// The crawler of Kubernetes manifests, Helm charts and kustomizations.
pub(crate) struct Kubernetes;

/// One file's documents.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    documents: Vec<Datum>,
    gaps: Vec<Gap>,
    /// Whether it is a template, which is read where its chart is known.
    template: bool,
}

/// Objects in lists in lists.
const LIST_DEPTH: usize = 4;

/// Charts that are rendered in one scan.
const CHARTS: usize = 2_000;

impl Crawler for Kubernetes {
    type Parsed = Manifests;

    fn claims(file: &File) -> bool {
        let name = file.name();
        if kustomize::is_kustomization(name) || name == "Chart.yaml" || helmfile::is_helmfile(file) {
            return true;
        }
        if !["yaml", "yml"].contains(&file.extension().as_str()) {
            // Named templates of charts.
            return file.extension() == "tpl" && file.path.contains("templates/");
        }
        let Some(text) = &file.text else { return false };
        let at_start = |word: &str| text.lines().any(|line| line.starts_with(word));
        (at_start("apiVersion:") && at_start("kind:")) || helm::is_values(name) || file.path.contains("templates/")
    }

    fn parse(file: &File, context: Context<'_>) -> Manifests {
        let Some(text) = &file.text else { return Manifests::default() };
        let other = kustomize::is_kustomization(file.name()) || helmfile::is_helmfile(file);
        if other || file.extension() == "tpl" {
            return Manifests::default();
        }
        if template::is_template(text) {
            return Manifests { template: true, ..Manifests::default() };
        }
        manifests(file, text, context)
    }

    fn resolve(parsed: Vec<(&File, Manifests)>, context: Context<'_>, facts: &mut Facts) {
        let charts = helm::roots(context.files);
        let mut customs = Customs::of(context.files, context.options);
        let used = customs.used();
        let (mut plain, mut named) = (Vec::new(), Vec::new());
        for (file, manifests) in parsed {
            if helmfile::is_helmfile(file) {
                named.extend(helmfile::read(file, context, &mut facts.gaps));
                continue;
            }
            let in_chart = charts.iter().any(|folder| helm::reads(&file.path, folder));
            if in_chart || used.contains(&*file.path) || file.name() == "Chart.yaml" {
                continue;
            }
            let manifests = if manifests.template { masked(file, context) } else { manifests };
            facts.gaps.extend(manifests.gaps);
            for document in manifests.documents {
                take(document, file.folder(), "default", file.in_tests, 0, &mut plain);
            }
        }
        let mut overlays = Vec::new();
        for folder in customs.roots() {
            let in_tests = crate::in_tests(&format!("{folder}/kustomization.yaml"));
            let mut objects = Vec::new();
            for document in customs.build(&folder) {
                take(document, &folder, "default", in_tests, 0, &mut objects);
            }
            overlays.push(objects);
        }
        facts.gaps.append(&mut customs.gaps);
        let installed: Vec<&Resource> = plain.iter().chain(overlays.iter().flatten()).collect();
        let mut releases = release::releases(&installed, named, &charts);
        if releases.len() > CHARTS {
            releases.truncate(CHARTS);
            let place = context.files.iter().find(|file| file.name() == "Chart.yaml").map(|file| file.place(0, 0));
            let message = format!("more than {CHARTS} charts: the rest is not rendered");
            facts.gaps.extend(place.map(|place| Gap { place, kind: GapKind::Limit, message }));
        }
        let beside: Vec<Resource> = plain.iter().filter(|object| is_neighbour(object)).cloned().collect();
        judge(&mut plain, &[], context, facts);
        for mut objects in overlays {
            judge(&mut objects, &beside, context, facts);
        }
        let used: BTreeSet<String> =
            releases.iter().flat_map(|release| &release.installation.value_files).cloned().collect();
        let mut seen = BTreeSet::new();
        for release in releases {
            let mut own = context.facts();
            rendered(&release, &beside, context, &mut own);
            if seen.insert(release.folder.clone()) {
                variants(&release, &used, &beside, context, &mut own);
            }
            if release.bare {
                let made = own.assets.iter().map(|asset| asset.id.clone()).collect();
                own.charts.bare.insert(release.folder, made);
            }
            facts.append(own);
        }
    }
}

/// Writes what a chart makes.
fn rendered(release: &Release, beside: &[Resource], context: Context<'_>, facts: &mut Facts) {
    let Release { folder, unit, installation, .. } = release;
    let rendered = helm::render(context.files, folder, installation, context.options.limits.nesting);
    facts.gaps.extend(rendered.gaps);
    let space = installation.namespace.as_deref().unwrap_or(RELEASE_NAMESPACE);
    let mut objects = Vec::new();
    for (path, document) in rendered.objects {
        take(document, unit, space, crate::in_tests(&path), 0, &mut objects);
    }
    judge(&mut objects, beside, context, facts);
}

/// Adds what differs where the chart has the values of an environment; files that an installation uses are no variants.
fn variants(release: &Release, used: &BTreeSet<String>, beside: &[Resource], context: Context<'_>, facts: &mut Facts) {
    let first = facts.clone();
    let found = helm::variants(context.files, &release.folder);
    facts.gaps.extend(found.examples.iter().filter(|path| !used.contains(*path)).map(|path| Gap {
        place: Place::file(&path.as_str().into()),
        kind: GapKind::Unsupported,
        message:
            "the chart is not rendered with these values: by its name the file is an example or for tests".to_owned(),
    }));
    let mut found = found.environments.into_iter().filter(|(_, path)| !used.contains(path));
    for (name, path) in found.by_ref().take(helm::VARIANTS) {
        let installation = Installation { value_files: vec![path], ..Installation::default() };
        let unit = format!("{}@{name}", release.unit);
        let folder = release.folder.clone();
        let variant = Release { folder, unit, installation, bare: true };
        let mut other = context.facts();
        rendered(&variant, beside, context, &mut other);
        for asset in &mut other.assets {
            asset.address.push_str(&format!("@{name}"));
        }
        let plain = if release.unit.is_empty() { "" } else { "#" };
        differing(&first, other, (&format!("@{name}#"), plain), facts);
    }
    if let Some((_, path)) = found.next() {
        let message =
            format!("more than {} files of values beside the chart: the rest is not rendered", helm::VARIANTS);
        facts.gaps.push(Gap { place: Place::file(&path.into()), kind: GapKind::Limit, message });
    }
}

/// The documents of a file.
fn manifests(file: &File, text: &str, context: Context<'_>) -> Manifests {
    let (documents, gaps) = documents(file, text, "this document", context.options);
    let mut manifests = Manifests { gaps, ..Manifests::default() };
    let has_templates = text.contains("{{");
    for document in &documents {
        manifests.gaps.extend(duplicates(file, document));
        if document.get("kind").is_some() {
            let body = Datum::from_yaml(document, &file.path);
            manifests.documents.push(if has_templates { template::at_run(body) } else { body });
        }
    }
    manifests
}

/// A template that belongs to no chart: what stands in its brackets is masked.
fn masked(file: &File, context: Context<'_>) -> Manifests {
    let text = file.text.as_deref().unwrap_or_default();
    let (masked, template) = template::masked(text);
    let at_start = |word: &str| text.lines().any(|line| line.starts_with(word));
    if !(at_start("apiVersion:") && at_start("kind:")) {
        return Manifests::default();
    }
    let mut manifests = manifests(file, &masked, context);
    if let Some(first) = template {
        manifests.gaps.push(Gap {
            place: file.place(first.start, first.end),
            kind: GapKind::Unsupported,
            message: "the file is a template outside a chart: what stands in `{{ }}` is not rendered".to_owned(),
        });
    }
    manifests
}

/// Kinds of objects that say something about the workloads beside them.
const NEIGHBOURS: [&str; 16] = [
    "CiliumClusterwideNetworkPolicy",
    "CiliumNetworkPolicy",
    "GRPCRoute",
    "Gateway",
    "HTTPRoute",
    "Ingress",
    "IngressRoute",
    "LimitRange",
    "Namespace",
    "NetworkPolicy",
    "Route",
    "Service",
    "ServiceAccount",
    "TCPRoute",
    "TLSRoute",
    "VirtualService",
];

fn is_neighbour(object: &Resource) -> bool {
    NEIGHBOURS.contains(&object.type_name.as_str())
}

/// Writes what the objects of one deployment are; `beside` are objects of others that stand in the same cluster.
pub(super) fn judge(objects: &mut [Resource], beside: &[Resource], context: Context<'_>, facts: &mut Facts) {
    rename_twins(objects);
    let before = facts.assets.len();
    let objects = &*objects;
    let unit = Unit::new(&context.rules.resources, objects, BTreeSet::new());
    assets::describe(&unit, facts);
    let workloads = workload::workloads(&unit, facts, before);
    let neighbours: Vec<&Resource> = objects.iter().chain(beside).filter(|object| is_neighbour(object)).collect();
    let exposed = expose::describe(&mut facts.assets, &workloads, &neighbours);
    space::describe(&mut facts.assets, &workloads, &neighbours);
    for workload in &workloads {
        if let (Some(exposure), Some(asset)) = (exposed.get(&workload.asset), facts.assets.get_mut(workload.asset)) {
            interface::describe(asset, &workload.pods, exposure, context.rules.resources.interfaces());
        }
    }
    volume::write(&unit, &workloads, facts);
    rbac::write(&unit, facts, before);
}

/// Adds the object that `body` is, or those of the list that it is, to `objects`.
///
/// `space` is the namespace of an object that names none.
pub(super) fn take(
    mut body: Datum,
    unit: &str,
    space: &str,
    in_tests: bool,
    depth: usize,
    objects: &mut Vec<Resource>,
) {
    let text = |key: &str| body.member(key).and_then(Datum::text);
    let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        return;
    };
    if kind.ends_with("List") && body.member("items").is_some() && depth < LIST_DEPTH {
        for item in body.member("items").map(Datum::items).unwrap_or_default() {
            take(item.clone(), unit, space, in_tests, depth + 1, objects);
        }
        return;
    }
    let namespace = namespace(&mut body, &kind, space);
    let name = body.member("metadata").and_then(|metadata| metadata.member("name")).and_then(Datum::holed);
    let name = name.unwrap_or_else(|| "unnamed".to_owned());
    let place = body.member("kind").and_then(|kind| kind.place.clone()).or_else(|| body.place.clone());
    let group = version.split_once('/').map_or("", |(group, _)| group);
    objects.push(Resource {
        source: ResourceSource::Kubernetes,
        type_name: type_name(group, &kind),
        address: if namespace.is_empty() || namespace == RELEASE_NAMESPACE {
            format!("{kind}/{name}")
        } else {
            format!("{kind}/{namespace}/{name}")
        },
        unit: unit.to_owned(),
        body,
        place,
        in_tests,
        region: None,
        default_tags: None,
        doubt: None,
        provider: None,
    });
}

/// Kinds that stand in no namespace.
pub(super) const CLUSTER_WIDE: [&str; 14] = [
    "CiliumClusterwideNetworkPolicy",
    "ClusterIssuer",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterSecretStore",
    "ClusterServingRuntime",
    "ClusterTrainingRuntime",
    "ClusterWorkflowTemplate",
    "CustomResourceDefinition",
    "IngressClass",
    "Namespace",
    "PersistentVolume",
    "Profile",
    "StorageClass",
];

/// The object's namespace, which is written into the body where it is missing.
fn namespace(body: &mut Datum, kind: &str, space: &str) -> String {
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
    let held = metadata.members.entry("namespace".to_owned()).or_insert_with(|| Datum::from_text(space));
    if held.is_null() || held.text().as_deref() == Some("") {
        *held = Datum::from_text(space).at(held.place.clone());
    }
    held.holed().unwrap_or_else(|| space.to_owned())
}

/// Kinds whose name another API group has too, by group.
fn type_name(group: &str, kind: &str) -> String {
    match (group, kind) {
        ("batch.volcano.sh" | "serving.knative.dev", _) | ("kubeflow.org", "Notebook") => format!("{group}/{kind}"),
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
