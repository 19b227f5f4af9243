//! What the namespace of a workload adds: network policies, the token of its service account, limits by default,
//! the standard that pods must meet.
//!
//! Sources: kubernetes.io/docs/concepts/services-networking/network-policies,
//! kubernetes.io/docs/tasks/configure-pod-container/configure-service-account,
//! kubernetes.io/docs/concepts/policy/limit-range, kubernetes.io/docs/concepts/security/pod-security-admission.

use aedile_model::{Asset, AssetKind, Place, Unknown, Value};

use super::workload::{Selects, Workload, labels, name, namespace};
use crate::iac::condition::{Truth, any};
use crate::iac::datum::Datum;
use crate::iac::path::values;
use crate::iac::resource::Resource;

/// The namespace of a release whose namespace is given when it is installed.
pub(in crate::iac) const RELEASE_NAMESPACE: &str = "release-namespace";

/// Sets what the namespaces say of their workloads.
pub(super) fn describe(assets: &mut [Asset], workloads: &[Workload<'_>], objects: &[&Resource]) {
    for workload in workloads {
        let Some(asset) = assets.get_mut(workload.asset).filter(|asset| asset.kind == AssetKind::Workload) else {
            continue;
        };
        super::pod::set(asset, "defaultNamespace", in_default(workload));
        if workload.pods.is_empty() {
            continue;
        }
        super::pod::set(asset, "behindNetworkPolicy", guarded(workload, objects));
        super::pod::set(asset, "tokenMounted", any(workload.pods.iter().map(|pod| token(pod, workload, objects))));
        limits_by_default(asset, workload, objects);
        standard(asset, workload, objects);
    }
}

fn in_default(workload: &Workload<'_>) -> Truth {
    let held = workload.object.body.member("metadata").and_then(|metadata| metadata.member("namespace"));
    let place = held.and_then(|held| held.place.clone()).or_else(|| workload.object.place.clone());
    if let Some(why) = held.and_then(Datum::why_unknown) {
        return Truth::Unknown(why.clone(), place);
    }
    match workload.namespace.as_str() {
        RELEASE_NAMESPACE => {
            let why = "the namespace is given when the chart is installed".to_owned();
            Truth::Unknown(Unknown { expression: "namespace".to_owned(), why }, place)
        }
        "default" => Truth::True(place),
        _ => Truth::False(place),
    }
}

/// Whether a network policy of the namespace selects the pods.
fn guarded(workload: &Workload<'_>, objects: &[&Resource]) -> Truth {
    any(objects.iter().filter_map(|object| {
        let (path, wide) = match object.type_name.as_str() {
            "NetworkPolicy" => ("podSelector", false),
            "CiliumNetworkPolicy" => ("endpointSelector", false),
            "CiliumClusterwideNetworkPolicy" => ("endpointSelector", true),
            _ => return None,
        };
        if !wide && namespace(object) != workload.namespace {
            return None;
        }
        let spec = object.body.member("spec")?;
        // Calico's policies of the same kind select by an expression.
        let Some(selector) = spec.member(path) else {
            let why = Unknown {
                expression: "selector".to_owned(),
                why: "which pods the policy selects is not evaluated".to_owned(),
            };
            return spec.member("selector").map(|selector| Truth::Unknown(why, selector.place.clone()));
        };
        Some(match workload.selected(selector) {
            Selects::Yes => Truth::True(object.place.clone()),
            Selects::No => Truth::False(workload.object.place.clone()),
            Selects::Perhaps => {
                let why = "the labels of its pods are not in the sources".to_owned();
                Truth::Unknown(Unknown { expression: "podSelector".to_owned(), why }, object.place.clone())
            }
        })
    }))
    .or_place(workload.object.place.clone())
}

impl Truth {
    /// The same, with a place for a false answer that has none.
    fn or_place(self, place: Option<Place>) -> Truth {
        match self {
            Truth::False(None) => Truth::False(place),
            other => other,
        }
    }
}

/// Whether a token of the API server is mounted: what the pod says goes before what its service account says.
fn token(pod: &Datum, workload: &Workload<'_>, objects: &[&Resource]) -> Truth {
    if let Some(truth) = flag(pod.member("automountServiceAccountToken")) {
        return truth;
    }
    let named =
        ["serviceAccountName", "serviceAccount"].iter().find_map(|key| pod.member(key)).filter(|n| !n.is_null());
    if let Some(why) = named.and_then(Datum::why_unknown) {
        return Truth::Unknown(why.clone(), named.and_then(|named| named.place.clone()));
    }
    let own = named.and_then(Datum::text).filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned());
    let account = objects.iter().find(|object| {
        object.type_name == "ServiceAccount" && name(object) == own && namespace(object) == workload.namespace
    });
    match account {
        Some(account) => flag(account.body.member("automountServiceAccountToken"))
            .unwrap_or_else(|| Truth::True(named.and_then(|named| named.place.clone()).or_else(|| pod.place.clone()))),
        None if own == "default" => Truth::True(pod.place.clone()),
        None => {
            let why = format!("the service account `{own}` is not in the sources");
            let place = named.and_then(|named| named.place.clone());
            Truth::Unknown(Unknown { expression: "automountServiceAccountToken".to_owned(), why }, place)
        }
    }
}

fn flag(datum: Option<&Datum>) -> Option<Truth> {
    let datum = datum.filter(|datum| !datum.is_null())?;
    let place = datum.place.clone();
    Some(match (datum.bool(), datum.why_unknown()) {
        (Some(true), _) => Truth::True(place),
        (Some(false), _) => Truth::False(place),
        (None, Some(why)) => Truth::Unknown(why.clone(), place),
        (None, None) => return None,
    })
}

/// A limit range that gives containers a memory limit limits those that name none.
fn limits_by_default(asset: &mut Asset, workload: &Workload<'_>, objects: &[&Resource]) {
    if asset.value("limitsSet") != Some(&Value::Bool(false)) {
        return;
    }
    let ranges = objects
        .iter()
        .filter(|object| object.type_name == "LimitRange" && namespace(object) == workload.namespace)
        .flat_map(|object| values(&object.body, "spec.limits"));
    let given = ranges
        .filter(|limit| limit.member("type").and_then(Datum::text).as_deref() == Some("Container"))
        .find_map(|limit| values(&limit, "default.memory").into_iter().next());
    if let Some(memory) = given {
        asset.set("limitsSet", true, memory.place);
    }
}

/// The pod security standard that the namespace enforces, as evidence beside what the pods themselves say.
fn standard(asset: &mut Asset, workload: &Workload<'_>, objects: &[&Resource]) {
    let space = objects.iter().find(|object| object.type_name == "Namespace" && name(object) == workload.namespace);
    let Some(space) = space else { return };
    let held = labels(&space.body, "metadata.labels").unwrap_or_default();
    if let Some(level) = held.get("pod-security.kubernetes.io/enforce") {
        asset.set("podSecurity", Value::Text(level.clone()), space.place.clone());
    }
}
