//! Objects that Terraform's Kubernetes provider makes, turned into the objects that Kubernetes gets.
//!
//! Source: registry.terraform.io/providers/hashicorp/kubernetes. Blocks are lists of one; names are in snake case; what may
//! be repeated has a name in the singular. `kubernetes_manifest` holds the object itself, `kubectl_manifest` its YAML.

use std::collections::BTreeMap;

use aedile_model::{Gap, GapKind};

use super::release::{Release, nested, nested_json};
use super::{judge, take};
use crate::Facts;
use crate::crawler::Context;
use crate::iac::datum::{Datum, Kind, Map};
use crate::iac::helm::{self, Installation};
use crate::iac::path::joined;
use crate::iac::resource::Resource;
use crate::yaml;

/// Types without their prefix and version, and the kind that each makes.
const KINDS: [(&str, &str); 23] = [
    ("cluster_role", "ClusterRole"),
    ("cluster_role_binding", "ClusterRoleBinding"),
    ("config_map", "ConfigMap"),
    ("cron_job", "CronJob"),
    ("daemon_set", "DaemonSet"),
    ("daemonset", "DaemonSet"),
    ("default_service_account", "ServiceAccount"),
    ("deployment", "Deployment"),
    ("ingress", "Ingress"),
    ("job", "Job"),
    ("limit_range", "LimitRange"),
    ("namespace", "Namespace"),
    ("network_policy", "NetworkPolicy"),
    ("persistent_volume", "PersistentVolume"),
    ("persistent_volume_claim", "PersistentVolumeClaim"),
    ("pod", "Pod"),
    ("replication_controller", "ReplicationController"),
    ("role", "Role"),
    ("role_binding", "RoleBinding"),
    ("secret", "Secret"),
    ("service", "Service"),
    ("service_account", "ServiceAccount"),
    ("stateful_set", "StatefulSet"),
];

/// Blocks that may be repeated, and the lists that they make.
const LISTS: [(&str, &str); 27] = [
    ("allowed_topologies", "allowedTopologies"),
    ("api_groups", "apiGroups"),
    ("cluster_role_selectors", "clusterRoleSelectors"),
    ("container", "containers"),
    ("egress", "egress"),
    ("env", "env"),
    ("env_from", "envFrom"),
    ("from", "from"),
    ("host_aliases", "hostAliases"),
    ("image_pull_secrets", "imagePullSecrets"),
    ("ingress", "ingress"),
    ("init_container", "initContainers"),
    ("items", "items"),
    ("limit", "limits"),
    ("match_expressions", "matchExpressions"),
    ("path", "paths"),
    ("port", "ports"),
    ("ports", "ports"),
    ("rule", "rules"),
    ("secret", "secrets"),
    ("sources", "sources"),
    ("subject", "subjects"),
    ("tls", "tls"),
    ("to", "to"),
    ("toleration", "tolerations"),
    ("volume", "volumes"),
    ("volume_mount", "volumeMounts"),
];

/// Takes the resources of Kubernetes' provider out of `resources` and writes what they are.
pub(in crate::iac) fn write(resources: &mut Vec<Resource>, context: Context<'_>, facts: &mut Facts) {
    let mut objects = Vec::new();
    let mut charts: Option<Vec<String>> = None;
    for resource in resources.iter() {
        let before = objects.len();
        match resource.type_name.as_str() {
            "kubernetes_manifest" => manifest(resource, &mut objects, facts),
            "kubectl_manifest" => text(resource, context, &mut objects, facts),
            "helm_release" => {
                release(resource, charts.get_or_insert_with(|| helm::roots(context.files)), context, facts)
            }
            _ => {
                if let Some(kind) = kind(&resource.type_name) {
                    take(object(resource, kind), &resource.unit, "default", resource.in_tests, 0, &mut objects);
                }
            }
        }
        for object in objects.get_mut(before..).unwrap_or_default() {
            object.address.clone_from(&resource.address);
            object.place.clone_from(&resource.place);
        }
    }
    resources.retain(|resource| !is_ours(&resource.type_name));
    judge(&mut objects, &[], context, facts);
}

/// Whether a type is one that this reads.
fn is_ours(type_name: &str) -> bool {
    matches!(type_name, "helm_release" | "kubectl_manifest" | "kubernetes_manifest") || kind(type_name).is_some()
}

fn kind(type_name: &str) -> Option<&'static str> {
    let bare = type_name.strip_prefix("kubernetes_")?;
    let bare = match bare.rsplit_once('_') {
        Some((start, version))
            if version.starts_with('v') && version.as_bytes().get(1).is_some_and(u8::is_ascii_digit) =>
        {
            start
        }
        _ => bare,
    };
    KINDS.iter().find(|(name, _)| *name == bare).map(|(_, kind)| *kind)
}

fn object(resource: &Resource, kind: &str) -> Datum {
    let mut body = converted(&resource.body, 0);
    if let Kind::Map(map) = &mut body.kind {
        let version = match kind {
            "CronJob" | "Job" => "batch/v1",
            "DaemonSet" | "Deployment" | "StatefulSet" => "apps/v1",
            "Ingress" | "NetworkPolicy" => "networking.k8s.io/v1",
            "ClusterRole" | "ClusterRoleBinding" | "Role" | "RoleBinding" => "rbac.authorization.k8s.io/v1",
            _ => "v1",
        };
        map.members.insert("apiVersion".to_owned(), Datum::from_text(version));
        map.members.insert("kind".to_owned(), Datum::from_text(kind).at(resource.place.clone()));
        if resource.type_name.starts_with("kubernetes_default_service_account")
            && let Some(Kind::Map(metadata)) = map.members.get_mut("metadata").map(|metadata| &mut metadata.kind)
        {
            metadata.members.entry("name".to_owned()).or_insert_with(|| Datum::from_text("default"));
        }
    }
    body
}

/// Blocks in blocks that are turned.
const DEPTH: usize = 64;

/// A block with the names of Kubernetes. Mappings given as attributes (labels, limits) keep their keys.
fn converted(block: &Datum, depth: usize) -> Datum {
    let Kind::Map(map) = &block.kind else { return block.clone() };
    if depth > DEPTH {
        return block.clone();
    }
    let mut members = BTreeMap::new();
    for (name, value) in &map.members {
        let list = LISTS.iter().find(|(block, _)| block == name).map(|(_, list)| *list);
        let (name, value) = match &value.kind {
            Kind::List(items) if items.iter().any(|item| matches!(item.kind, Kind::Map(_))) => {
                let items: Vec<Datum> = items.iter().map(|item| converted(item, depth + 1)).collect();
                match list {
                    Some(list) => (list.to_owned(), Datum::new(Kind::List(items.into()), value.place.clone())),
                    None => (camel(name), items.into_iter().next().unwrap_or_else(|| Kind::Null.into())),
                }
            }
            _ => (camel(name), value.clone()),
        };
        members.insert(name, value);
    }
    Datum::new(Kind::Map(Map { members: members.into(), open: map.open.clone() }), block.place.clone())
        .of(block.of.clone())
}

/// `run_as_user` → `runAsUser`, with the letters that Kubernetes writes in capitals.
fn camel(name: &str) -> String {
    match name {
        "host_ipc" => return "hostIPC".to_owned(),
        "host_pid" => return "hostPID".to_owned(),
        "external_ips" => return "externalIPs".to_owned(),
        "non_resource_urls" => return "nonResourceURLs".to_owned(),
        _ => {}
    }
    let mut parts = name.split('_');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        out.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        out.push_str(letters.as_str());
    }
    out
}

fn manifest(resource: &Resource, objects: &mut Vec<Resource>, facts: &mut Facts) {
    match resource.body.member("manifest") {
        Some(body) if matches!(body.kind, Kind::Map(_)) => {
            take(body.clone(), &resource.unit, "default", resource.in_tests, 0, objects);
        }
        other => unknown(resource, other, facts),
    }
}

fn unknown(resource: &Resource, body: Option<&Datum>, facts: &mut Facts) {
    let why = body.and_then(Datum::why_unknown).map_or_else(|| "it is no object".to_owned(), ToString::to_string);
    let place = body.and_then(|body| body.place.clone()).or_else(|| resource.place.clone());
    let message = format!("the object of `{}` is not known: {why}", resource.address);
    facts.gaps.extend(place.map(|place| Gap { place, kind: GapKind::Unresolved, message }));
}

fn text(resource: &Resource, context: Context<'_>, objects: &mut Vec<Resource>, facts: &mut Facts) {
    let held = resource.body.member("yaml_body");
    let known = held.and_then(Datum::text).filter(|_| held.is_some_and(|held| held.why_unknown().is_none()));
    let (Some(text), Some(place)) = (known, held.and_then(|held| held.place.clone())) else {
        unknown(resource, held, facts);
        return;
    };
    let (documents, error) = yaml::parse(&text, context.options.limits.nesting);
    if let Some(error) = error {
        let message = format!("the YAML of `{}` is not read: {}", resource.address, error.message);
        facts.gaps.push(Gap { place: place.clone(), kind: GapKind::Unparsed, message });
    }
    for document in &documents {
        // What stands in a text has the place of that text.
        let body = Datum::from_yaml(document, &place.path).all_at(&place);
        take(body, &resource.unit, "default", resource.in_tests, 0, objects);
    }
}

impl Datum {
    /// The same, everything at `place`.
    pub(in crate::iac) fn all_at(self, place: &aedile_model::Place) -> Datum {
        let kind = match self.kind {
            Kind::List(items) => Kind::List(items.into_iter().map(|item| item.all_at(place)).collect()),
            Kind::Map(map) => Kind::Map(Map {
                members: map.members.into_iter().map(|(key, member)| (key, member.all_at(place))).collect(),
                open: map.open,
            }),
            kind => kind,
        };
        Datum::new(kind, Some(place.clone())).of(self.of)
    }
}

/// A chart of the sources is rendered with the values that the release gives; any other is not there.
fn release(resource: &Resource, charts: &[String], context: Context<'_>, facts: &mut Facts) {
    let held = resource.body.member("chart");
    let chart = held.and_then(Datum::holed).unwrap_or_default();
    let place = held.and_then(|held| held.place.clone()).or_else(|| resource.place.clone());
    let Some(folder) = local(resource, &chart, charts) else {
        let from = resource.body.member("repository").and_then(Datum::holed);
        let from = from.map(|from| format!(" of `{from}`")).unwrap_or_default();
        let message = format!("the chart `{chart}`{from} is not in the sources: its objects are missing");
        facts.gaps.extend(place.map(|place| Gap { place, kind: GapKind::Unresolved, message }));
        return;
    };
    let text = |key: &str| resource.body.member(key).and_then(Datum::text);
    let mut installation = Installation {
        release: text("name"),
        namespace: text("namespace"),
        place: resource.place.clone(),
        ..Installation::default()
    };
    for given in resource.body.member("values").map(Datum::items).unwrap_or_default() {
        match given.holed() {
            Some(text) => installation.inline.push(text),
            None => {
                let why = given.why_unknown().map_or_else(|| "it is no text".to_owned(), ToString::to_string);
                let message = format!("values of `{}` are not known: {why}", resource.address);
                let place = given.place.clone().or_else(|| place.clone());
                facts.gaps.extend(place.map(|place| Gap { place, kind: GapKind::Unresolved, message }));
            }
        }
    }
    for block in ["set", "set_list", "set_sensitive"] {
        for item in resource.body.member(block).map(Datum::items).unwrap_or_default() {
            let Some(name) = item.member("name").and_then(Datum::text) else { continue };
            let value = item.member("value");
            let kind = item.member("type").and_then(Datum::text);
            installation.inline.push(match value.and_then(Datum::text) {
                Some(text) if kind.as_deref() == Some("string") => {
                    nested_json(&name, serde_json::Value::from(text).to_string())
                }
                Some(text) => nested(&name, &text),
                None => {
                    nested_json(&name, value.map_or_else(|| "null".to_owned(), |value| value.json_holed().to_string()))
                }
            });
        }
    }
    let unit = format!("{folder}:{}", resource.address);
    facts.charts.installed.insert(folder.clone());
    super::rendered(&Release { folder, unit, installation, bare: false }, &[], context, facts);
}

/// The folder of the chart that a release names by a path, which begins where Terraform runs.
fn local(resource: &Resource, chart: &str, charts: &[String]) -> Option<String> {
    if !chart.starts_with(['.', '/']) && !chart.contains('/') {
        return None;
    }
    let declared =
        resource.place.as_ref().and_then(|place| place.path.rsplit_once('/')).map_or("", |(folder, _)| folder);
    let known = |folder: String| charts.contains(&folder).then_some(folder);
    let found = known(joined(&resource.unit, chart)).or_else(|| known(joined(declared, chart)));
    found.or_else(|| {
        // A path that is not wholly known: the only chart in a folder of that name.
        let last = chart.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let mut like = charts.iter().filter(|folder| folder.rsplit('/').next() == Some(last));
        let only = chart.starts_with(['.', '/']) || chart.contains("path.");
        like.next().filter(|_| only && like.next().is_none()).cloned()
    })
}
