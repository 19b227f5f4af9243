//! What pod specifications say of a workload, wherever a type keeps them.
//!
//! Sources: kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1,
//! kubernetes.io/docs/concepts/security/pod-security-standards. What a container says goes before what its pod says;
//! what nobody says has the default of Kubernetes 1.31 (`allowPrivilegeEscalation` true, no seccomp profile, a token
//! is mounted). Images run as root unless something says otherwise, since that is what images do by default.

use aedile_model::{Asset, Place, Unknown, Value};
use aedile_rules::ResourceType;

mod argo;
mod secret;
mod spark;

use crate::iac::condition::{Truth, all, any};
use crate::iac::datum::{Datum, Kind};
use crate::iac::path::values;
use crate::iac::resource::Resource;
pub(in crate::iac) use secret::{in_text, is_credential, literal};

/// Members of a KServe predictor whose container a serving runtime makes; what they leave out, the runtime decides.
///
/// Source: kserve.github.io/website/docs/reference/crd-api, PredictorSpec.
const RUNTIMES: [&str; 12] = [
    "huggingface",
    "lightgbm",
    "model",
    "onnx",
    "paddle",
    "pmml",
    "pytorch",
    "sklearn",
    "tensorflow",
    "transformer",
    "triton",
    "xgboost",
];

/// The lists of a pod's containers: those that work, those that prepare, those that were added for debugging.
const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Capabilities that the restricted standard lets a container add.
const HARMLESS_CAPABILITIES: [&str; 2] = ["NET_BIND_SERVICE", "CAP_NET_BIND_SERVICE"];

/// A container with its pod.
#[derive(Clone, Copy)]
pub(super) struct Container<'d> {
    pub(super) pod: &'d Datum,
    pub(super) body: &'d Datum,
    /// Whether it works (rather than prepares the others).
    main: bool,
    /// Whether a serving runtime completes it.
    runtime: bool,
}

/// The pod specifications of `resource`, in the form of Kubernetes.
pub(super) fn pods(resource: &Resource, rule: &ResourceType) -> Vec<Datum> {
    if spark::is_spark(&resource.type_name) {
        return spark::pods(&resource.body, &rule.pods);
    }
    if argo::is_argo(&resource.type_name) {
        return argo::pods(&resource.body, &rule.pods);
    }
    let found = rule.pods.iter().flat_map(|path| values(&resource.body, path));
    found.filter(|pod| matches!(pod.kind, Kind::Map(_))).collect()
}

/// The containers of `pods`.
pub(super) fn containers(pods: &[Datum]) -> Vec<Container<'_>> {
    let mut found = Vec::new();
    for pod in pods {
        for list in LISTS {
            let bodies = pod.member(list).map(Datum::items).unwrap_or_default();
            let bodies = bodies.iter().filter(|body| matches!(body.kind, Kind::Map(_)));
            found.extend(bodies.map(|body| Container { pod, body, main: list == "containers", runtime: false }));
        }
        // Argo and Tekton keep single containers.
        for single in ["container", "script"] {
            let body = pod.member(single).filter(|body| matches!(body.kind, Kind::Map(_)));
            found.extend(body.map(|body| Container { pod, body, main: true, runtime: false }));
        }
        for name in RUNTIMES {
            let body = pod.member(name).filter(|body| matches!(body.kind, Kind::Map(_)));
            found.extend(body.map(|body| Container { pod, body, main: true, runtime: true }));
        }
    }
    found
}

/// Sets the workload attributes from the pods of `resource`.
pub(crate) fn describe(asset: &mut Asset, resource: &Resource, rule: &ResourceType) {
    if rule.pods.is_empty() {
        return;
    }
    let pods = pods(resource, rule);
    if pods.is_empty() {
        unknown_pods(asset, resource, rule);
        no_image(asset);
        return;
    }
    let flag = |name: &'static str| any(pods.iter().map(move |pod| is_true(pod, &[name])));
    set(asset, "hostNetwork", flag("hostNetwork"));
    set(asset, "hostNamespaces", any(["hostNetwork", "hostPID", "hostIPC"].into_iter().map(flag)));
    set(asset, "hostPaths", any(pods.iter().map(host_paths)));
    let containers = containers(&pods);
    if containers.is_empty() {
        no_image(asset);
        return;
    }
    let each = |fact: fn(&Container<'_>) -> Truth| containers.iter().map(fact).collect::<Vec<_>>().into_iter();
    set(asset, "privileged", any(each(privileged)));
    set(asset, "runsAsRoot", any(each(as_root)));
    set(asset, "allowsEscalation", any(each(escalates)));
    set(asset, "capabilitiesDropped", all(each(capabilities_dropped)));
    set(asset, "readOnlyRoot", all(each(read_only_root)));
    set(asset, "seccompConfined", all(each(seccomp_confined)));
    let limited = all(containers.iter().filter(|container| container.main).map(limited));
    set(asset, "limitsSet", limited);
    let pinned: Vec<Truth> = containers.iter().filter_map(image_pinned).collect();
    if pinned.is_empty() {
        no_image(asset);
    } else {
        set(asset, "imagePinned", all(pinned.into_iter()));
    }
    set(asset, "secretsInEnv", any(containers.iter().map(|container| secret::in_container(container.body))));
}

/// Where no container is named, something else names the image.
fn no_image(asset: &mut Asset) {
    if !asset.attributes.contains_key("imagePinned") {
        let place = asset.place.clone();
        asset.set("imagePinned", Value::unknown("containers", "no container is named here"), place);
    }
}

/// Where the pods are not known, nothing of them is.
fn unknown_pods(asset: &mut Asset, resource: &Resource, rule: &ResourceType) {
    let barred = rule.pods.iter().flat_map(|path| values(&resource.body, path)).find_map(|datum| {
        let why = datum.why_unknown().cloned()?;
        Some((why, datum.place))
    });
    if let Some((why, place)) = barred {
        for name in ["privileged", "runsAsRoot", "hostNetwork", "limitsSet", "imagePinned", "secretsInEnv"] {
            asset.set(name, Value::Unknown(why.clone()), place.clone());
        }
    }
}

/// Sets `attribute` to what `truth` says.
pub(super) fn set(asset: &mut Asset, attribute: &str, truth: Truth) {
    match truth {
        Truth::True(place) => asset.set(attribute, true, place),
        Truth::False(place) => asset.set(attribute, false, place),
        Truth::Unknown(why, place) => asset.set(attribute, Value::Unknown(why), place),
    }
}

/// What stands at `keys` below a datum.
enum Said<'d> {
    Nothing,
    Is(&'d Datum),
    Unknown(Unknown, Option<Place>),
}

fn look<'d>(datum: &'d Datum, keys: &[&str]) -> Said<'d> {
    let mut at = datum;
    for key in keys {
        match &at.kind {
            Kind::Map(map) => match (map.members.get(*key), &map.open) {
                (Some(member), _) => at = member,
                (None, Some(why)) => return Said::Unknown(why.clone(), at.place.clone()),
                (None, None) => return Said::Nothing,
            },
            Kind::Unknown(why) | Kind::Fault(why) | Kind::Computed { why, .. } => {
                return Said::Unknown(why.clone(), at.place.clone());
            }
            _ => return Said::Nothing,
        }
    }
    match &at.kind {
        Kind::Null => Said::Nothing,
        Kind::Unknown(why) | Kind::Fault(why) | Kind::Computed { why, .. } => {
            Said::Unknown(why.clone(), at.place.clone())
        }
        _ => Said::Is(at),
    }
}

/// What the container says at `securityContext.name`, else its pod.
fn setting<'d>(container: &Container<'d>, name: &str) -> Said<'d> {
    match look(container.body, &["securityContext", name]) {
        Said::Nothing => look(container.pod, &["securityContext", name]),
        said => said,
    }
}

/// Whether something known to be true stands at `keys`; what is not given is not true.
fn is_true(datum: &Datum, keys: &[&str]) -> Truth {
    match look(datum, keys) {
        Said::Is(found) if found.bool() == Some(true) => Truth::True(found.place.clone()),
        Said::Is(found) => Truth::False(found.place.clone()),
        Said::Unknown(why, place) => Truth::Unknown(why, place),
        Said::Nothing => Truth::False(None),
    }
}

fn place(datum: &Datum) -> Option<Place> {
    datum.place.clone()
}

/// What the serving runtime of a container decides.
fn by_runtime(container: &Container<'_>) -> Truth {
    let why = Unknown { expression: "predictor".to_owned(), why: "the serving runtime decides it".to_owned() };
    Truth::Unknown(why, place(container.body))
}

fn privileged(container: &Container<'_>) -> Truth {
    is_true(container.body, &["securityContext", "privileged"])
}

/// Whether a container may be run as root.
fn as_root(container: &Container<'_>) -> Truth {
    let (non_root, user) = (setting(container, "runAsNonRoot"), setting(container, "runAsUser"));
    match (&user, &non_root) {
        (Said::Is(user), _) if user.int() == Some(0) => Truth::True(place(user)),
        (Said::Is(user), _) if user.int().is_some() => Truth::False(place(user)),
        (_, Said::Is(flag)) if flag.bool() == Some(true) => Truth::False(place(flag)),
        (Said::Unknown(why, at), _) | (_, Said::Unknown(why, at)) => Truth::Unknown(why.clone(), at.clone()),
        (_, Said::Is(flag)) => Truth::True(place(flag)),
        _ if container.runtime => by_runtime(container),
        _ => Truth::True(place(container.body)),
    }
}

/// Whether a process may get more rights than its parent. A privileged container, or one with `CAP_SYS_ADMIN`, always may.
fn escalates(container: &Container<'_>) -> Truth {
    if let Truth::True(at) = privileged(container) {
        return Truth::True(at);
    }
    match look(container.body, &["securityContext", "allowPrivilegeEscalation"]) {
        Said::Is(flag) if flag.bool() == Some(false) => Truth::False(place(flag)),
        Said::Is(flag) => Truth::True(place(flag)),
        Said::Unknown(why, at) => Truth::Unknown(why, at),
        Said::Nothing if container.runtime => by_runtime(container),
        Said::Nothing => Truth::True(place(container.body)),
    }
}

/// Whether all capabilities are dropped, and none but harmless ones added.
fn capabilities_dropped(container: &Container<'_>) -> Truth {
    if let Said::Is(added) = look(container.body, &["securityContext", "capabilities", "add"])
        && let Some(more) = added.items().iter().find(|item| {
            item.text().is_some_and(|name| !HARMLESS_CAPABILITIES.contains(&name.to_ascii_uppercase().as_str()))
        })
    {
        return Truth::False(place(more));
    }
    match look(container.body, &["securityContext", "capabilities", "drop"]) {
        Said::Is(dropped) => {
            let everything = |item: &Datum| item.text().is_some_and(|name| name.eq_ignore_ascii_case("all"));
            match dropped.items().iter().find(|item| everything(item)) {
                Some(item) => Truth::True(place(item)),
                None => dropped
                    .why_unknown()
                    .map_or(Truth::False(place(dropped)), |why| Truth::Unknown(why.clone(), place(dropped))),
            }
        }
        Said::Unknown(why, at) => Truth::Unknown(why, at),
        Said::Nothing if container.runtime => by_runtime(container),
        Said::Nothing => Truth::False(place(container.body)),
    }
}

fn read_only_root(container: &Container<'_>) -> Truth {
    match look(container.body, &["securityContext", "readOnlyRootFilesystem"]) {
        Said::Nothing if container.runtime => by_runtime(container),
        Said::Nothing => Truth::False(place(container.body)),
        _ => is_true(container.body, &["securityContext", "readOnlyRootFilesystem"]),
    }
}

/// Whether a seccomp profile is in force. The kubelet's `SeccompDefault` is off unless somebody turns it on.
fn seccomp_confined(container: &Container<'_>) -> Truth {
    let own = match look(container.body, &["securityContext", "seccompProfile", "type"]) {
        Said::Nothing => look(container.pod, &["securityContext", "seccompProfile", "type"]),
        said => said,
    };
    match own {
        Said::Is(kind) if kind.text().is_some_and(|kind| kind != "Unconfined") => Truth::True(place(kind)),
        Said::Is(kind) => Truth::False(place(kind)),
        Said::Unknown(why, at) => Truth::Unknown(why, at),
        Said::Nothing if container.runtime => by_runtime(container),
        Said::Nothing => Truth::False(place(container.body)),
    }
}

/// Whether the memory of a container is limited; a limit on the processor alone protects nobody's memory.
fn limited(container: &Container<'_>) -> Truth {
    match look(container.body, &["resources", "limits", "memory"]) {
        Said::Is(limit) => Truth::True(place(limit)),
        Said::Unknown(why, at) => Truth::Unknown(why, at),
        Said::Nothing if container.runtime => by_runtime(container),
        Said::Nothing => Truth::False(place(container.body)),
    }
}

/// Whether the image of a container is named by its digest; `None` if it names none and nobody else does.
fn image_pinned(container: &Container<'_>) -> Option<Truth> {
    match look(container.body, &["image"]) {
        Said::Is(image) => {
            let text = image.text().unwrap_or_default();
            Some(if text.contains("@sha256:") {
                Truth::True(place(image))
            } else if text.contains("__") {
                let why = Unknown { expression: text, why: "it is filled in by a template".to_owned() };
                Truth::Unknown(why, place(image))
            } else {
                Truth::False(place(image))
            })
        }
        Said::Unknown(why, at) => {
            let known = container.body.member("image").and_then(Datum::holed);
            let pinned = known.is_some_and(|text| text.contains("@sha256:"));
            Some(if pinned { Truth::True(at) } else { Truth::Unknown(why, at) })
        }
        Said::Nothing => container.runtime.then(|| by_runtime(container)),
    }
}

/// Whether a pod mounts a path of its node.
fn host_paths(pod: &Datum) -> Truth {
    match look(pod, &["volumes"]) {
        Said::Is(volumes) => any(volumes.items().iter().map(|volume| match look(volume, &["hostPath"]) {
            Said::Is(path) => Truth::True(place(path)),
            Said::Unknown(why, at) => Truth::Unknown(why, at),
            Said::Nothing => Truth::False(None),
        })),
        Said::Unknown(why, at) => Truth::Unknown(why, at),
        Said::Nothing => Truth::False(None),
    }
}
