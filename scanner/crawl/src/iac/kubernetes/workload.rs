//! The workloads of one deployment, with what other objects must know to find them: namespace, labels, pods.

use std::collections::BTreeMap;

use aedile_model::AssetKind;
use aedile_rules::ResourceType;

use super::pod;
use crate::Facts;
use crate::iac::datum::{Datum, Kind};
use crate::iac::resource::{Resource, Unit};

/// An object that makes pods.
pub(super) struct Workload<'a> {
    /// Its place among the assets.
    pub(super) asset: usize,
    pub(super) object: &'a Resource,
    pub(super) namespace: String,
    pub(super) pods: Vec<Datum>,
    /// The labels of each kind of pod that it makes; `None` where an operator decides them.
    pub(super) labels: Vec<Option<BTreeMap<String, String>>>,
}

/// Whether a selector selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Selects {
    No,
    /// The labels are not in the sources.
    Perhaps,
    Yes,
}

/// The workloads of `unit`; their assets are those from `before` on.
pub(super) fn workloads<'a>(unit: &Unit<'a>, facts: &Facts, before: usize) -> Vec<Workload<'a>> {
    let assets: BTreeMap<_, usize> =
        facts.assets.iter().enumerate().skip(before).map(|(at, asset)| (&asset.id, at)).collect();
    let mut found = Vec::new();
    for (at, object) in unit.resources.iter().enumerate() {
        let (Some((AssetKind::Workload | AssetKind::Notebook, id)), Some(rule)) = (unit.asset(at), unit.rule(object))
        else {
            continue;
        };
        let Some(&asset) = assets.get(&id) else { continue };
        if rule.pods.is_empty() {
            continue;
        }
        found.push(Workload {
            asset,
            object,
            namespace: namespace(object),
            pods: pod::pods(object, rule),
            labels: pod_labels(object, rule),
        });
    }
    found
}

/// The labels beside each pod specification: those of the template that holds it.
fn pod_labels(object: &Resource, rule: &ResourceType) -> Vec<Option<BTreeMap<String, String>>> {
    let mut all = Vec::new();
    for path in &rule.pods {
        let Some(above) = path.strip_suffix("spec").filter(|above| above.is_empty() || above.ends_with("template."))
        else {
            all.push(None);
            continue;
        };
        // Operators add labels of their own to the pods of their types.
        let own = matches!(
            object.type_name.as_str(),
            "CronJob" | "DaemonSet" | "Deployment" | "Job" | "Pod" | "ReplicaSet" | "StatefulSet"
        );
        for template in crate::iac::path::values(&object.body, above.trim_end_matches('.')) {
            let held = labels(&template, "metadata.labels");
            all.push(if own { Some(held.unwrap_or_default()) } else { held.filter(|held| !held.is_empty()) });
        }
    }
    all
}

impl Workload<'_> {
    /// Whether the label selector `selector` (`matchLabels`, `matchExpressions`) selects pods of the workload.
    pub(super) fn selected(&self, selector: &Datum) -> Selects {
        let wanted = labels(selector, "matchLabels").unwrap_or_default();
        let expressions = selector.member("matchExpressions").map(Datum::items).unwrap_or_default();
        if wanted.is_empty() && expressions.is_empty() {
            return if selector.why_unknown().is_some() { Selects::Perhaps } else { Selects::Yes };
        }
        self.each(|held| {
            let equal = wanted.iter().all(|(key, value)| held.get(key) == Some(value));
            equal && expressions.iter().all(|expression| fits(expression, held))
        })
    }

    /// Whether a service's plain selector selects pods of the workload.
    pub(super) fn selected_by(&self, selector: &BTreeMap<String, String>) -> Selects {
        if selector.is_empty() {
            return Selects::No;
        }
        self.each(|held| selector.iter().all(|(key, value)| held.get(key) == Some(value)))
    }

    fn each(&self, fits: impl Fn(&BTreeMap<String, String>) -> bool) -> Selects {
        let answer = |held: &Option<BTreeMap<String, String>>| match held {
            None => Selects::Perhaps,
            Some(held) if fits(held) => Selects::Yes,
            Some(_) => Selects::No,
        };
        self.labels.iter().map(answer).max().unwrap_or(Selects::No)
    }
}

/// Source: kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector.
fn fits(expression: &Datum, held: &BTreeMap<String, String>) -> bool {
    let text = |name: &str| expression.member(name).and_then(Datum::text).unwrap_or_default();
    let values: Vec<String> =
        expression.member("values").map(Datum::items).unwrap_or_default().iter().filter_map(Datum::text).collect();
    let value = held.get(&text("key"));
    match text("operator").as_str() {
        "In" => value.is_some_and(|value| values.contains(value)),
        "NotIn" => value.is_none_or(|value| !values.contains(value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

/// The known texts of the mapping at `path`.
pub(super) fn labels(body: &Datum, path: &str) -> Option<BTreeMap<String, String>> {
    match &path.split('.').try_fold(body, |body, key| body.member(key))?.kind {
        Kind::Map(map) => {
            Some(map.members.iter().filter_map(|(key, value)| Some((key.clone(), value.text()?))).collect())
        }
        _ => None,
    }
}

/// The namespace of an object; empty for those that stand in none.
pub(super) fn namespace(object: &Resource) -> String {
    let held = object.body.member("metadata").and_then(|metadata| metadata.member("namespace"));
    held.and_then(Datum::holed).unwrap_or_default()
}

/// The name of an object.
pub(super) fn name(object: &Resource) -> String {
    let held = object.body.member("metadata").and_then(|metadata| metadata.member("name"));
    held.and_then(Datum::holed).unwrap_or_default()
}
