use aedile_model::{AssetKind, GapKind};

use crate::code::tests::{facts_of, tells, told};

const PROJECT: &str = "name: wh\nversion: '1.0'\nmodel-paths: [models]\n";
const CALLS: &str = "select * from {{ dbt_expectations.cleaned(source('app', 'users')) }}";

fn manifest(version: u32, code: &str) -> String {
    let code = serde_json::to_string(code).unwrap();
    format!(
        r#"{{"metadata": {{"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v{version}.json"}},
  "nodes": {{
    "model.wh.stg_users": {{"resource_type": "model", "name": "stg_users", "original_file_path": "models/stg_users.sql",
      "relation_name": "\"prod\".\"core\".\"stg_users\"", "raw_code": {code},
      "compiled_code": "select id, md5(email) as email_key from \"prod\".\"raw\".\"users\"",
      "depends_on": {{"nodes": ["source.wh.app.users"]}}}},
    "model.pkg.dim_dates": {{"resource_type": "model", "name": "dim_dates", "original_file_path": "models/dim_dates.sql",
      "relation_name": "prod.core.dim_dates", "raw_code": "select 1", "access": "public", "tags": ["pii"],
      "config": {{"grants": {{"select": ["readers"]}}, "contract": {{"enforced": true}}}},
      "columns": {{"Day": {{"name": "Day", "meta": {{"data_class": "pii"}}}}}},
      "depends_on": {{"nodes": ["model.wh.stg_users"]}}}},
    "test.wh.unique": {{"resource_type": "test", "name": "unique"}}
  }},
  "sources": {{"source.wh.app.users": {{"source_name": "app", "name": "users", "relation_name": "\"prod\".\"raw\".\"users\""}}}},
  "exposures": {{"exposure.wh.board": {{"name": "board", "type": "dashboard", "owner": {{"email": "o@example.org"}},
      "depends_on": {{"nodes": ["model.wh.stg_users"]}}}}}}
}}"#
    )
}

fn facts(manifest: &str) -> crate::Facts {
    facts_of(&[
        ("wh/dbt_project.yml", PROJECT),
        ("wh/models/stg_users.sql", CALLS),
        ("wh/target/manifest.json", manifest),
        ("grants.sql", "GRANT SELECT ON prod.core.stg_users TO analysts;"),
    ])
}

#[test]
fn names_that_would_grow_without_end_are_not_put_in() {
    let mut all: serde_json::Value = serde_json::from_str(&manifest(12, CALLS)).unwrap();
    let ids: Vec<String> = (0..40).map(|nth| format!("source.wh.app.e{nth}")).collect();
    for id in &ids {
        all["sources"][id.as_str()] = serde_json::json!({"source_name": "eeeeeeee", "name": id, "relation_name": "e"});
    }
    all["nodes"]["model.wh.stg_users"]["depends_on"]["nodes"] = ids.into();
    let gaps = facts(&all.to_string()).gaps;
    assert!(gaps.iter().any(|gap| gap.message.contains("dbt_expectations")), "{gaps:?}");
}

#[test]
fn a_template_that_only_dbt_can_render_is_read_as_dbt_compiled_it() {
    for version in [10, 11, 12, 20] {
        let facts = facts(&manifest(version, CALLS));
        tells(&told(&facts), &["stg_users from app.users [email:hashed, id]"]);
        assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
    }
}

#[test]
fn what_no_source_describes_is_taken_from_the_manifest() {
    let facts = facts(&manifest(12, CALLS));
    tells(&told(&facts), &["Table:dim_dates from stg_users [?]", "Role:readers may read Table:dim_dates"]);
    let dates = facts.assets.iter().find(|asset| asset.name == "dim_dates").unwrap();
    assert_eq!(dates.value("contractEnforced").and_then(aedile_model::Value::as_bool), Some(true));
    assert_eq!(dates.labels.iter().map(|label| label.written()).collect::<Vec<_>>(), ["pii"]);
    assert!(facts.assets.iter().any(|asset| asset.kind == AssetKind::Pipeline && asset.name == "board"));
    // The name in the warehouse is the model's too.
    let named = |asset: &&aedile_model::Asset| asset.names.contains("prod.core.stg_users");
    assert!(facts.assets.iter().filter(named).all(|asset| asset.name == "stg_users"));
}

#[test]
fn a_manifest_older_than_its_sources_is_told_and_the_sources_are_read() {
    let facts = facts(&manifest(12, "select something else"));
    let old: Vec<&aedile_model::Gap> =
        facts.gaps.iter().filter(|gap| gap.message.contains("older than 1 of")).collect();
    assert_eq!(old.len(), 1, "{:?}", facts.gaps);
    assert!(!told(&facts).iter().any(|line| line.contains("email:hashed")));
}

#[test]
fn a_manifest_of_another_version_or_none_is_a_gap() {
    let facts = facts(&manifest(9, CALLS));
    assert!(facts.gaps.iter().any(|gap| gap.kind == GapKind::Unsupported), "{:?}", facts.gaps);
    let broken = facts_of(&[
        ("wh/dbt_project.yml", PROJECT),
        (
            "wh/target/manifest.json",
            "{\"metadata\": {\"dbt_schema_version\": \"https://schemas.getdbt.com/dbt/manifest/v12.json\"},",
        ),
    ]);
    assert!(broken.gaps.iter().any(|gap| gap.kind == GapKind::Unparsed), "{:?}", broken.gaps);
}
