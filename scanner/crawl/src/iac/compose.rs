//! Compose files and Dockerfiles: the containers of one machine, and the images that are built for them.
//!
//! A service is turned into the pod that would say the same, so that one reading of security settings serves both.
//! A file beside the base file (`compose.prod.yaml` beside `compose.yaml`) is read as laid over it; the override file
//! is merged into it, as Compose does by itself. Sources: github.com/compose-spec/compose-spec, docs.docker.com.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{AssetKind, Gap, Place, RelationKind};
use aedile_rules::ResourceSource;

mod dockerfile;
mod environment;
mod interpolate;
mod merge;
mod service;
#[cfg(test)]
mod tests;

use super::assets;
use super::datum::{Datum, Kind};
use super::document::{documents, duplicates};
use super::kubernetes::interface;
use super::resource::{Resource, Unit};
use crate::crawler::{Context, Crawler};
use crate::{Facts, File, Link, Ref};

/// The crawler of compose files and Dockerfiles.
pub(crate) struct Compose;

/// What one file is.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// A compose file: its document.
    Project(Option<Datum>, Vec<Gap>),
    /// A Dockerfile.
    Image(dockerfile::Image),
    /// A file of variables.
    Variables(BTreeMap<String, Datum>),
}

impl Crawler for Compose {
    type Parsed = Parsed;

    fn claims(file: &File) -> bool {
        let name = file.name().to_ascii_lowercase();
        if file.text.is_none() {
            return false;
        }
        is_project(&name) || dockerfile::is_dockerfile(&name) || environment::is_variables(&name)
    }

    fn parse(file: &File, context: Context<'_>) -> Parsed {
        let name = file.name().to_ascii_lowercase();
        let text = file.text.as_deref().unwrap_or_default();
        if dockerfile::is_dockerfile(&name) {
            return Parsed::Image(dockerfile::parse(file, text));
        }
        if environment::is_variables(&name) {
            return Parsed::Variables(environment::parse(file, text));
        }
        let (documents, mut gaps) = documents(file, text, "the compose file", context.options);
        let document = documents.into_iter().find(|document| document.get("services").is_some());
        gaps.extend(document.iter().flat_map(|document| duplicates(file, document)));
        Parsed::Project(document.map(|document| Datum::from_yaml(&document, &file.path)), gaps)
    }

    fn resolve(parsed: Vec<(&File, Parsed)>, context: Context<'_>, facts: &mut Facts) {
        let mut files = Files::default();
        for (file, parsed) in parsed {
            match parsed {
                Parsed::Project(document, gaps) => {
                    facts.gaps.extend(gaps);
                    if let Some(document) = document {
                        files.projects.insert(file.path.to_string(), (file, document));
                    }
                }
                Parsed::Image(image) => {
                    facts.gaps.extend(image.gaps.iter().cloned());
                    files.images.insert(file.path.to_string(), (file, image));
                }
                Parsed::Variables(variables) => {
                    files.variables.insert(file.path.to_string(), variables);
                }
            }
        }
        let mut resources: Vec<Resource> = Vec::new();
        for (path, (file, image)) in &files.images {
            resources.push(image.resource(path, file));
            image.links(facts, path);
        }
        for path in files.projects.keys() {
            if !is_override(path) {
                project(&files, path, &mut resources, facts);
            }
        }
        let before = facts.assets.len();
        let unit = Unit::new(&context.rules.resources, &resources, BTreeSet::new());
        assets::describe(&unit, facts);
        interfaces(&unit, context, facts, before);
    }
}

/// The files of all projects.
#[derive(Default)]
struct Files<'f> {
    projects: BTreeMap<String, (&'f File, Datum)>,
    images: BTreeMap<String, (&'f File, dockerfile::Image)>,
    variables: BTreeMap<String, BTreeMap<String, Datum>>,
}

/// Names of compose files: `compose.yaml`, `docker-compose.yml`, and either with a word more.
fn is_project(name: &str) -> bool {
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
    stem.is_some_and(|stem| {
        let stem = stem.strip_prefix("docker-").unwrap_or(stem);
        stem == "compose" || stem.starts_with("compose.") || stem.starts_with("compose-") || stem.ends_with(".compose")
    })
}

fn is_override(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    name.ends_with("compose.override.yaml") || name.ends_with("compose.override.yml")
}

/// The file that a variant is laid over, and the override that belongs to a base file.
fn base(files: &Files<'_>, path: &str) -> Option<String> {
    let folder = folder(path);
    let names = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
    let own = names.iter().map(|name| join(folder, name)).find(|base| files.projects.contains_key(base))?;
    (own != path).then_some(own)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// `folder/relative` without `.` and `..`.
fn join(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = if relative.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}

/// The services of the project at `path`.
fn project(files: &Files<'_>, path: &str, resources: &mut Vec<Resource>, facts: &mut Facts) {
    let Some((file, document)) = files.projects.get(path) else { return };
    let below = base(files, path).and_then(|base| files.projects.get(&base)).map(|(_, document)| document);
    let above = below.is_none().then(|| {
        let (start, end) = path.rsplit_once('.').unwrap_or((path, ""));
        files.projects.get(&format!("{start}.override.{end}")).map(|(_, document)| document)
    });
    let layers: Vec<&Datum> = below.into_iter().chain([document]).chain(above.flatten()).collect();
    let variables = files.variables.get(&join(folder(path), ".env"));
    let mut names: BTreeSet<String> = BTreeSet::new();
    for layer in layers.iter().skip(usize::from(below.is_some())) {
        names.extend(services(layer).into_iter().map(|(name, _)| name));
    }
    for name in names {
        let mut whole: Option<Datum> = None;
        for layer in &layers {
            let own = services(layer).into_iter().find(|(found, _)| *found == name).map(|(_, body)| body);
            let Some(own) = own else { continue };
            let own = merge::extended(files, path, layer, own, 0, facts);
            whole = Some(whole.map_or_else(|| own.clone(), |below| merge::merged(&below, &own)));
        }
        let Some(whole) = whole else { continue };
        let body = interpolate::filled(&whole, variables);
        let header = services(document).into_iter().chain(layers.iter().flat_map(|layer| services(layer)));
        let place = header.into_iter().find(|(found, _)| *found == name).and_then(|(_, body)| body.place);
        let place = place.map(|place| first_line(&place, &name));
        let (body, links) = service::pod(files, path, &name, &body);
        for (kind, target, at) in links {
            let id = aedile_model::AssetId::new(AssetKind::Workload, path, &format!("service/{name}"));
            facts.links.push(Link::new(kind, Ref::Id(id), target, at));
        }
        resources.push(Resource {
            source: ResourceSource::Compose,
            type_name: "service".to_owned(),
            address: format!("service/{name}"),
            unit: path.to_owned(),
            body,
            place,
            in_tests: file.in_tests,
            region: None,
            default_tags: None,
            doubt: None,
            provider: None,
        });
    }
}

/// The header of a block, which begins with its key.
fn first_line(place: &Place, name: &str) -> Place {
    let start = place.span.start as usize;
    Place::new(&Arc::clone(&place.path), start, start + name.len())
}

fn services(document: &Datum) -> Vec<(String, Datum)> {
    match document.member("services").map(|services| &services.kind) {
        Some(Kind::Map(map)) => map.members.iter().map(|(name, body)| (name.clone(), body.clone())).collect(),
        _ => Vec::new(),
    }
}

/// Says of services that are reached from outside whether they ask who somebody is.
fn interfaces(unit: &Unit<'_>, context: Context<'_>, facts: &mut Facts, before: usize) {
    for (at, resource) in unit.resources.iter().enumerate() {
        let Some((_, id)) = unit.asset(at).filter(|_| resource.source == ResourceSource::Compose) else { continue };
        let Some(asset) = facts.assets.iter_mut().skip(before).find(|asset| asset.id == id) else { continue };
        if asset.value("public") != Some(&aedile_model::Value::Bool(true)) {
            continue;
        }
        let place = asset.attributes.get("public").and_then(|public| public.place.clone());
        let pods: Vec<Datum> = resource.body.member("pod").cloned().into_iter().collect();
        interface::published(asset, &pods, place, context.rules.resources.interfaces());
    }
}

/// A relation of a service to something that it names.
type Named = (RelationKind, Ref, Option<Place>);
