//! How charts of the sources are installed, as far as the sources say: Argo CD applications, Flux releases, helmfiles.
//!
//! Sources: argo-cd.readthedocs.io/en/stable/user-guide/helm, fluxcd.io/flux/components/helm/helmreleases.

use crate::iac::datum::{Datum, Kind};
use crate::iac::helm::Installation;
use crate::iac::path::{joined, texts, values};
use crate::iac::resource::Resource;

/// A chart that something installs.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// Its folder, as it is named there.
    pub(super) chart: String,
    /// The name of what installs it.
    pub(super) name: String,
    pub(super) installation: Installation,
}

/// A chart to render.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) folder: String,
    /// The unit of its objects.
    pub(super) unit: String,
    pub(super) installation: Installation,
    /// Whether nothing installs it, so that it is rendered as it comes.
    pub(super) bare: bool,
}

/// The charts to render. A chart that nothing installs is rendered as it comes.
pub(super) fn releases(objects: &[&Resource], more: Vec<Named>, charts: &[String]) -> Vec<Release> {
    let declared = objects.iter().flat_map(|object| match object.type_name.as_str() {
        "Application" => argo(object, "spec"),
        "ApplicationSet" => argo(object, "spec.template.spec"),
        "HelmRelease" => flux(object).into_iter().collect(),
        _ => Vec::new(),
    });
    let named: Vec<Named> = declared.chain(more).collect();
    let mut found = Vec::new();
    for folder in charts {
        let own: Vec<&Named> = named.iter().filter(|named| is_same(&named.chart, folder)).collect();
        if own.is_empty() {
            let installation = Installation::default();
            found.push(Release { folder: folder.clone(), unit: folder.clone(), installation, bare: true });
        }
        for named in &own {
            let unit = if own.len() == 1 { folder.clone() } else { format!("{folder}:{}", named.name) };
            let mut installation = named.installation.clone();
            for path in &mut installation.beside_chart {
                let file = std::mem::take(path);
                installation.value_files.push(from_chart(folder, &file));
            }
            installation.beside_chart.clear();
            found.push(Release { folder: folder.clone(), unit, installation, bare: false });
        }
    }
    found
}

/// The path that an application means by a file of values: `$name/…` and `/…` begin at the root of a repository.
fn from_chart(folder: &str, written: &str) -> String {
    let of_source = written.strip_prefix('$').and_then(|rest| rest.split_once('/')).map(|(_, rest)| rest);
    match of_source.or_else(|| written.strip_prefix('/')) {
        Some(rest) => joined("", rest),
        None => joined(folder, written),
    }
}

/// Whether a path that an installation names is that folder; what is scanned may be a part of the repository.
fn is_same(path: &str, folder: &str) -> bool {
    let path = path.trim_start_matches("./").trim_matches('/');
    path == folder
        || (!path.is_empty() && !folder.is_empty())
            && (folder.ends_with(&format!("/{path}")) || path.ends_with(&format!("/{folder}")))
}

/// The sources of an application whose specification stands at `spec`.
fn argo(object: &Resource, spec: &str) -> Vec<Named> {
    let first = |path: &str| texts(&object.body, path).into_iter().next();
    let name = first("metadata.name").unwrap_or_default();
    let mut found = Vec::new();
    for source in ["source", "sources"].iter().flat_map(|key| values(&object.body, &format!("{spec}.{key}"))) {
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
        found.push(Named {
            chart: path,
            name: name.clone(),
            installation: Installation {
                release: Some(of("releaseName").and_then(Datum::text).unwrap_or_else(|| name.clone())),
                namespace: first(&format!("{spec}.destination.namespace")),
                beside_chart: files,
                inline,
                place: source.place.clone(),
                ..Installation::default()
            },
        });
    }
    found
}

/// `a.b: value` as the mapping that it means; whole numbers and truth values are such.
pub(super) fn nested(path: &str, value: &str) -> String {
    let plain = value.parse::<i64>().is_ok() || matches!(value, "true" | "false" | "null");
    nested_json(path, if plain { value.to_owned() } else { serde_json::Value::from(value).to_string() })
}

/// The mapping that has the JSON `value` at `path`, whose parts are divided by `.`; `\.` is a point in a part, `a[0]` the
/// first item of a list.
pub(super) fn nested_json(path: &str, value: String) -> String {
    let path = path.replace("\\.", "\u{0}");
    let mut json = value;
    for key in path.split('.').rev().take(16) {
        let key = key.replace('\u{0}', ".");
        let (key, listed) = key.strip_suffix("[0]").map_or((key.as_str(), false), |key| (key, true));
        let inner = if listed { format!("[{json}]") } else { json };
        json = format!("{{{}: {inner}}}", serde_json::Value::from(key));
    }
    json
}

fn flux(object: &Resource) -> Option<Named> {
    let first = |path: &str| texts(&object.body, path).into_iter().next();
    let chart = first("spec.chart.spec.chart").filter(|chart| chart.contains('/'))?;
    let name = first("metadata.name").unwrap_or_default();
    let given = object.body.member("spec").and_then(|spec| spec.member("values"));
    let inline = given.filter(|given| matches!(given.kind, Kind::Map(_))).map(|given| given.json_holed().to_string());
    let installation = Installation {
        release: Some(first("spec.releaseName").unwrap_or_else(|| name.clone())),
        namespace: first("spec.targetNamespace").or_else(|| first("metadata.namespace")),
        value_files: texts(&object.body, "spec.chart.spec.valuesFiles"),
        inline: inline.into_iter().collect(),
        place: object.place.clone(),
        ..Installation::default()
    };
    Some(Named { chart, name, installation })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_values_is_a_mapping() {
        assert_eq!(nested("a.b", "1"), r#"{"a": {"b": 1}}"#);
        assert_eq!(nested("a\\.b.c", "x"), r#"{"a.b": {"c": "x"}}"#);
        assert_eq!(nested("a[0].b", "true"), r#"{"a": [{"b": true}]}"#);
    }

    #[test]
    fn files_of_values_stand_beside_the_chart_or_in_the_repository() {
        assert_eq!(from_chart("deploy/c", "../prod.yaml"), "deploy/prod.yaml");
        assert_eq!(from_chart("deploy/c", "$values/env/prod.yaml"), "env/prod.yaml");
        assert_eq!(from_chart("deploy/c", "/env/prod.yaml"), "env/prod.yaml");
    }
}
