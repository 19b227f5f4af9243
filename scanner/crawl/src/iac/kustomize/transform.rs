//! What a kustomization does to all of its objects: namespace, names, labels, annotations, images, replicas.
//!
//! Source: kubectl.docs.kubernetes.io/references/kustomize/kustomization.

use std::collections::{BTreeMap, BTreeSet};

use super::patch::PREVIOUS;
use crate::iac::datum::{Datum, Kind, Map};
use crate::shared::Shared;

/// Kinds that stand in no namespace.
fn in_namespace(kind: &str) -> bool {
    !crate::iac::kubernetes::CLUSTER_WIDE.contains(&kind)
}

/// Mappings and lists in each other that are walked.
const DEPTH: usize = 64;

fn text(datum: &Datum, path: &str) -> Option<String> {
    path.split('.').try_fold(datum, |datum, key| datum.member(key))?.text()
}

fn map_of(datum: &mut Datum) -> Option<&mut BTreeMap<String, Datum>> {
    match &mut datum.kind {
        Kind::Map(map) => Some(&mut map.members),
        _ => None,
    }
}

/// The mapping at `path`, made where it is missing and `make` allows it.
fn reach<'d>(object: &'d mut Datum, path: &[&str], make: bool) -> Option<&'d mut BTreeMap<String, Datum>> {
    let mut at = object;
    for key in path {
        let members = map_of(at)?;
        if make && !members.contains_key(*key) {
            members.insert((*key).to_owned(), Datum::from(BTreeMap::new()));
        }
        at = members.get_mut(*key)?;
    }
    map_of(at)
}

/// Namespace, names, labels and annotations.
pub(super) fn apply(custom: &Datum, objects: &mut [Datum]) {
    let accounts: BTreeSet<String> = objects
        .iter()
        .filter(|object| text(object, "kind").as_deref() == Some("ServiceAccount"))
        .filter_map(|object| text(object, "metadata.name"))
        .collect();
    if let Some(space) = custom.member("namespace").filter(|space| space.text().is_some()) {
        for object in objects.iter_mut() {
            if in_namespace(&text(object, "kind").unwrap_or_default())
                && let Some(metadata) = reach(object, &["metadata"], true)
            {
                metadata.insert("namespace".to_owned(), space.clone());
            }
            subjects(object, &accounts, space);
        }
    }
    rename(custom, objects);
    for (key, path) in [("commonLabels", "labels"), ("commonAnnotations", "annotations")] {
        let Some(Kind::Map(added)) = custom.member(key).map(|added| added.kind.clone()) else { continue };
        for object in objects.iter_mut() {
            label(object, &added.members, path, key == "commonLabels", true);
        }
    }
    for item in custom.member("labels").map(Datum::items).unwrap_or_default() {
        let Some(Kind::Map(added)) = item.member("pairs").map(|added| added.kind.clone()) else { continue };
        let selectors = item.member("includeSelectors").and_then(Datum::bool) == Some(true);
        let templates = selectors || item.member("includeTemplates").and_then(Datum::bool) == Some(true);
        for object in objects.iter_mut() {
            label(object, &added.members, "labels", selectors, templates);
        }
    }
}

/// Accounts of the kustomization move to its namespace in bindings too.
fn subjects(object: &mut Datum, accounts: &BTreeSet<String>, space: &Datum) {
    let Some(subjects) = map_of(object).and_then(|members| members.get_mut("subjects")) else { return };
    let Kind::List(items) = &mut subjects.kind else { return };
    for subject in items {
        let name = text(subject, "name").unwrap_or_default();
        let ours = text(subject, "kind").as_deref() == Some("ServiceAccount")
            && (name == "default" || accounts.contains(&name));
        if let (true, Some(members)) = (ours, map_of(subject)) {
            members.insert("namespace".to_owned(), space.clone());
        }
    }
}

/// Adds labels or annotations to an object, to its pods and to what selects them.
fn label(object: &mut Datum, added: &BTreeMap<String, Datum>, path: &str, selectors: bool, templates: bool) {
    let put = |held: Option<&mut BTreeMap<String, Datum>>| {
        if let Some(held) = held {
            held.extend(added.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
    };
    put(reach(object, &["metadata", path], true));
    let kind = text(object, "kind").unwrap_or_default();
    let pods: &[&str] = match kind.as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => &["spec", "template", "metadata"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "metadata"],
        _ => &[],
    };
    if templates && !pods.is_empty() && reach(object, pods.get(..pods.len() - 1).unwrap_or_default(), false).is_some() {
        let whole: Vec<&str> = pods.iter().copied().chain([path]).collect();
        put(reach(object, &whole, true));
    }
    if selectors && path == "labels" {
        match kind.as_str() {
            "Service" => put(reach(object, &["spec", "selector"], false)),
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => {
                put(reach(object, &["spec", "selector", "matchLabels"], false));
            }
            "NetworkPolicy" => put(reach(object, &["spec", "podSelector", "matchLabels"], false)),
            _ => {}
        }
    }
}

/// Prefix and suffix of names, and of what refers to them.
fn rename(custom: &Datum, objects: &mut [Datum]) {
    let (prefix, suffix) =
        (text(custom, "namePrefix").unwrap_or_default(), text(custom, "nameSuffix").unwrap_or_default());
    if prefix.is_empty() && suffix.is_empty() {
        return;
    }
    let mut names: BTreeMap<(String, String), String> = BTreeMap::new();
    for object in objects.iter_mut() {
        let kind = text(object, "kind").unwrap_or_default();
        if matches!(kind.as_str(), "CustomResourceDefinition" | "Namespace" | "APIService") {
            continue;
        }
        let Some(name) = reach(object, &["metadata"], false).and_then(|metadata| metadata.get_mut("name")) else {
            continue;
        };
        let Some(old) = name.text() else { continue };
        let new = format!("{prefix}{old}{suffix}");
        name.kind = Kind::Text(new.clone());
        if let Some(metadata) = reach(object, &["metadata"], false) {
            let before = metadata.entry(PREVIOUS.to_owned()).or_insert_with(|| Kind::List(Shared::default()).into());
            if let Kind::List(items) = &mut before.kind {
                items.push(Datum::from_text(old.as_str()));
            }
        }
        names.insert((kind, old), new);
    }
    for object in objects.iter_mut() {
        refer(object, "", &names, 0);
    }
}

/// Follows renamed objects in what names them.
fn refer(datum: &mut Datum, above: &str, names: &BTreeMap<(String, String), String>, depth: usize) {
    if depth > DEPTH {
        return;
    }
    match &mut datum.kind {
        Kind::List(items) => items.iter_mut().for_each(|item| refer(item, above, names, depth + 1)),
        Kind::Map(map) => {
            let kind = map.members.get("kind").and_then(Datum::text).unwrap_or_default();
            for (key, member) in &mut map.members {
                let wanted = match (key.as_str(), above) {
                    ("serviceAccountName" | "serviceAccount", _) => "ServiceAccount",
                    ("claimName", _) => "PersistentVolumeClaim",
                    ("serviceName", _) => "Service",
                    ("name", "service") => "Service",
                    ("name", "configMap" | "configMapKeyRef" | "configMapRef") => "ConfigMap",
                    ("name", "imagePullSecrets" | "secret" | "secretKeyRef" | "secretRef" | "secrets")
                    | ("secretName", _) => "Secret",
                    ("name", "roleRef" | "subjects" | "scaleTargetRef") => kind.as_str(),
                    _ => {
                        refer(member, key, names, depth + 1);
                        continue;
                    }
                };
                let new = member.text().and_then(|old| names.get(&(wanted.to_owned(), old)));
                if let Some(new) = new {
                    member.kind = Kind::Text(new.clone());
                }
            }
        }
        _ => {}
    }
}

/// How many copies of a workload run.
pub(super) fn replicas(custom: &Datum, objects: &mut [Datum]) {
    for change in custom.member("replicas").map(Datum::items).unwrap_or_default() {
        let (Some(name), Some(count)) = (text(change, "name"), change.member("count")) else { continue };
        for object in objects.iter_mut().filter(|object| text(object, "metadata.name").as_ref() == Some(&name)) {
            let kind = text(object, "kind").unwrap_or_default();
            if matches!(kind.as_str(), "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet")
                && let Some(spec) = reach(object, &["spec"], true)
            {
                spec.insert("replicas".to_owned(), count.clone());
            }
        }
    }
}

/// Takes away what was kept for building alone.
pub(super) fn finish(objects: &mut [Datum]) {
    for object in objects {
        if let Some(metadata) = reach(object, &["metadata"], false) {
            metadata.remove(PREVIOUS);
        }
    }
}

/// New names, tags and digests of images.
pub(super) fn images(custom: &Datum, objects: &mut [Datum]) {
    for change in custom.member("images").map(Datum::items).unwrap_or_default() {
        let Some(name) = text(change, "name") else { continue };
        for object in objects.iter_mut() {
            image(object, &name, change, 0);
        }
    }
}

fn image(datum: &mut Datum, name: &str, change: &Datum, depth: usize) {
    if depth > DEPTH {
        return;
    }
    match &mut datum.kind {
        Kind::List(items) => items.iter_mut().for_each(|item| image(item, name, change, depth + 1)),
        Kind::Map(Map { members, .. }) => {
            for (key, member) in members {
                match (key.as_str(), member.text()) {
                    ("image", Some(held)) => {
                        if let Some(new) = changed(&held, name, change) {
                            *member = Datum::from_text(new).at(change.place.clone());
                        }
                    }
                    _ => image(member, name, change, depth + 1),
                }
            }
        }
        _ => {}
    }
}

fn changed(held: &str, name: &str, change: &Datum) -> Option<String> {
    let bare = held.split('@').next().unwrap_or_default();
    let last = bare.rfind('/').map_or(0, |slash| slash + 1);
    let tag = bare.get(last..)?.find(':').map(|colon| last + colon);
    let (repository, rest) = bare.split_at(tag.unwrap_or(bare.len()));
    if repository != name {
        return None;
    }
    let new = text(change, "newName").unwrap_or_else(|| repository.to_owned());
    let digest = text(change, "digest").map(|digest| format!("@{digest}"));
    let tag = text(change, "newTag").map(|tag| format!(":{tag}"));
    let kept = || held.get(repository.len()..).filter(|_| held.contains('@')).unwrap_or(rest).to_owned();
    Some(format!("{new}{}", digest.or(tag).unwrap_or_else(kept)))
}
