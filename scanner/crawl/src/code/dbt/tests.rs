//! Whole projects.

use aedile_model::{AssetKind, Basis};

use crate::code::tests::{facts_of, tells, told};

const PROJECT: (&str, &str) = ("wh/dbt_project.yml", "name: wh\nversion: '1.0'\nmodel-paths: [models]\n");

#[test]
fn models_are_tables_and_ref_is_lineage() {
    let facts = facts_of(&[
        PROJECT,
        (
            "wh/models/sources.yml",
            "version: 2\nsources:\n  - name: app\n    schema: raw\n    tables:\n      - name: users\n",
        ),
        (
            "wh/models/stg_users.sql",
            "{{ config(materialized='view') }}\nselect id, email from {{ source('app', 'users') }}\n",
        ),
        (
            "wh/models/dim_users.sql",
            "select id, md5(email) as email_hash from {{ ref('stg_users') }}\n{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}\n",
        ),
    ]);
    tells(
        &told(&facts),
        &[
            "stg_users from raw.users [email, id]",
            "dim_users from stg_users [email:hashed, id]",
            "Column:Table:dim_users/email_hash from Column:Table:stg_users/email [email:hashed]",
        ],
    );
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
    assert!(!facts.assets.iter().any(|asset| asset.kind == AssetKind::Pipeline));
}

#[test]
fn what_people_declared_is_a_tag_in_both_places() {
    let facts = facts_of(&[
        PROJECT,
        (
            "wh/models/schema.yml",
            "version: 2\nmodels:\n  - name: dim_users\n    meta: {owner: crm}\n    columns:\n      - name: email\n        meta: {contains_pii: true}\n      - name: phone\n        config:\n          meta: {data_class: pii.contact.phone}\n      - name: mrn\n        config: {tags: [phi]}\n      - name: n\n        meta: {contains_pii: false}\n",
        ),
    ]);
    let tags = |name: &str| -> Vec<String> {
        let asset = facts.assets.iter().find(|asset| asset.name == name).unwrap();
        assert!(asset.tags.iter().all(|tag| tag.basis == Basis::Declared));
        asset.tags.iter().map(|tag| tag.class.to_string()).collect()
    };
    assert_eq!(tags("email"), ["pii"]);
    assert_eq!(tags("phone"), ["pii.contact.phone"]);
    assert_eq!(tags("mrn"), ["phi"]);
    assert!(tags("n").is_empty());
    let model = facts.assets.iter().find(|asset| asset.name == "dim_users").unwrap();
    assert_eq!(model.value("owner").and_then(|value| value.as_text()), Some("crm"));
}

#[test]
fn other_yaml_is_left_alone() {
    assert!(facts_of(&[("k8s/app.yml", "apiVersion: v1\nkind: Service\nmodels:\n  - name: x\n")]).assets.is_empty());
    assert!(facts_of(&[("ci.yml", "jobs:\n  build: {}\n")]).assets.is_empty());
}

#[test]
fn a_sql_file_outside_the_model_paths_is_a_script() {
    let facts = facts_of(&[PROJECT, ("wh/analyses/x.sql", "create table t as select a from b\n")]);
    tells(&told(&facts), &["writes t [a]"]);
}
