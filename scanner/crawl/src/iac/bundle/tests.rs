use aedile_model::{RelationKind, Value};

use crate::crawler::{Context, run};
use crate::iac::examples::{RULES, line};
use crate::{Facts, File, Options};

fn facts(files: &[(&str, &str)]) -> Facts {
    let options = Options::default();
    let files: Vec<File> = files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
    let mut facts = Facts::default();
    run::<super::Bundles>(&files, Context::new(&RULES, &options), &mut facts);
    facts
}

fn value(facts: &Facts, address: &str, attribute: &str) -> Option<Value> {
    facts.assets.iter().find(|asset| asset.address == address)?.value(attribute).cloned()
}

const JOB: &str = "resources:\n  jobs:\n    nightly:\n      name: nightly-${bundle.target}\n      tasks:\n        - task_key: load\n          notebook_task: {notebook_path: ../src/load.py}\n      job_clusters:\n        - job_cluster_key: main\n          new_cluster:\n            spark_version: ${var.runtime}\n            data_security_mode: SINGLE_USER\n";

#[test]
fn included_jobs_run_their_files_as_the_bundles_identity() {
    let root = "bundle: {name: b}\ninclude: [resources/*.yml]\nvariables:\n  runtime: {default: 15.4.x-scala2.12}\nrun_as: {service_principal_name: 11111111-2222-3333-4444-555555555555}\ntargets:\n  dev: {default: true}\n";
    let facts = facts(&[("databricks.yml", root), ("resources/jobs.yml", JOB), ("src/load.py", "")]);
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
    let links: Vec<String> = facts.links.iter().map(line).collect();
    assert!(links.contains(&"runs Pipeline:resources.jobs.nightly -> Pipeline?src/load.py".to_owned()), "{links:?}");
    assert!(
        links.iter().any(|link| link.starts_with("runs-as Pipeline?src/load.py -> ServiceAccount?1111")),
        "{links:?}"
    );
    let cluster = "resources.jobs.nightly.job_cluster[\"main\"]";
    assert_eq!(value(&facts, cluster, "runtimeSupported"), Some(Value::Bool(true)));
    assert_eq!(value(&facts, cluster, "userIsolation"), Some(Value::Bool(true)));
    let job = facts.assets.iter().find(|asset| asset.address == "resources.jobs.nightly").unwrap();
    assert_eq!(job.name, "nightly-dev");
}

#[test]
fn another_target_is_read_where_it_differs() {
    let root = "bundle: {name: b}\nvariables:\n  minutes: {default: 20}\nresources:\n  clusters:\n    shared: {cluster_name: shared, spark_version: 15.4.x, autotermination_minutes: '${var.minutes}'}\n    other: {cluster_name: other, spark_version: 15.4.x}\ntargets:\n  dev: {default: true}\n  prod:\n    variables: {minutes: 0}\n";
    let facts = facts(&[("databricks.yml", root)]);
    assert_eq!(value(&facts, "resources.clusters.shared", "idleShutdownMinutes"), Some(Value::Int(20)));
    assert_eq!(value(&facts, "resources.clusters.shared@prod", "idleShutdownMinutes"), Some(Value::Int(0)));
    assert_eq!(value(&facts, "resources.clusters.other@prod", "idleShutdownMinutes"), None);
}

#[test]
fn a_variable_without_default_leaves_the_attribute_unknown() {
    let root = "bundle: {name: b}\nvariables:\n  runtime: {description: x}\nresources:\n  clusters:\n    c: {spark_version: '${var.runtime}'}\n";
    let facts = facts(&[("databricks.yml", root)]);
    assert!(matches!(value(&facts, "resources.clusters.c", "runtimeSupported"), Some(Value::Unknown(_))));
}

#[test]
fn permissions_and_grants_are_grants() {
    let root = "bundle: {name: b}\npermissions: [{level: CAN_VIEW, group_name: users}, {level: CAN_MANAGE, user_name: ana@example.org}]\nresources:\n  model_serving_endpoints:\n    chat: {name: chat, permissions: [{level: CAN_QUERY, group_name: users}]}\n  schemas:\n    raw: {catalog_name: clinic, name: raw, grants: [{principal: account users, privileges: [SELECT]}]}\n";
    let facts = facts(&[("databricks.yml", root)]);
    let grants: Vec<String> = facts.links.iter().filter(|link| link.kind == RelationKind::Grants).map(line).collect();
    assert!(
        grants.contains(&"grants AnyOne:anyone -> Endpoint:resources.model_serving_endpoints.chat [read]".to_owned()),
        "{grants:?}"
    );
    assert!(grants.contains(&"grants AnyOne:anyone -> Database:resources.schemas.raw [read]".to_owned()), "{grants:?}");
    assert!(grants.iter().any(|grant| grant.starts_with("grants User?ana@example.org")), "{grants:?}");
}

#[test]
fn what_is_not_there_or_not_read_is_a_gap() {
    let root = "bundle: {name: b}\ninclude: [none/*.yml]\nresources:\n  dashboards:\n    d: {display_name: x}\n";
    assert_eq!(facts(&[("databricks.yml", root)]).gaps.len(), 2);
}
