//! Resources of a bundle as the resources of Terraform that they are deployed as.

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place, Unknown};
use aedile_rules::ResourceSource;

use super::file_named;
use crate::crawler::Context;
use crate::iac::datum::{Datum, Kind, Map, Target};
use crate::iac::resource::Resource;
use crate::{Facts, File};

/// A kind of resource in a bundle: its key, the type of the provider, and by which key permissions and grants name it.
struct Kinds {
    key: &'static str,
    type_name: &'static str,
    permission: &'static str,
    grant: &'static str,
}

const fn kinds(key: &'static str, type_name: &'static str, permission: &'static str, grant: &'static str) -> Kinds {
    Kinds { key, type_name, permission, grant }
}

/// Sorted by key.
const TABLE: [Kinds; 14] = [
    kinds("apps", "databricks_app", "app_name", ""),
    kinds("catalogs", "databricks_catalog", "", "catalog"),
    kinds("clusters", "databricks_cluster", "cluster_id", ""),
    kinds("external_locations", "databricks_external_location", "", "external_location"),
    kinds("jobs", "databricks_job", "job_id", ""),
    kinds("model_serving_endpoints", "databricks_model_serving", "serving_endpoint_id", ""),
    kinds("models", "databricks_mlflow_model", "registered_model_id", ""),
    kinds("pipelines", "databricks_pipeline", "pipeline_id", ""),
    kinds("quality_monitors", "databricks_quality_monitor", "", ""),
    kinds("registered_models", "databricks_registered_model", "", "model"),
    kinds("schemas", "databricks_schema", "", "schema"),
    kinds("secret_scopes", "databricks_secret_scope", "", ""),
    kinds("sql_warehouses", "databricks_sql_endpoint", "sql_endpoint_id", ""),
    kinds("volumes", "databricks_volume", "", "volume"),
];

/// Keys of lists whose blocks the provider calls by one of them.
const SINGULAR: [(&str, &str); 6] = [
    ("clusters", "cluster"),
    ("environments", "environment"),
    ("job_clusters", "job_cluster"),
    ("libraries", "library"),
    ("notifications", "notification"),
    ("tasks", "task"),
];

/// The resources of the bundle `body`, with permissions and grants as resources of their own.
pub(super) fn resources(
    file: &File,
    body: &Datum,
    suffix: &str,
    context: Context<'_>,
    facts: &mut Facts,
) -> Vec<Resource> {
    let mut found = Vec::new();
    let Some(Kind::Map(all)) = body.member("resources").map(|resources| &resources.kind) else { return found };
    let tags = body.member("presets").and_then(|presets| presets.member("tags")).cloned();
    for (key, group) in &all.members {
        let Some(kinds) = TABLE.iter().find(|kinds| kinds.key == key) else {
            let place = group.place.clone().unwrap_or_else(|| Place::file(&file.path));
            let message = format!("resources of the kind `{key}` are not read");
            facts.gaps.push(Gap { place, kind: GapKind::Unsupported, message });
            continue;
        };
        let Kind::Map(members) = &group.kind else { continue };
        for (name, member) in &members.members {
            let Kind::Map(_) = &member.kind else { continue };
            let address = format!("resources.{key}.{name}{suffix}");
            let resource = |type_name: &str, address: String, body: Datum| Resource {
                source: ResourceSource::Terraform,
                type_name: type_name.to_owned(),
                address,
                unit: file.folder().to_owned(),
                place: member.place.clone(),
                body,
                in_tests: file.in_tests,
                region: None,
                default_tags: tags.clone(),
                doubt: None,
                provider: None,
            };
            let own = translated(member, key, body, context);
            found.push(resource(kinds.type_name, address.clone(), own));
            if let Some(access) = access_control(member, body).filter(|_| !kinds.permission.is_empty()) {
                let body = named(kinds.permission, &address, "access_control", access);
                found.push(resource("databricks_permissions", format!("{address}.permissions"), body));
            }
            if let Some(grants) = member.member("grants").filter(|_| !kinds.grant.is_empty()) {
                let body = named(kinds.grant, &address, "grant", grants.clone());
                found.push(resource("databricks_grants", format!("{address}.grants"), body));
            }
        }
    }
    found
}

/// A resource that says something of the one at `address`.
fn named(key: &str, address: &str, list: &str, items: Datum) -> Datum {
    let target = Target { address: address.to_owned(), attribute: "id".to_owned() };
    let why = Unknown { expression: address.to_owned(), why: "known after the deployment".to_owned() };
    let kind = Kind::Computed { text: format!("{{{address}.id}}"), why };
    let subject = Datum::new(kind, items.place.clone()).of(Some(Arc::new(target)));
    BTreeMap::from([(key.to_owned(), subject), (list.to_owned(), items)]).into()
}

/// The permissions of a resource and those that the bundle gives on all, in the provider's words.
fn access_control(member: &Datum, bundle: &Datum) -> Option<Datum> {
    let own = member.member("permissions").map(Datum::items).unwrap_or_default();
    let all = bundle.member("permissions").map(Datum::items).unwrap_or_default();
    let blocks: Vec<Datum> = own
        .iter()
        .chain(all)
        .map(|entry| {
            let mut entry = entry.clone();
            if let Kind::Map(map) = &mut entry.kind
                && let Some(level) = map.members.remove("level")
            {
                map.members.insert("permission_level".to_owned(), level);
            }
            entry
        })
        .collect();
    (!blocks.is_empty()).then(|| Kind::List(blocks.into()).into())
}

/// The body of a resource as the provider writes it.
fn translated(member: &Datum, key: &str, bundle: &Datum, context: Context<'_>) -> Datum {
    let mut body = singular(member);
    let Kind::Map(map) = &mut body.kind else { return body };
    if matches!(key, "jobs" | "pipelines")
        && let Some(identity) = bundle.member("run_as")
    {
        map.members.entry("run_as".to_owned()).or_insert_with(|| identity.clone());
    }
    for list in ["task", "library"] {
        if let Some(Kind::List(items)) = map.members.get_mut(list).map(|found| &mut found.kind) {
            let inner: Vec<Datum> = items.iter().filter_map(looped).map(|task| with_files(&task, context)).collect();
            let own = items.iter().map(|item| with_files(item, context)).collect::<Vec<_>>();
            *items = own.into_iter().chain(inner).collect();
        }
    }
    body
}

/// The task that a task repeats.
fn looped(task: &Datum) -> Option<Datum> {
    task.member("for_each_task").and_then(|each| each.member("task")).map(singular)
}

fn singular(datum: &Datum) -> Datum {
    let Kind::Map(map) = &datum.kind else { return datum.clone() };
    let members = map.members.iter().map(|(key, member)| {
        let renamed = SINGULAR.iter().find(|(plural, _)| plural == key).map_or(key.as_str(), |(_, one)| *one);
        let member = match &member.kind {
            Kind::List(items) if renamed != key => {
                Datum { kind: Kind::List(items.iter().map(singular).collect()), ..member.clone() }
            }
            _ => member.clone(),
        };
        (renamed.to_owned(), member)
    });
    let kind = Kind::Map(Map { members: members.collect(), open: map.open.clone() });
    Datum { kind, ..datum.clone() }
}

/// Where paths of code stand in a task or library, and whether they name a notebook.
const PATHS: [(&str, &str, bool); 5] = [
    ("notebook_task", "notebook_path", true),
    ("notebook", "path", true),
    ("spark_python_task", "python_file", false),
    ("file", "path", false),
    ("sql_task", "file", false),
];

/// A task or library with its paths relative to the root. A notebook that is a source file is one like any other.
fn with_files(task: &Datum, context: Context<'_>) -> Datum {
    let mut task = task.clone();
    let Kind::Map(map) = &mut task.kind else { return task };
    let mut scripts = Vec::new();
    for (block, key, notebook) in PATHS {
        let Some(Kind::Map(inner)) = map.members.get_mut(block).map(|found| &mut found.kind) else { continue };
        let Some(written) = inner.members.get_mut(key) else { continue };
        let Some((text, place)) = written.text().zip(written.place.clone()) else { continue };
        let Some(path) = file_named(&place.path, &text, context.files) else { continue };
        if notebook && !path.ends_with(".ipynb") {
            inner.members.remove(key);
            scripts.push(Datum::from_text(&*path).at(Some(place)));
        } else {
            *written = Datum::from_text(&*path).at(Some(place));
        }
    }
    for script in scripts {
        // Beside what the task has: a task runs one thing.
        let block = BTreeMap::from([("python_file".to_owned(), script.clone()), ("path".to_owned(), script)]);
        map.members.entry("spark_python_task".to_owned()).or_insert_with(|| block.clone().into());
        map.members.entry("file".to_owned()).or_insert_with(|| block.into());
    }
    task
}
