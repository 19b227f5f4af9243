//! How charts of the sources are installed, as far as the sources say: Argo CD applications and Flux releases.
//!
//! Sources: argo-cd.readthedocs.io/en/stable/user-guide/helm, fluxcd.io/flux/components/helm/helmreleases.

use crate::iac::datum::{Datum, Kind};
use crate::iac::helm::Installation;
use crate::iac::path::{texts, values};
use crate::iac::resource::Resource;

/// The charts to render: folder, unit of the objects, and how. A chart that nothing installs is rendered as it comes.
pub(super) fn releases(objects: &[&Resource], charts: &[String]) -> Vec<(String, String, Installation)> {
    let named: Vec<(String, String, Installation)> = objects
        .iter()
        .flat_map(|object| match object.type_name.as_str() {
            "Application" => argo(object),
            "HelmRelease" => flux(object).into_iter().collect(),
            _ => Vec::new(),
        })
        .collect();
    let mut found = Vec::new();
    for folder in charts {
        let own: Vec<&(String, String, Installation)> =
            named.iter().filter(|(path, ..)| is_same(path, folder)).collect();
        if own.is_empty() {
            found.push((folder.clone(), folder.clone(), Installation::default()));
        }
        for (_, release, installation) in &own {
            let unit = if own.len() == 1 { folder.clone() } else { format!("{folder}:{release}") };
            let mut installation = installation.clone();
            for path in &mut installation.value_files {
                *path = joined(folder, path);
            }
            found.push((folder.clone(), unit, installation));
        }
    }
    found
}

/// Whether a path that an installation names is that folder; what is scanned may be a part of the repository.
fn is_same(path: &str, folder: &str) -> bool {
    let path = path.trim_start_matches("./").trim_matches('/');
    path == folder
        || (!path.is_empty() && !folder.is_empty())
            && (folder.ends_with(&format!("/{path}")) || path.ends_with(&format!("/{folder}")))
}

/// `folder/relative` without `.` and `..`.
fn joined(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn argo(object: &Resource) -> Vec<(String, String, Installation)> {
    let first = |path: &str| texts(&object.body, path).into_iter().next();
    let name = first("metadata.name").unwrap_or_default();
    let mut found = Vec::new();
    for source in ["spec.source", "spec.sources"].iter().flat_map(|path| values(&object.body, path)) {
        let Some(path) = source.member("path").and_then(Datum::text) else { continue };
        let helm = source.member("helm");
        let of = |key: &str| helm.and_then(|helm| helm.member(key));
        let mut inline = Vec::new();
        inline.extend(of("values").and_then(Datum::text));
        inline.extend(of("valuesObject").map(|given| given.json_holed().to_string()));
        for parameter in of("parameters").map(Datum::items).unwrap_or_default() {
            let text = |key: &str| parameter.member(key).and_then(Datum::text).unwrap_or_default();
            inline.push(nested(&text("name"), &text("value")));
        }
        let files = of("valueFiles").map(Datum::items).unwrap_or_default().iter().filter_map(Datum::text).collect();
        let release = of("releaseName").and_then(Datum::text).unwrap_or_else(|| name.clone());
        let namespace = first("spec.destination.namespace");
        let installation = Installation { release: Some(release), namespace, value_files: files, inline };
        found.push((path, name.clone(), installation));
    }
    found
}

/// `a.b: value` as the mapping that it means; whole numbers and truth values are such.
fn nested(path: &str, value: &str) -> String {
    let plain = value.parse::<i64>().is_ok() || matches!(value, "true" | "false");
    let mut json = if plain { value.to_owned() } else { serde_json::Value::from(value).to_string() };
    for key in path.split('.').rev().take(16) {
        json = format!("{{{}: {json}}}", serde_json::Value::from(key));
    }
    json
}

fn flux(object: &Resource) -> Option<(String, String, Installation)> {
    let first = |path: &str| texts(&object.body, path).into_iter().next();
    let path = first("spec.chart.spec.chart").filter(|chart| chart.contains('/'))?;
    let name = first("metadata.name").unwrap_or_default();
    let given = object.body.member("spec").and_then(|spec| spec.member("values"));
    let inline = given.filter(|given| matches!(given.kind, Kind::Map(_))).map(|given| given.json_holed().to_string());
    let installation = Installation {
        release: Some(first("spec.releaseName").unwrap_or_else(|| name.clone())),
        namespace: first("spec.targetNamespace").or_else(|| first("metadata.namespace")),
        value_files: Vec::new(),
        inline: inline.into_iter().collect(),
    };
    Some((path, name, installation))
}
