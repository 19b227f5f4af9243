//! Whole projects.

use aedile_model::AssetKind;

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
fn what_people_declared_is_a_label_in_both_places() {
    let facts = facts_of(&[
        PROJECT,
        (
            "wh/models/schema.yml",
            "version: 2\nmodels:\n  - name: dim_users\n    meta: {owner: crm}\n    columns:\n      - name: email\n        meta: {contains_pii: true}\n      - name: phone\n        config:\n          meta: {data_class: pii.contact.phone}\n      - name: mrn\n        config: {tags: [phi]}\n      - name: n\n        meta: {contains_pii: false}\n",
        ),
    ]);
    let labels = |name: &str| -> Vec<String> {
        let asset = facts.assets.iter().find(|asset| asset.name == name).unwrap();
        asset.labels.iter().map(|label| format!("{} {}", label.source, label.written())).collect()
    };
    assert_eq!(labels("email"), ["dbt meta contains_pii: true"]);
    assert_eq!(labels("phone"), ["dbt meta data_class: pii.contact.phone"]);
    assert_eq!(labels("mrn"), ["dbt tag phi"]);
    assert_eq!(labels("n"), ["dbt meta contains_pii: false"]);
    let model = facts.assets.iter().find(|asset| asset.name == "dim_users").unwrap();
    assert_eq!(model.value("owner").and_then(|value| value.as_text()), Some("crm"));
}

#[test]
fn settings_of_the_project_file_hold_for_the_folders_below_and_the_nearer_wins() {
    let project = "name: wh
models:
  +tags: [warehouse]
  wh:
    marts:
      +meta: {data_class: pii, owner: crm}
      +grants: {select: [readers]}
      hr:
        +meta: {data_class: special}
        +grants: {+select: [people_team]}
        +access: public
";
    let own =
        "{{ config(tags=['phi'], meta={'data_class': 'financial'}, grants={'select': ['cashiers']}) }} select 1 as a";
    let facts = facts_of(&[
        ("wh/dbt_project.yml", project),
        ("wh/models/marts/orders.sql", "select 1 as a"),
        ("wh/models/marts/hr/staff.sql", "select 1 as a"),
        ("wh/models/marts/hr/pay.sql", own),
        ("wh/models/other.sql", "select 1 as a"),
    ]);
    let labels = |name: &str| -> Vec<String> {
        let of = |asset: &&aedile_model::Asset| asset.kind == AssetKind::Table && asset.name == name;
        let labels = facts.assets.iter().filter(of).flat_map(|asset| &asset.labels);
        labels.filter(|label| label.key != "owner").map(aedile_model::Label::written).collect()
    };
    assert_eq!(labels("orders"), ["warehouse", "data_class: pii"]);
    assert_eq!(labels("staff"), ["warehouse", "data_class: special"]);
    assert_eq!(labels("pay"), ["phi", "warehouse", "data_class: financial", "data_class: special"]);
    assert_eq!(labels("other"), ["warehouse"]);
    let told = told(&facts);
    tells(
        &told,
        &[
            "Role:readers may read Table:orders",
            "Role:readers may read Table:staff",
            "Role:people_team may read Table:staff",
        ],
    );
    tells(&told, &["Role:cashiers may read Table:pay"]);
    assert!(!told.iter().any(|line| line == "Role:readers may read Table:pay"), "{told:?}");
    let staff = facts.assets.iter().filter(|asset| asset.name == "staff");
    assert!(staff.into_iter().any(|asset| asset.value("visibility").is_some()));
}

#[test]
fn grants_contracts_and_masks_stand_in_yaml_too() {
    let schema = "version: 2
models:
  - name: dim_users
    config:
      grants: {select: [analysts]}
      contract: {enforced: true}
    access: public
    columns:
      - name: email
        policy_tags: [projects/p/locations/eu/taxonomies/1/policyTags/2]
      - name: phone
        config: {meta: {masking_policy: mask_phone}}
      - name: city
";
    let facts = facts_of(&[PROJECT, ("wh/models/schema.yml", schema)]);
    tells(&told(&facts), &["Role:analysts may read Table:dim_users"]);
    let model = facts.assets.iter().find(|asset| asset.name == "dim_users").unwrap();
    assert_eq!(model.value("contractEnforced").and_then(aedile_model::Value::as_bool), Some(true));
    assert_eq!(model.value("visibility").and_then(|value| value.as_text()), Some("public"));
    let masked = facts.assets.iter().filter(|asset| asset.kind == AssetKind::Column && asset.value("masked").is_some());
    assert_eq!(masked.map(|asset| asset.name.as_str()).collect::<Vec<_>>(), ["email", "phone"]);
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

#[test]
fn macros_variables_and_stars_are_rendered() {
    let facts = facts_of(&[
        ("wh/dbt_project.yml", "name: wh\nversion: '1.0'\nvars:\n  bits: 512\n  wh:\n    cols: [email, phone]\n"),
        ("wh/macros/hash.sql", "{% macro hash(c, bits=none) %}sha2({{ c }}, {{ bits or var('bits') }}){% endmacro %}"),
        ("wh/models/a.sql", "select id, email, phone, zip from {{ source('app', 'users') }}"),
        (
            "wh/models/b.sql",
            "select {% for c in var('cols') %}{{ hash(c) }} as {{ c }}_hash, {% endfor %}id from {{ ref('a') }}",
        ),
        ("wh/models/c.sql", "select {{ dbt_utils.star(from=ref('a'), except=['phone']) }} from {{ ref('a') }}"),
        ("wh/models/d.sql", "select * from {{ ref('c') }}"),
    ]);
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
    tells(
        &told(&facts),
        &[
            "b from a [email:hashed, id, phone:hashed]",
            "Column:Table:b/phone_hash from Column:Table:a/phone [phone:hashed]",
            "c from a [email, id, zip]",
            "d from c [email, id, zip]",
        ],
    );
}

#[test]
fn seeds_and_snapshots_are_tables() {
    let facts = facts_of(&[
        PROJECT,
        ("wh/seeds/countries.csv", "code,name\nDE,Germany\n"),
        ("wh/models/m.sql", "select * from {{ ref('countries') }}"),
        ("wh/snapshots/s.sql", "{% snapshot country_history %}select code, name from {{ ref('m') }}{% endsnapshot %}"),
    ]);
    tells(
        &told(&facts),
        &[
            "m from countries [code, name]",
            "Table:countries from wh/seeds/countries.csv [*]",
            "country_history from m [code, name]",
        ],
    );
}

#[test]
fn models_that_name_each_other_and_endless_macros_are_gaps() {
    let facts = facts_of(&[
        PROJECT,
        ("wh/macros/m.sql", "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}"),
        ("wh/models/x.sql", "select * from {{ ref('y') }}"),
        ("wh/models/y.sql", "select * from {{ ref('x') }}"),
        ("wh/models/z.sql", "select {{ a() }} from t"),
    ]);
    let said: Vec<&str> = facts.gaps.iter().map(|gap| gap.message.as_str()).collect();
    assert!(said.iter().any(|message| message.contains("in a circle")), "{said:?}");
    assert!(said.iter().any(|message| message.contains("calls itself too deep")), "{said:?}");
    tells(&told(&facts), &["x from y [*]", "y from x [*]"]);
}

#[test]
fn macros_of_packages_that_are_not_there_are_gaps() {
    let facts = facts_of(&[PROJECT, ("wh/models/m.sql", "select {{ codegen.columns('x') }} from {{ ref('a') }}")]);
    let said: Vec<&str> = facts.gaps.iter().map(|gap| gap.message.as_str()).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said.concat().contains("its package is not among the files"), "{said:?}");
}

#[test]
fn grants_and_exposures_say_who_uses_models() {
    let facts = facts_of(&[
        PROJECT,
        (
            "wh/models/m.sql",
            "{{ config(grants={'select': ['reporter', 'bi']}) }}select email from {{ source('a', 'b') }}",
        ),
        (
            "wh/models/exposures.yml",
            "version: 2\nexposures:\n  - name: board\n    type: dashboard\n    owner: {email: bi@example.org}\n    depends_on:\n      - ref('m')\n      - source('a', 'b')\n",
        ),
    ]);
    tells(
        &told(&facts),
        &[
            "Role:reporter may read Table:m",
            "Role:bi may read Table:m",
            "reads m [*]",
            "reads a.b [*]",
            "sets owner = bi@example.org",
        ],
    );
}
