//! Patches: strategic merges and JSON patches, for the objects that they mean.
//!
//! Sources: kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch (strategic merge, its keys
//! of lists), RFC 6902 and RFC 6901 (JSON patch and pointers).

use crate::iac::datum::{Datum, Kind, Map};
use crate::shared::Shared;

/// Lists whose items are merged by a key, for the kinds that Kubernetes itself has.
const KEYS: [(&str, &str); 12] = [
    ("containers", "name"),
    ("env", "name"),
    ("ephemeralContainers", "name"),
    ("hostAliases", "ip"),
    ("imagePullSecrets", "name"),
    ("initContainers", "name"),
    ("ports", "containerPort"),
    ("secrets", "name"),
    ("topologySpreadConstraints", "topologyKey"),
    ("volumeDevices", "devicePath"),
    ("volumeMounts", "mountPath"),
    ("volumes", "name"),
];

/// Groups whose lists are merged by key; those of other types are replaced.
const CORE: [&str; 8] =
    ["apps", "autoscaling", "batch", "extensions", "networking.k8s.io", "policy", "rbac.authorization.k8s.io", ""];

/// Where an object keeps the names that it had, while it is built.
pub(super) const PREVIOUS: &str = "$previous";

/// Values in an object that operations made.
const SIZE: usize = 200_000;

/// Operations of one patch.
const OPERATIONS: usize = 1_000;

/// Levels that a patch may have.
const DEPTH: usize = 64;

/// Applies `patch` to the objects that `target`, or the patch itself, means; an error says why it changed nothing.
pub(super) fn apply(patch: &Datum, target: Option<&Datum>, objects: &mut Vec<Datum>) -> Result<(), String> {
    let operations = matches!(patch.kind, Kind::List(_));
    let wanted = target.or((!operations).then_some(patch));
    let Some(wanted) = wanted else { return Err("a JSON patch has no target".to_owned()) };
    let own = target.is_none();
    let mut met = false;
    let mut gone = Vec::new();
    for (at, object) in objects.iter_mut().enumerate() {
        if !means(wanted, object, own) {
            continue;
        }
        met = true;
        if operations {
            if patch.items().len() > OPERATIONS {
                return Err(format!("a patch has more than {OPERATIONS} operations"));
            }
            for operation in patch.items() {
                operate(operation, object)?;
                if deeper(object, DEPTH * 2) || object.size() > SIZE {
                    return Err("a patch makes an object grow beyond our bounds".to_owned());
                }
            }
        } else if directive(patch).as_deref() == Some("delete") {
            gone.push(at);
        } else {
            let version = text(object, "apiVersion").unwrap_or_default();
            let group = version.split_once('/').map_or("", |(group, _)| group);
            let mut patch = patch.clone();
            if let Kind::Map(map) = &mut patch.kind {
                // A patch says which objects are meant, and does not rename them.
                map.members.remove("metadata").into_iter().for_each(|mut metadata| {
                    if let Kind::Map(inner) = &mut metadata.kind {
                        inner.members.remove("name");
                    }
                    map.members.insert("metadata".to_owned(), metadata);
                });
            }
            *object = merged(object, &patch, CORE.contains(&group), 0);
        }
    }
    for at in gone.into_iter().rev() {
        objects.remove(at);
    }
    if met { Ok(()) } else { Err("the patch means no object of the kustomization".to_owned()) }
}

fn text(datum: &Datum, path: &str) -> Option<String> {
    path.split('.').try_fold(datum, |datum, key| datum.member(key))?.text()
}

/// Whether `wanted` (a target, or a patch with its own name) means `object`.
pub(super) fn means(wanted: &Datum, object: &Datum, own: bool) -> bool {
    let path = |name: &str| if own { format!("metadata.{name}") } else { name.to_owned() };
    let version = text(object, "apiVersion").unwrap_or_default();
    let (group, number) = version.split_once('/').unwrap_or(("", &version));
    let same = |wanted: Option<String>, held: Option<String>| match wanted {
        None => true,
        Some(wanted) if own => held.as_ref() == Some(&wanted),
        Some(wanted) => matches(&wanted, &held.unwrap_or_default()),
    };
    let space = text(object, "metadata.namespace");
    same(text(wanted, "kind"), text(object, "kind"))
        && (same(text(wanted, &path("name")), text(object, "metadata.name"))
            || previous(object).into_iter().any(|name| same(text(wanted, &path("name")), Some(name))))
        && (text(wanted, &path("namespace")).is_none_or(|wanted| space.is_none_or(|space| space == wanted)))
        && (own || text(wanted, "group").is_none_or(|wanted| wanted == group))
        && (own || text(wanted, "version").is_none_or(|wanted| wanted == number))
        && (own || selects(wanted, "labelSelector", object, "labels"))
        && (own || selects(wanted, "annotationSelector", object, "annotations"))
}

/// The names that an object had before a kustomization gave it another; patches may mean it by those too.
fn previous(object: &Datum) -> Vec<String> {
    let held = object.member("metadata").and_then(|metadata| metadata.member(PREVIOUS));
    held.map(Datum::items).unwrap_or_default().iter().filter_map(Datum::text).collect()
}

/// Targets name objects by patterns that must cover the whole name.
fn matches(pattern: &str, name: &str) -> bool {
    if pattern == name {
        return true;
    }
    let whole = regex::RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(1 << 18).build();
    whole.is_ok_and(|whole| whole.is_match(name))
}

/// `key=value,key!=value,key` over labels or annotations.
fn selects(target: &Datum, key: &str, object: &Datum, of: &str) -> bool {
    let Some(selector) = text(target, key) else { return true };
    let held = |name: &str| text_of(object, of, name);
    selector.split(',').map(str::trim).filter(|part| !part.is_empty()).all(|part| match part.split_once("!=") {
        Some((name, value)) => held(name.trim()).as_deref() != Some(value.trim()),
        None => match part.split_once('=') {
            Some((name, value)) => held(name.trim()).as_deref() == Some(value.trim_start_matches('=').trim()),
            None => held(part).is_some(),
        },
    })
}

fn text_of(object: &Datum, of: &str, name: &str) -> Option<String> {
    object.member("metadata")?.member(of)?.member(name)?.text()
}

fn directive(datum: &Datum) -> Option<String> {
    datum.member("$patch")?.text()
}

/// `patch` merged into `below`; `keyed` says whether lists are merged by their keys.
fn merged(below: &Datum, patch: &Datum, keyed: bool, depth: usize) -> Datum {
    let (Kind::Map(low), Kind::Map(high)) = (&below.kind, &patch.kind) else { return patch.clone() };
    if depth > DEPTH {
        return patch.clone();
    }
    let replace = directive(patch).as_deref() == Some("replace");
    let mut members = if replace { Shared::default() } else { low.members.clone() };
    for (name, value) in high.members.iter().filter(|(name, _)| !name.starts_with('$')) {
        if value.is_null() || directive(value).as_deref() == Some("delete") {
            members.remove(name);
            continue;
        }
        let list = KEYS.iter().find(|(list, _)| list == name).map(|(_, key)| *key).filter(|_| keyed);
        let value = match (members.get(name), list) {
            (Some(held), Some(key)) if matches!((&held.kind, &value.kind), (Kind::List(_), Kind::List(_))) => {
                merged_list(held, value, key, depth)
            }
            (Some(held), _) => merged(held, value, keyed, depth + 1),
            (None, _) => value.clone(),
        };
        members.insert(name.clone(), value);
    }
    Datum::new(Kind::Map(Map { members, open: low.open.clone() }), below.place.clone())
}

fn merged_list(below: &Datum, patch: &Datum, key: &str, depth: usize) -> Datum {
    // Ports of a service are told apart by `port`, those of a container by `containerPort`.
    let named = |item: &Datum| item.member(key).or_else(|| item.member("port")).and_then(Datum::text);
    let replace = patch.items().iter().any(|item| directive(item).as_deref() == Some("replace"));
    let mut items: Vec<Datum> = if replace { Vec::new() } else { below.items().to_vec() };
    for item in patch.items() {
        let name = named(item);
        let at = items.iter().position(|held| name.is_some() && named(held) == name);
        match (directive(item).as_deref(), at) {
            (Some("replace"), _) => {}
            (Some("delete"), Some(at)) => {
                items.remove(at);
            }
            (Some("delete"), None) => {}
            (_, Some(at)) => {
                if let Some(held) = items.get_mut(at) {
                    *held = merged(held, item, true, depth + 1);
                }
            }
            (_, None) => items.push(item.clone()),
        }
    }
    Datum::new(Kind::List(items.into()), below.place.clone())
}

/// One operation of a JSON patch.
fn operate(operation: &Datum, object: &mut Datum) -> Result<(), String> {
    let kind = text(operation, "op").unwrap_or_default();
    let path = text(operation, "path").ok_or("an operation has no path")?;
    let failed = || format!("the operation `{kind}` finds nothing at `{path}`");
    let value = operation.member("value").cloned();
    match kind.as_str() {
        "add" | "replace" => {
            insert(object, &pointer(&path), value.ok_or_else(failed)?, kind == "add").ok_or_else(failed)
        }
        "remove" => remove(object, &pointer(&path)).map(|_| ()).ok_or_else(failed),
        "move" | "copy" => {
            let from = pointer(&text(operation, "from").ok_or_else(failed)?);
            let value = if kind == "move" { remove(object, &from) } else { find(object, &from).cloned() };
            insert(object, &pointer(&path), value.ok_or_else(failed)?, true).ok_or_else(failed)
        }
        "test" => Ok(()),
        _ => Err(format!("the operation `{kind}` is not known")),
    }
}

/// Whether a value nests more than `levels` deep.
fn deeper(datum: &Datum, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else { return true };
    match &datum.kind {
        Kind::List(items) => items.iter().any(|item| deeper(item, below)),
        Kind::Map(map) => map.members.values().any(|member| deeper(member, below)),
        _ => false,
    }
}

fn pointer(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}

fn find<'d>(object: &'d Datum, path: &[String]) -> Option<&'d Datum> {
    path.iter().try_fold(object, |at, key| match &at.kind {
        Kind::Map(map) => map.members.get(key),
        Kind::List(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

fn parent<'d, 'p>(object: &'d mut Datum, path: &'p [String]) -> Option<(&'d mut Datum, &'p str)> {
    let (last, above) = path.split_last()?;
    let parent = above.iter().try_fold(object, |at, key| match &mut at.kind {
        Kind::Map(map) => map.members.get_mut(key),
        Kind::List(items) => items.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    })?;
    Some((parent, last))
}

fn insert(object: &mut Datum, path: &[String], value: Datum, add: bool) -> Option<()> {
    let (parent, key) = parent(object, path)?;
    match &mut parent.kind {
        Kind::Map(map) => {
            if !add && !map.members.contains_key(key) {
                return None;
            }
            map.members.insert(key.to_owned(), value);
        }
        Kind::List(items) if key == "-" => items.push(value),
        Kind::List(items) => {
            let at = key.parse::<usize>().ok().filter(|at| *at <= items.len())?;
            match items.get_mut(at) {
                Some(held) if !add => *held = value,
                None if !add => return None,
                _ => items.insert(at, value),
            }
        }
        _ => return None,
    }
    Some(())
}

fn remove(object: &mut Datum, path: &[String]) -> Option<Datum> {
    let (parent, key) = parent(object, path)?;
    match &mut parent.kind {
        Kind::Map(map) => map.members.remove(key),
        Kind::List(items) => {
            let at = key.parse::<usize>().ok().filter(|at| *at < items.len())?;
            Some(items.remove(at))
        }
        _ => None,
    }
}
