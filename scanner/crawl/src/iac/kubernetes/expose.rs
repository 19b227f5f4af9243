//! Services, ingresses, gateways, routes and virtual services make the workloads that they lead to public.
//!
//! Sources: kubernetes.io/docs/concepts/services-networking, gateway-api.sigs.k8s.io, docs.openshift.com (Route),
//! istio.io/latest/docs/reference/config/networking/virtual-service, and the load balancer pages of AWS, Google, Azure.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetKind, Place, Unknown, Value};

use super::workload::{Selects, Workload, labels, name, namespace};
use crate::iac::path::{texts, values};
use crate::iac::resource::Resource;

/// Annotations and labels that keep a load balancer inside the network, by a part of the key and of the value.
const INTERNAL: [(&str, &str); 9] = [
    ("aws-load-balancer-internal", "true"),
    ("aws-load-balancer-scheme", "internal"),
    ("alb.ingress.kubernetes.io/scheme", "internal"),
    ("azure-load-balancer-internal", "true"),
    ("use-private-ip", "true"),
    ("cloud.google.com/load-balancer-type", "internal"),
    ("networking.gke.io/load-balancer-type", "internal"),
    ("kubernetes.io/ingress.class", "internal"),
    ("openstack-internal-load-balancer", "true"),
];

/// Annotations that limit from where an ingress or service is reached.
const SOURCE_RANGES: [&str; 4] = [
    "alb.ingress.kubernetes.io/inbound-cidrs",
    "nginx.ingress.kubernetes.io/whitelist-source-range",
    "nginx.ingress.kubernetes.io/allowlist-source-range",
    "service.beta.kubernetes.io/load-balancer-source-ranges",
];

/// Annotations by which an ingress asks who somebody is, and words of their values that do not count.
const SIGN_IN: [&str; 8] = [
    "alb.ingress.kubernetes.io/auth-type",
    "haproxy.org/auth-type",
    "nginx.ingress.kubernetes.io/auth-signin",
    "nginx.ingress.kubernetes.io/auth-tls-secret",
    "nginx.ingress.kubernetes.io/auth-type",
    "nginx.ingress.kubernetes.io/auth-url",
    "ingress.kubernetes.io/auth-type",
    "konghq.com/plugins",
];

/// A way to a service from outside.
struct Way {
    /// `namespace/name` of the service.
    service: String,
    place: Option<Place>,
    /// Whether it asks who somebody is.
    guarded: bool,
}

/// How a workload is reached.
#[derive(Debug, Clone, Default)]
pub(super) struct Exposure {
    pub(super) place: Option<Place>,
    /// Whether every way to it asks who somebody is.
    pub(super) guarded: bool,
}

/// Sets `public` of workloads, and says of each that is public how it is reached.
pub(super) fn describe(
    assets: &mut [Asset],
    workloads: &[Workload<'_>],
    objects: &[&Resource],
) -> BTreeMap<usize, Exposure> {
    let ways: Vec<Way> = objects.iter().flat_map(|object| ways(object, objects)).collect();
    let mut exposed: BTreeMap<usize, Exposure> = BTreeMap::new();
    let mut perhaps: BTreeMap<usize, (Unknown, Option<Place>)> = BTreeMap::new();
    for service in objects.iter().filter(|object| object.type_name == "Service") {
        let Some(selector) = labels(&service.body, "spec.selector") else { continue };
        let space = namespace(service);
        let key = format!("{space}/{}", name(service));
        let by_type = outside(service);
        let found: Vec<(Option<Place>, bool)> = by_type
            .iter()
            .flatten()
            .map(|place| (place.clone(), false))
            .chain(ways.iter().filter(|way| way.service == key).map(|way| (way.place.clone(), way.guarded)))
            .collect();
        let undecided = by_type.as_ref().err();
        if found.is_empty() && undecided.is_none() {
            continue;
        }
        for workload in workloads.iter().filter(|workload| workload.namespace == space) {
            if workload.selected_by(&selector) != Selects::Yes {
                continue;
            }
            if let Some((why, place)) = undecided.filter(|_| found.is_empty()) {
                perhaps.entry(workload.asset).or_insert_with(|| (why.clone(), place.clone()));
            }
            for (place, guarded) in &found {
                let held =
                    exposed.entry(workload.asset).or_insert_with(|| Exposure { place: place.clone(), guarded: true });
                if held.guarded && !guarded {
                    *held = Exposure { place: place.clone(), guarded: false };
                }
            }
        }
    }
    for workload in workloads {
        let Some(asset) = assets.get_mut(workload.asset).filter(|asset| asset.kind == AssetKind::Workload) else {
            continue;
        };
        if let Some(exposure) = exposed.get(&workload.asset) {
            asset.set("public", true, exposure.place.clone());
        } else if let Some((why, place)) = perhaps.remove(&workload.asset) {
            asset.set("public", Value::Unknown(why), place);
        } else if asset.value("public") == Some(&Value::Bool(true)) {
            let place = asset.attributes.get("public").and_then(|public| public.place.clone());
            exposed.insert(workload.asset, Exposure { place, guarded: false });
        } else if !asset.attributes.contains_key("public") && !by_gateway(workload.object) {
            asset.set("public", Value::Bool(false), None);
        }
    }
    exposed
}

/// Whether the gateway of its cluster decides if a workload is reached from outside.
fn by_gateway(object: &Resource) -> bool {
    let local = labels(&object.body, "metadata.labels").unwrap_or_default();
    let kept = local.iter().any(|(key, value)| key.ends_with("/visibility") && value == "cluster-local");
    matches!(
        object.type_name.as_str(),
        "InferenceService" | "InferenceGraph" | "SeldonDeployment" | "serving.knative.dev/Service"
    ) && !kept
}

/// Where a service opens itself to the outside: `Ok(None)` if nowhere, an error if that is not known.
fn outside(service: &Resource) -> Result<Option<Option<Place>>, (Unknown, Option<Place>)> {
    if let Some(address) = values(&service.body, "spec.externalIPs").into_iter().next() {
        return Ok(Some(address.place));
    }
    let Some(kind) = values(&service.body, "spec.type").into_iter().next() else { return Ok(None) };
    if let Some(why) = kind.why_unknown() {
        return Err((why.clone(), kind.place.clone()));
    }
    if !matches!(kind.text().as_deref(), Some("LoadBalancer" | "NodePort")) {
        return Ok(None);
    }
    let ranges = texts(&service.body, "spec.loadBalancerSourceRanges");
    let limited = !ranges.is_empty() && !ranges.iter().any(|range| is_everywhere(range));
    let kept = internal(service) || (limited && kind.text().as_deref() == Some("LoadBalancer"));
    Ok((!kept).then_some(kind.place))
}

/// Whether annotations, labels or the class of an object keep it inside the network.
fn internal(object: &Resource) -> bool {
    let mut notes = labels(&object.body, "metadata.annotations").unwrap_or_default();
    notes.extend(labels(&object.body, "metadata.labels").unwrap_or_default());
    let class = texts(&object.body, "spec.ingressClassName");
    let class = class.iter().chain(notes.get("kubernetes.io/ingress.class")).next().cloned().unwrap_or_default();
    let kept = notes.iter().any(|(key, value)| {
        INTERNAL.iter().any(|(part, word)| key.contains(part) && value.to_ascii_lowercase().contains(word))
    });
    let limited = SOURCE_RANGES.iter().any(|key| {
        notes
            .get(*key)
            .is_some_and(|ranges| !ranges.is_empty() && !ranges.split(',').any(|range| is_everywhere(range.trim())))
    });
    // The AWS load balancer controller makes internal ones unless it is told otherwise.
    let amazon = class == "alb" && !notes.contains_key("alb.ingress.kubernetes.io/scheme");
    kept || limited || amazon || class.contains("internal")
}

fn is_everywhere(range: &str) -> bool {
    range.ends_with("/0")
}

/// The ways that an object opens to services.
fn ways(object: &Resource, objects: &[&Resource]) -> Vec<Way> {
    let (paths, kind): (&[&str], &str) = match object.type_name.as_str() {
        "Ingress" => (
            &[
                "spec.rules.http.paths.backend.service.name",
                "spec.rules.http.paths.backend.serviceName",
                "spec.defaultBackend.service.name",
                "spec.backend.serviceName",
            ],
            "Ingress",
        ),
        "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" => (&["spec.rules.backendRefs.name"], "Gateway"),
        "Route" => (&["spec.to.name", "spec.alternateBackends.name"], "Route"),
        "IngressRoute" => (&["spec.routes.services.name"], "IngressRoute"),
        "VirtualService" => (
            &["spec.http.route.destination.host", "spec.tcp.route.destination.host", "spec.tls.route.destination.host"],
            "VirtualService",
        ),
        _ => return Vec::new(),
    };
    let closed = match kind {
        "Gateway" => parents_internal(object, objects),
        "VirtualService" => in_mesh_only(object),
        _ => internal(object),
    };
    if closed {
        return Vec::new();
    }
    let guarded = signs_in(object);
    let space = namespace(object);
    let named = paths.iter().flat_map(|path| values(&object.body, path));
    named
        .filter_map(|value| {
            let service = service_key(&value.text()?, &space);
            Some(Way { service, place: value.place, guarded })
        })
        .collect()
}

/// `namespace/name` of a service named in full (`name.namespace.svc…`) or by its name alone.
fn service_key(host: &str, space: &str) -> String {
    let mut parts = host.split('.');
    let own = parts.next().unwrap_or_default();
    format!("{}/{own}", parts.next().unwrap_or(space))
}

/// Whether every gateway that a route hangs on is internal. One that is not in the sources counts as open.
fn parents_internal(route: &Resource, objects: &[&Resource]) -> bool {
    let named: BTreeSet<String> = texts(&route.body, "spec.parentRefs.name").into_iter().collect();
    !named.is_empty()
        && named.iter().all(|wanted| {
            objects.iter().any(|object| {
                object.type_name == "Gateway"
                    && name(object) == *wanted
                    && (internal(object)
                        || texts(&object.body, "spec.gatewayClassName")
                            .iter()
                            .any(|class| class.contains("internal") || class.contains("rilb")))
            })
        })
}

/// Whether a virtual service is bound to no gateway but the mesh itself.
fn in_mesh_only(object: &Resource) -> bool {
    texts(&object.body, "spec.gateways").iter().all(|gateway| gateway == "mesh" || gateway.contains("local"))
}

fn signs_in(object: &Resource) -> bool {
    let notes = labels(&object.body, "metadata.annotations").unwrap_or_default();
    let plain = SIGN_IN.iter().any(|key| notes.get(*key).is_some_and(|value| !value.is_empty() && value != "none"));
    let middleware = notes
        .iter()
        .any(|(key, value)| key.contains("router.middlewares") && value.to_ascii_lowercase().contains("auth"));
    let named = texts(&object.body, "spec.routes.middlewares.name");
    plain || middleware || named.iter().any(|name| name.contains("auth"))
}
