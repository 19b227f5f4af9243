use aedile_model::Value;

use super::name::{argument, type_name};
use crate::crawler::{Context, run};
use crate::iac::examples::RULES;
use crate::{Facts, File, Options};

fn facts(files: &[(&str, &str)]) -> Facts {
    let options = Options::default();
    let files: Vec<File> = files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
    let mut facts = Facts::default();
    run::<super::Pulumi>(&files, Context::new(&RULES, &options), &mut facts);
    facts
}

#[test]
fn names_follow_from_the_providers_own() {
    assert_eq!(argument("serverSideEncryptionConfiguration"), "server_side_encryption_configuration");
    assert_eq!(argument("IAMMember"), "iam_member");
    let known = |name: &str| type_name(name, &RULES.resources);
    assert_eq!(known("aws:s3:Bucket").as_deref(), Some("aws_s3_bucket"));
    assert_eq!(known("aws:s3/bucketV2:BucketV2").as_deref(), Some("aws_s3_bucket"));
    assert_eq!(known("aws:rds:Instance").as_deref(), Some("aws_db_instance"));
    assert_eq!(known("gcp:storage:Bucket").as_deref(), Some("google_storage_bucket"));
    assert_eq!(known("snowflake:Database").as_deref(), Some("snowflake_database"));
    assert_eq!(known("databricks:index/cluster:Cluster").as_deref(), Some("databricks_cluster"));
    assert_eq!(known("azure-native:storage:StorageAccount"), None);
}

#[test]
fn companions_join_by_reference() {
    let facts = facts(&[(
        "Pulumi.yaml",
        "name: p\nruntime: yaml\nresources:\n  raw:\n    type: aws:s3:BucketV2\n    properties: {bucket: clinic-raw}\n  versions:\n    type: aws:s3:BucketVersioningV2\n    properties:\n      bucket: ${raw.id}\n      versioningConfiguration: {status: Enabled}\n",
    )]);
    let bucket = facts.assets.iter().find(|asset| asset.address == "raw").unwrap();
    assert_eq!(bucket.value("versioned"), Some(&Value::Bool(true)));
}

#[test]
fn settings_of_stacks_that_differ_are_unknown() {
    let program = "name: p\nruntime: yaml\nconfig: {days: {default: 7}}\nresources:\n  d:\n    type: snowflake:Database\n    properties: {name: CLINIC, dataRetentionTimeInDays: '${days}'}\n";
    let days = |files: &[(&str, &str)]| facts(files).assets[0].value("backupRetentionDays").cloned();
    assert_eq!(days(&[("Pulumi.yaml", program)]), Some(Value::Int(7)));
    let (dev, prod) = ("config: {'p:days': 1}\n", "config: {'p:days': 30}\n");
    assert_eq!(days(&[("Pulumi.yaml", program), ("Pulumi.prod.yaml", prod)]), Some(Value::Int(30)));
    let both = [("Pulumi.dev.yaml", dev), ("Pulumi.prod.yaml", prod), ("Pulumi.yaml", program)];
    assert!(matches!(days(&both), Some(Value::Unknown(_))));
}

#[test]
fn other_runtimes_and_types_are_gaps() {
    assert_eq!(facts(&[("Pulumi.yaml", "name: p\nruntime: nodejs\n")]).gaps.len(), 1);
    let native = "name: p\nruntime: {name: yaml}\nresources:\n  a: {type: 'azure-native:storage:StorageAccount'}\n";
    assert_eq!(facts(&[("Pulumi.yaml", native)]).gaps.len(), 1);
}
