//! `aedile access`: who can reach what, over every language of grants.

use serde_json::Value;

use crate::program::{aedile, code, platform, sample, stderr, stdout};

fn ways(folder: &std::path::Path, args: &[&str]) -> Vec<Value> {
    let mut all = vec!["access", ".", "--as-of", "2026-11-01", "--format", "json"];
    all.extend(args);
    let output = aedile(folder, &all);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    stdout(&output).lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

#[test]
fn who_can_read_health_data_has_one_answer_over_policies_roles_and_sql() {
    let found = ways(&sample("clinic"), &["--who-can", "read", "--class", "phi"]);
    let has = |principal: &str, resource: &str| {
        found.iter().any(|way| way["principal"] == principal && way["resource"] == resource)
    };
    // An IAM policy, a bucket policy for another account, a GRANT of SQL to everybody, and one to a role.
    assert!(has("aws_iam_role.analyst", "aws_s3_bucket.raw"));
    assert!(has("arn:aws:iam::730184629951:root", "aws_s3_bucket.research"));
    assert!(has("anyone", "clinic.patients"));
    assert!(has("reporting", "clinic.visits"));
    // The notebook acts as its role, and the path says so, with its places.
    let notebook = found.iter().find(|way| way["principal"] == "aws_sagemaker_notebook_instance.research");
    let path = notebook.expect("the notebook reads")["path"].as_array().expect("a path").clone();
    assert_eq!(path.len(), 2);
    assert!(path.iter().all(|step| step["path"].as_str().is_some_and(|path| path.starts_with("infra/"))), "{path:?}");
    // What holds nothing of the class is not among them.
    assert!(!has("anyone", "clinic.wards"));
}

#[test]
fn the_matrix_names_every_principal_once() {
    let output = aedile(&sample("clinic"), &["access", ".", "--as-of", "2026-11-01"]);
    let text = stdout(&output);
    assert_eq!(text.matches("aws_iam_role.etl (Role)").count(), 1, "{text}");
    assert!(text.contains("r read  w write"), "{text}");
}

#[test]
fn an_unknown_class_is_refused_with_advice() {
    let folder = platform(&[]);
    let output = aedile(folder.path(), &["access", ".", "--class", "no.such"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("is no class of data"), "{}", stderr(&output));
}

#[test]
fn nobody_is_an_answer_too() {
    let folder = platform(&[]);
    let output = aedile(folder.path(), &["access", "."]);
    assert_eq!(code(&output), 0);
    assert!(stdout(&output).contains("nobody is granted anything sensitive"));
}
