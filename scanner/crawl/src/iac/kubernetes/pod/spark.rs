//! Spark applications: driver and executors are pods in words of their own.
//!
//! Source: github.com/kubeflow/spark-operator, docs/api-docs.md (SparkPodSpec).

use std::collections::BTreeMap;

use crate::iac::datum::{Datum, Kind, Map};
use crate::iac::path::values;

/// Whether a type is one of the Spark operator's.
pub(super) fn is_spark(type_name: &str) -> bool {
    matches!(type_name, "SparkApplication" | "ScheduledSparkApplication")
}

/// The pods of an application; `paths` name driver and executor.
pub(super) fn pods(body: &Datum, paths: &[String]) -> Vec<Datum> {
    let mut found = Vec::new();
    for path in paths {
        let above = path.rsplit_once('.').map_or("", |(above, _)| above);
        let application = values(body, above).into_iter().next();
        for role in values(body, path) {
            found.push(pod(&role, application.as_ref()));
        }
    }
    found
}

fn pod(role: &Datum, application: Option<&Datum>) -> Datum {
    let own = |name: &str| role.member(name).filter(|member| !member.is_null()).cloned();
    let mut container = BTreeMap::new();
    let image = own("image").or_else(|| application.and_then(|body| body.member("image")).cloned());
    for (name, value) in [("image", image), ("env", own("env")), ("securityContext", own("securityContext"))] {
        if let Some(value) = value {
            container.insert(name.to_owned(), value);
        }
    }
    // Spark's operator makes the limit of the pod's memory out of `memory` and its overhead.
    if let Some(memory) = own("memory") {
        let limits = Datum::from(BTreeMap::from([("memory".to_owned(), memory)]));
        container.insert("resources".to_owned(), Datum::from(BTreeMap::from([("limits".to_owned(), limits)])));
    }
    let mut members = BTreeMap::new();
    let main = Datum::from(container).at(role.place.clone());
    let mut containers = vec![main];
    containers.extend(own("sidecars").map(|sidecars| sidecars.items().to_vec()).unwrap_or_default());
    members.insert("containers".to_owned(), Datum::from(Kind::List(containers.into())));
    for (from, to) in [
        ("initContainers", "initContainers"),
        ("hostNetwork", "hostNetwork"),
        ("podSecurityContext", "securityContext"),
        ("serviceAccount", "serviceAccountName"),
    ] {
        if let Some(value) = own(from) {
            members.insert(to.to_owned(), value);
        }
    }
    if let Some(volumes) = application.and_then(|body| body.member("volumes")) {
        members.insert("volumes".to_owned(), volumes.clone());
    }
    Datum::new(Kind::Map(Map { members: members.into(), open: None }), role.place.clone())
}
