//! Helm charts, rendered natively.
//!
//! A chart is a folder with `Chart.yaml` that lies in no other chart's `charts/`. It is rendered once, as `helm template`
//! would with nothing but its own `values.yaml`, and once for each file of values for an environment beside that
//! ([`variant`]). Where the sources say how it is installed (an Argo CD `Application`, a Flux `HelmRelease`, a helmfile or
//! a `helm_release` of Terraform that names the chart's folder) it is rendered so instead, once for each. Charts below it
//! are found in `charts/`, unpacked or as `.tgz`. What cannot be known before installation (random passwords, the clock, required
//! values that are not given) is unknown, and so is what hangs on it; `lookup` finds nothing. A template that fails is a gap, the others are read.
//! Nothing is executed and nothing is fetched: a dependency that is not in the sources is a gap.

use std::collections::BTreeMap;

use aedile_model::{Gap, GapKind, Place};

mod archive;
mod chart;
mod emit;
mod evaluate;
mod functions;
mod lex;
mod lone;
mod objects;
mod parse;
#[cfg(test)]
mod tests;
mod text;
mod value;
mod values;
mod variant;

use super::datum::Datum;
use crate::File;
use chart::{Chart, Tree};
use evaluate::Machine;
use text::Origin;
use value::{Fault, V, Val};
use values::{Installed, installed, overlay};

/// The version of Kubernetes that templates are told.
const CLUSTER_VERSION: &str = "v1.31.0";

/// Its second number.
const CLUSTER_MINOR: &str = "31";

/// The groups that templates are told: those that a cluster of that version serves by itself.
const API_VERSIONS: [&str; 21] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "apiextensions.k8s.io/v1",
    "apiregistration.k8s.io/v1",
    "apps/v1",
    "authentication.k8s.io/v1",
    "authorization.k8s.io/v1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "certificates.k8s.io/v1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "events.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1",
    "networking.k8s.io/v1",
    "node.k8s.io/v1",
    "policy/v1",
    "rbac.authorization.k8s.io/v1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1",
];

/// Whether a cluster serves `wanted`: a group and version, or with a kind behind them.
fn serves(wanted: &str) -> bool {
    let kind = wanted.rsplit_once('/').filter(|(_, last)| last.starts_with(|c: char| c.is_ascii_uppercase()));
    API_VERSIONS.contains(&kind.map_or(wanted, |(group, _)| group))
}

/// The stack of the thread that renders: templates recurse, within the bounds of [`evaluate`].
const STACK: usize = 256 << 20;

/// How a chart is installed.
#[derive(Debug, Clone, Default)]
pub(super) struct Installation {
    /// The name of the release; `release-name` if nobody says.
    pub(super) release: Option<String>,
    /// The namespace; the release's if nobody says.
    pub(super) namespace: Option<String>,
    /// Files of values, by path, laid over the chart's own in that order.
    pub(super) value_files: Vec<String>,
    /// Files of values whose paths begin at the chart.
    pub(super) beside_chart: Vec<String>,
    /// Values that stand in the installation itself, as YAML, laid over those of the files in that order. A `{hole}` in
    /// them stands for what is not known.
    pub(super) inline: Vec<String>,
    /// Where it is declared.
    pub(super) place: Option<Place>,
}

/// What a rendering gives.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    /// Objects, with the path of the template that gives each.
    pub(super) objects: Vec<(String, Datum)>,
    pub(super) gaps: Vec<Gap>,
}

/// The folders of charts that are no part of another, sorted.
pub(super) fn roots(files: &[File]) -> Vec<String> {
    chart::roots(files)
}

/// Whether the file at `path` is a part of the chart in `folder` that rendering reads.
pub(super) fn reads(path: &str, folder: &str) -> bool {
    chart::within(path, folder).is_some_and(|relative| {
        let below = relative
            .rsplit_once("/charts/")
            .map_or(relative, |(_, below)| below.split_once('/').map_or("", |(_, rest)| rest));
        let below = if relative.starts_with("charts/") && below == relative {
            relative.splitn(3, '/').nth(2).unwrap_or_default()
        } else {
            below
        };
        below.starts_with("templates/")
            || matches!(below, "Chart.yaml" | "values.yaml" | "requirements.yaml")
            || variant::named(relative).is_some()
    })
}

/// The files of values beside those of the chart in `folder`.
pub(super) fn variants(files: &[File], folder: &str) -> variant::Variants {
    variant::variants(files, folder)
}

/// Whether a file is one of values, by its name.
pub(super) fn is_values(name: &str) -> bool {
    matches!(name, "values.yaml" | "values.yml") || variant::named(name).is_some()
}

/// Variants of one chart that are rendered.
pub(super) const VARIANTS: usize = 16;

/// Renders the chart in `folder`.
pub(super) fn render(files: &[File], folder: &str, installation: &Installation, nesting: usize) -> Rendered {
    std::thread::scope(|scope| {
        let work = || whole(files, folder, installation, nesting);
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_default()
    })
}

fn whole(files: &[File], folder: &str, installation: &Installation, nesting: usize) -> Rendered {
    let mut tree = Tree::of(files, folder);
    let mut value_files = Vec::new();
    for path in &installation.value_files {
        let file = values::file(files, path);
        let missing = || {
            let message = format!("the values in `{path}` are not in the sources: the chart is rendered without them");
            let place = installation.place.clone().unwrap_or_else(|| Place::file(&path.as_str().into()));
            Gap { place, kind: GapKind::Unresolved, message }
        };
        match file {
            Some(file) => value_files.extend(tree.add(file)),
            None => tree.gaps.push(missing()),
        }
    }
    let chart = tree.chart(folder, nesting, 0);
    let mut rendered = Rendered::default();
    if chart.is_library {
        rendered.gaps.append(&mut tree.gaps);
        return rendered;
    }
    let texts = tree.texts.clone();
    let mut machine = Machine::new(&texts);
    let header = chart.metadata.as_ref().map(|(file, _)| Origin { file: *file, start: 0, end: 0, exact: false });
    let result = given(&mut machine, &mut tree, &value_files, &installation.inline, nesting).and_then(|given| {
        let mut missing = Vec::new();
        let root = installed(&mut machine, &chart, &chart.name, given, &mut missing)?;
        for dependency in missing {
            let message = format!(
                "the chart `{}` {} of `{}` is not in the sources: its objects are missing",
                dependency.name, dependency.version, dependency.repository
            );
            rendered.gaps.extend(dependency.place.clone().map(|place| Gap {
                place,
                kind: GapKind::Unresolved,
                message,
            }));
        }
        let run = Run { release: installation, nesting };
        run.define(&mut machine, &tree, &root, &root.name, &mut rendered);
        run.render(&mut machine, &tree, &root, &root.name, true, &mut rendered)
    });
    if let Err(fault) = result {
        gap(&tree, fault, header, &mut rendered.gaps);
    }
    for (at, number) in std::mem::take(&mut machine.undecided) {
        let why = machine.heap.unknowns.get(number).map(ToString::to_string).unwrap_or_default();
        let message = format!("what a condition decides is missing, for it is not known: {why}");
        rendered.gaps.extend(at.and_then(|at| tree.place(at)).map(|place| Gap {
            place,
            kind: GapKind::Unresolved,
            message,
        }));
    }
    rendered.gaps.append(&mut tree.gaps);
    rendered.gaps.sort();
    rendered.gaps.dedup();
    rendered
}

/// The values that the installation gives.
fn given(
    machine: &mut Machine<'_>,
    tree: &mut Tree,
    files: &[String],
    inline: &[String],
    nesting: usize,
) -> Result<Option<usize>, Fault> {
    let mut whole = None;
    let mut layers = Vec::new();
    for path in files {
        layers.extend(tree.values(path, nesting));
    }
    for text in inline {
        let (documents, _) = crate::yaml::parse(text, nesting);
        layers.extend(documents.into_iter().next().map(|document| (None, document)));
    }
    for (file, node) in layers {
        let from = |span| file.and_then(|file| chart::origin(file, span));
        let value = machine.heap.node(&node, &from)?;
        let value = if file.is_none() { values::holed(machine, &value, 0)? } else { value };
        let V::Map(layer) = value.kind else { continue };
        match whole {
            None => whole = Some(layer),
            Some(below) => overlay(machine, below, layer, 0)?,
        }
    }
    Ok(whole)
}

fn gap(tree: &Tree, fault: Fault, header: Option<Origin>, gaps: &mut Vec<Gap>) {
    let place = fault.at.or(header).and_then(|at| tree.place(at));
    let kind = if fault.limit { GapKind::Limit } else { GapKind::Unresolved };
    let message = format!("the template does not render: {}", fault.message);
    gaps.extend(place.map(|place| Gap { place, kind, message }));
}

struct Run<'r> {
    release: &'r Installation,
    nesting: usize,
}

impl Run<'_> {
    /// Adds all templates, those of charts below first, so that the charts above define theirs over them.
    fn define(&self, machine: &mut Machine<'_>, tree: &Tree, at: &Installed<'_>, path: &str, rendered: &mut Rendered) {
        for child in &at.children {
            self.define(machine, tree, child, &format!("{path}/charts/{}", child.name), rendered);
        }
        for (name, file) in &at.chart.templates {
            let Some(text) = tree.texts.get(*file as usize) else { continue };
            let whole = format!("{path}/{name}");
            if let Err(fault) = machine.add(&whole, *file, text) {
                let start = Origin { file: *file, start: 0, end: 0, exact: false };
                let fault = Fault { message: fault.message, limit: fault.limit, at: fault.at };
                gap(tree, fault, Some(start), &mut rendered.gaps);
            }
        }
    }

    fn render(
        &self,
        machine: &mut Machine<'_>,
        tree: &Tree,
        at: &Installed<'_>,
        path: &str,
        is_root: bool,
        rendered: &mut Rendered,
    ) -> Result<(), Fault> {
        for child in &at.children {
            self.render(machine, tree, child, &format!("{path}/charts/{}", child.name), false, rendered)?;
        }
        if at.chart.is_library {
            return Ok(());
        }
        let data = self.data(machine, at, path, is_root)?;
        for (name, file) in &at.chart.templates {
            let last = name.rsplit('/').next().unwrap_or_default();
            if last.starts_with('_') || !(last.ends_with(".yaml") || last.ends_with(".yml") || last.ends_with(".json"))
            {
                continue;
            }
            let whole = format!("{path}/{name}");
            if !machine.defines(&whole) {
                continue;
            }
            let template = machine.heap.map(
                [("Name", whole.clone()), ("BasePath", format!("{path}/templates"))]
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), Val::from(value)))
                    .collect(),
            )?;
            machine.heap.change(data)?.insert("Template".to_owned(), template);
            let start = Origin { file: *file, start: 0, end: 0, exact: false };
            match machine.render(&whole, &V::Map(data).into()) {
                Ok(text) => {
                    let found =
                        objects::documents(&text, tree, &machine.heap.unknowns, self.nesting, &mut rendered.gaps);
                    let place = tree.path(*file).map(ToString::to_string).unwrap_or_default();
                    rendered.objects.extend(found.into_iter().map(|object| (place.clone(), object)));
                }
                Err(fault) if fault.limit && fault.message.contains("steps") => return Err(fault),
                Err(fault) => gap(tree, fault, Some(start), &mut rendered.gaps),
            }
        }
        Ok(())
    }

    /// What templates see as `.`.
    fn data(&self, machine: &mut Machine<'_>, at: &Installed<'_>, path: &str, is_root: bool) -> Result<usize, Fault> {
        let mut members: BTreeMap<String, Val> = BTreeMap::new();
        members.insert("Values".to_owned(), V::Map(at.values).into());
        members.insert("Chart".to_owned(), metadata(machine, at.chart, &at.name, is_root)?);
        let namespace = self.release.namespace.as_deref().unwrap_or(super::kubernetes::RELEASE_NAMESPACE);
        let release = [
            ("Name", Val::from(self.release.release.as_deref().unwrap_or("release-name"))),
            ("Namespace", namespace.into()),
            ("Service", "Helm".into()),
            ("IsInstall", true.into()),
            ("IsUpgrade", false.into()),
            ("Revision", 1.into()),
        ];
        let release = release.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        members.insert("Release".to_owned(), machine.heap.map(release)?);
        let helm = machine.heap.map(BTreeMap::from([("Version".to_owned(), Val::from("v3.16.0"))]))?;
        let capabilities =
            [("KubeVersion", Val::from(V::Cluster)), ("APIVersions", V::Versions.into()), ("HelmVersion", helm)];
        let capabilities = capabilities.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        members.insert("Capabilities".to_owned(), machine.heap.map(capabilities)?);
        machine.heap.files.push(at.chart.files.clone());
        members.insert("Files".to_owned(), V::Files(machine.heap.files.len() - 1).into());
        let mut below = BTreeMap::new();
        for child in &at.children {
            let inner = self.data(machine, child, &format!("{path}/charts/{}", child.name), false)?;
            below.insert(child.name.clone(), V::Map(inner).into());
        }
        members.insert("Subcharts".to_owned(), machine.heap.map(below)?);
        match machine.heap.map(members)?.kind {
            V::Map(id) => Ok(id),
            _ => Err(Fault::new("a mapping is none")),
        }
    }
}

/// `.Chart`: the metadata with names in capitals.
fn metadata(machine: &mut Machine<'_>, chart: &Chart, name: &str, is_root: bool) -> Result<Val, Fault> {
    let mut members = BTreeMap::new();
    if let Some((file, node)) = &chart.metadata {
        let V::Map(own) = machine.heap.node(node, &|span| chart::origin(*file, span))?.kind else {
            return Ok(Val::nil());
        };
        for (key, value) in machine.heap.members(own).iter() {
            let key = match key.as_str() {
                "apiVersion" => "APIVersion".to_owned(),
                key => {
                    let mut letters = key.chars();
                    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
                }
            };
            // Versions are texts, also where YAML reads a number.
            let text = matches!(key.as_str(), "Version" | "AppVersion");
            let value = if text { Val::from(machine.heap.rich(value)).at(value.from) } else { value.clone() };
            members.insert(key, value);
        }
    }
    for key in ["Version", "AppVersion", "Description", "Type", "KubeVersion"] {
        members.entry(key.to_owned()).or_insert_with(|| "".into());
    }
    members.insert("Name".to_owned(), name.into());
    members.insert("IsRoot".to_owned(), is_root.into());
    machine.heap.map(members)
}
