//! What pod specifications say of a workload, wherever a type keeps them.
//!
//! Source: kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1. Images run as root unless
//! something says otherwise, since that is what images do by default.

use aedile_model::{Asset, Place, Value};
use aedile_rules::ResourceType;

use crate::iac::datum::{Datum, Kind};
use crate::iac::path::values;
use crate::iac::resource::Resource;

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

/// Sets the workload attributes from the pods of `resource`.
pub(crate) fn describe(asset: &mut Asset, resource: &Resource, rule: &ResourceType) {
    let pods: Vec<Datum> = rule.pods.iter().flat_map(|path| values(&resource.body, path)).collect();
    let pods: Vec<&Datum> = pods.iter().filter(|pod| matches!(pod.kind, Kind::Map(_))).collect();
    if pods.is_empty() {
        return;
    }
    let own = containers(&pods, &["initContainers", "containers"]);
    let runtime = containers(&pods, &RUNTIMES);
    let containers: Vec<(&Datum, &Datum)> = own.iter().chain(&runtime).copied().collect();
    let any_pod =
        |path: &str| pods.iter().find_map(|pod| values(pod, path).into_iter().find(|v| v.bool() == Some(true)));
    let host = any_pod("hostNetwork");
    asset.set("hostNetwork", host.is_some(), host.and_then(|host| host.place));
    if containers.is_empty() {
        return;
    }
    let privileged = containers.iter().find_map(|(_, container)| {
        values(container, "securityContext.privileged").into_iter().find(|value| value.bool() == Some(true))
    });
    asset.set("privileged", privileged.is_some(), privileged.and_then(|value| value.place));
    let said = |(pod, container): &&(&Datum, &Datum)| says_user(pod, container);
    let root = own.iter().chain(runtime.iter().filter(said)).find_map(|(pod, container)| as_root(pod, container));
    let runs_as_root = root.is_some();
    asset.set("runsAsRoot", runs_as_root, root.flatten());
    if let Some((_, container)) = runtime.iter().find(|container| !said(container)).filter(|_| !runs_as_root) {
        undecided(asset, "runsAsRoot", container);
    }
    let limited = |container: &Datum| {
        ["memory", "cpu"].iter().all(|what| !values(container, &format!("resources.limits.{what}")).is_empty())
            || !values(container, "resources.limits.memory").is_empty()
    };
    let mut main = own.iter().filter(|(pod, container)| {
        !pod.member("initContainers").map(Datum::items).unwrap_or_default().contains(container)
    });
    let unlimited = main.find(|(_, container)| !limited(container));
    asset.set("limitsSet", unlimited.is_none(), unlimited.and_then(|(_, container)| container.place.clone()));
    let open = runtime.iter().find(|(_, container)| !limited(container));
    if let Some((_, container)) = open.filter(|_| unlimited.is_none()) {
        undecided(asset, "limitsSet", container);
    }
    let images: Vec<Datum> = containers.iter().flat_map(|(_, container)| values(container, "image")).collect();
    if !images.is_empty() {
        let loose = images.iter().find(|image| !image.text().is_some_and(|text| text.contains("@sha256:")));
        let masked = loose.and_then(Datum::text).filter(|text| text.contains("__"));
        let place = loose.and_then(|image| image.place.clone());
        let value = match masked {
            Some(image) => Value::unknown(image, "it is filled in by a template"),
            None => Value::Bool(loose.is_none()),
        };
        asset.set("imagePinned", value, place);
    }
    let unnamed = runtime.iter().find(|(_, container)| values(container, "image").is_empty());
    if let Some((_, container)) = unnamed.filter(|_| asset.value("imagePinned") != Some(&Value::Bool(false))) {
        undecided(asset, "imagePinned", container);
    }
    let secret = containers.iter().find_map(|(_, container)| secret_in_env(container));
    asset.set("secretsInEnv", secret.is_some(), secret.flatten());
}

/// The containers under `lists` of each pod, with their pod.
fn containers<'p>(pods: &[&'p Datum], lists: &[&str]) -> Vec<(&'p Datum, &'p Datum)> {
    pods.iter()
        .flat_map(|pod| {
            let found = lists.iter().filter_map(|list| pod.member(list));
            found.flat_map(Datum::items).map(|container| (*pod, container))
        })
        .filter(|(_, container)| matches!(container.kind, Kind::Map(_)))
        .collect()
}

/// What the serving runtime of `container` decides.
fn undecided(asset: &mut Asset, attribute: &str, container: &Datum) {
    let value = Value::unknown("predictor", "the serving runtime decides it");
    asset.set(attribute, value, container.place.clone());
}

/// Whether anything says as which user the container runs.
fn says_user(pod: &Datum, container: &Datum) -> bool {
    [pod, container]
        .iter()
        .flat_map(|spec| ["runAsUser", "runAsNonRoot"].map(|name| values(spec, &format!("securityContext.{name}"))))
        .any(|found| !found.is_empty())
}

/// Where the container is let run as root; `None` if it is not.
fn as_root(pod: &Datum, container: &Datum) -> Option<Option<Place>> {
    let own = container.member("securityContext");
    let shared = pod.member("securityContext");
    let setting = |name: &str| {
        let of = |context: Option<&Datum>| {
            context.and_then(|context| context.member(name)).filter(|v| !v.is_null()).cloned()
        };
        of(own).or_else(|| of(shared))
    };
    let (non_root, user) = (setting("runAsNonRoot"), setting("runAsUser"));
    if let Some(user) = user.as_ref().filter(|user| user.int() == Some(0)) {
        return Some(user.place.clone());
    }
    let safe = user.is_some_and(|user| user.int().is_some_and(|id| id > 0))
        || non_root.as_ref().is_some_and(|flag| flag.bool() == Some(true));
    if safe { None } else { Some(non_root.and_then(|flag| flag.place).or_else(|| container.place.clone())) }
}

/// Parts of names of variables that hold credentials.
const SECRET_WORDS: [&str; 12] = [
    "access_key",
    "account_key",
    "api_key",
    "apikey",
    "auth_token",
    "credential",
    "passphrase",
    "password",
    "passwd",
    "private_key",
    "secret",
    "token",
];

/// Ends of names that speak of a credential without holding it.
const HARMLESS_ENDS: [&str; 9] = ["_arn", "_dir", "_expiry", "_file", "_id", "_name", "_path", "_ttl", "_url"];

/// Whether `value` is a URL with a password that is written out: `postgresql://user:password@host`.
fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    let Some((_, password)) = user.split_once(':') else { return false };
    !password.is_empty() && !password.starts_with(['$', '<', '{', '%', '*']) && !password.contains("__")
}

/// A variable with a literal value under the name of a credential, or whose value holds one, and where it is.
fn secret_in_env(container: &Datum) -> Option<Option<Place>> {
    let variables = container.member("env").map(Datum::items).unwrap_or_default();
    let found = variables.iter().find(|variable| {
        let name = variable.member("name").and_then(Datum::text).unwrap_or_default();
        let value = variable.member("value").and_then(Datum::text).unwrap_or_default();
        is_credential(&name, &value)
    })?;
    Some(found.place.clone())
}

/// Whether a setting called `name` whose literal value is `value` gives a credential away.
pub(crate) fn is_credential(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['.', '-'], "_");
    let named = SECRET_WORDS.iter().any(|word| name.contains(word))
        && !HARMLESS_ENDS.iter().any(|end| name.ends_with(end))
        && !value.is_empty()
        && !value.starts_with("$(")
        && !value.contains("__")
        && !matches!(value, "true" | "false");
    named || has_password(value)
}
