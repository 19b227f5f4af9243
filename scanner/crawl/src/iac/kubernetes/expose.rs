//! Services and ingresses make the workloads that they select public.

use std::collections::BTreeMap;

use aedile_model::{Asset, AssetKind, Place, Value};

use crate::iac::datum::{Datum, Kind};
use crate::iac::path::{texts, values};
use crate::iac::resource::Resource;

/// Paths of the labels of the pods that a workload makes.
const POD_LABELS: [&str; 4] = [
    "metadata.labels",
    "spec.template.metadata.labels",
    "spec.jobTemplate.spec.template.metadata.labels",
    "spec.podMetadata.labels",
];

/// Annotations that keep a load balancer inside the network, by a part of the key and the value.
///
/// Source: the load balancer pages of AWS, Google, Azure.
const INTERNAL: [(&str, &str); 5] = [
    ("aws-load-balancer-internal", "true"),
    ("aws-load-balancer-scheme", "internal"),
    ("azure-load-balancer-internal", "true"),
    ("cloud.google.com/load-balancer-type", "internal"),
    ("networking.gke.io/load-balancer-type", "internal"),
];

/// Sets `public` of workloads from the services and ingresses of their namespace.
pub(super) fn describe(assets: &mut [Asset], objects: &[Resource]) {
    let ingresses: Vec<(&str, String, Option<Place>)> = objects
        .iter()
        .filter(|object| object.type_name == "Ingress")
        .flat_map(|object| {
            let paths = [
                "spec.rules.http.paths.backend.service.name",
                "spec.rules.http.paths.backend.serviceName",
                "spec.defaultBackend.service.name",
            ];
            let names = paths.iter().flat_map(|path| values(&object.body, path)).collect::<Vec<_>>();
            names
                .into_iter()
                .filter_map(|name| Some((object.unit.as_str(), key(object, &name.text()?), name.place.clone())))
        })
        .collect();
    for service in objects.iter().filter(|object| object.type_name == "Service") {
        let Some(selector) = labels(&service.body, "spec.selector") else {
            continue;
        };
        let own = texts(&service.body, "metadata.name").into_iter().next().unwrap_or_default();
        let outside = outside(service).or_else(|| {
            let name = key(service, &own);
            ingresses.iter().find(|(_, backend, _)| *backend == name).map(|(_, _, place)| place.clone())
        });
        let Some(place) = outside else { continue };
        for object in objects.iter().filter(|object| namespace(object) == namespace(service)) {
            if selects(&selector, object)
                && let Some(asset) =
                    assets.iter_mut().find(|asset| asset.kind == AssetKind::Workload && asset.place == object.place)
            {
                asset.set("public", true, place.clone());
            }
        }
    }
    // Whether an InferenceService is reached from outside, the gateway of its cluster decides.
    for asset in assets.iter_mut().filter(|asset| {
        asset.kind == AssetKind::Workload
            && asset.type_name != "InferenceService"
            && !asset.attributes.contains_key("public")
    }) {
        asset.set("public", Value::Bool(false), None);
    }
}

/// Where a service opens itself to the outside.
fn outside(service: &Resource) -> Option<Option<Place>> {
    let kind = values(&service.body, "spec.type").into_iter().next()?;
    if !matches!(kind.text().as_deref(), Some("LoadBalancer" | "NodePort")) {
        return None;
    }
    let annotations = labels(&service.body, "metadata.annotations").unwrap_or_default();
    let internal = annotations
        .iter()
        .any(|(key, value)| INTERNAL.iter().any(|(part, word)| key.contains(part) && value.eq_ignore_ascii_case(word)));
    (!internal).then_some(kind.place)
}

fn selects(selector: &BTreeMap<String, String>, object: &Resource) -> bool {
    !selector.is_empty()
        && POD_LABELS
            .iter()
            .filter_map(|path| labels(&object.body, path))
            .any(|held| selector.iter().all(|(key, value)| held.get(key) == Some(value)))
}

fn labels(body: &Datum, path: &str) -> Option<BTreeMap<String, String>> {
    match &path.split('.').try_fold(body, |body, key| body.member(key))?.kind {
        Kind::Map(map) => {
            Some(map.members.iter().filter_map(|(key, value)| Some((key.clone(), value.text()?))).collect())
        }
        _ => None,
    }
}

fn namespace(object: &Resource) -> String {
    texts(&object.body, "metadata.namespace").into_iter().next().unwrap_or_default()
}

fn key(object: &Resource, name: &str) -> String {
    format!("{}/{name}", namespace(object))
}
