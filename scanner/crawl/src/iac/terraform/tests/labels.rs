//! Tags and masks of tables and columns.

use super::*;

#[test]
fn tags_of_columns_in_snowflake_are_labels() {
    let facts = facts(
        r#"
resource "snowflake_tag" "class" {
  database = "GOV"
  schema   = "TAGS"
  name     = "DATA_CLASS"
}
resource "snowflake_table" "visits" {
  database = "CLINIC"
  schema   = "RAW"
  name     = "VISITS"
  column {
    name = "EMAIL"
    type = "VARCHAR"
  }
  column {
    name = "WARD"
    type = "VARCHAR"
  }
}
resource "snowflake_tag_association" "email" {
  object_identifiers = ["${snowflake_table.visits.fully_qualified_name}.\"EMAIL\""]
  object_type        = "COLUMN"
  tag_id             = snowflake_tag.class.fully_qualified_name
  tag_value          = "pii.contact.email"
}
"#,
    );
    let labels = |address: &str| -> Vec<String> {
        asset(&facts, address).labels.iter().map(|label| format!("{} {}", label.source, label.written())).collect()
    };
    assert_eq!(labels("snowflake_table.visits/email"), ["catalog tag data_class: pii.contact.email"]);
    assert!(labels("snowflake_table.visits/ward").is_empty());
}

/// Labels of an asset in words.
fn labels(facts: &Facts, address: &str) -> Vec<String> {
    let of = facts.assets.iter().filter(|asset| asset.address == address).flat_map(|asset| &asset.labels);
    of.map(aedile_model::Label::written).collect()
}

#[test]
fn tags_of_unity_catalog_are_labels_of_what_they_name() {
    let facts = facts(
        r#"
        resource "databricks_sql_table" "visits" {
          catalog_name = "clinic"
          schema_name  = "raw"
          name         = "visits"
          table_type   = "MANAGED"
          column { 
            name = "email"
            type = "string"
          }
        }
        resource "databricks_entity_tag_assignment" "own" {
          entity_type = "columns"
          entity_name = "${databricks_sql_table.visits.id}.email"
          tag_key     = "pii"
          tag_value   = "email"
        }
        resource "databricks_entity_tag_assignment" "elsewhere" {
          entity_type = "tables"
          entity_name = "clinic.raw.Patients"
          tag_key     = "data_classification"
          tag_value   = "confidential"
        }
        resource "databricks_entity_tag_assignment" "flag" {
          entity_type = "columns"
          entity_name = "clinic.raw.patients.SSN"
          tag_key     = "pii"
        }
        resource "databricks_entity_tag_assignment" "catalog" {
          entity_type = "catalogs"
          entity_name = "clinic"
          tag_key     = "team"
          tag_value   = "care"
        }
        variable "table" {}
        resource "databricks_entity_tag_assignment" "unknown" {
          entity_type = "tables"
          entity_name = var.table
          tag_key     = "pii"
        }
        "#,
    );
    assert_eq!(labels(&facts, "databricks_sql_table.visits.email"), ["pii: email"]);
    assert_eq!(labels(&facts, "clinic.raw.patients"), ["data_classification: confidential"]);
    assert_eq!(labels(&facts, "clinic.raw.patients.ssn"), ["pii"]);
    assert_eq!(facts.assets.iter().flat_map(|asset| &asset.labels).count(), 3);
    let gaps: Vec<&str> = facts.gaps.iter().map(|gap| gap.message.as_str()).collect();
    assert_eq!(gaps.iter().filter(|gap| gap.contains("a tag is put on")).count(), 1, "{gaps:?}");
}

#[test]
fn a_policy_tag_masks_where_its_taxonomy_or_a_data_policy_enforces_it() {
    let masked = |taxonomy: &str, policy: &str| {
        let facts = facts(&format!(
            r#"
            resource "google_data_catalog_taxonomy" "t" {{
              display_name = "t"
              {taxonomy}
            }}
            resource "google_data_catalog_policy_tag" "high" {{
              taxonomy     = google_data_catalog_taxonomy.t.id
              display_name = "high"
            }}
            {policy}
            resource "google_bigquery_table" "visits" {{
              dataset_id = "clinic"
              table_id   = "visits"
              schema = jsonencode([
                {{ name = "id", type = "STRING" }},
                {{ name = "email", type = "STRING", policyTags = {{ names = [google_data_catalog_policy_tag.high.id] }} }}
              ])
            }}
            "#
        ));
        let of =
            |column: &str| asset(&facts, &format!("google_bigquery_table.visits/{column}")).value("masked").cloned();
        assert_eq!(of("id"), Some(Value::Bool(false)));
        of("email")
    };
    let policy = r#"
        resource "google_bigquery_datapolicy_data_policy" "p" {
          location         = "eu"
          data_policy_id   = "p"
          policy_tag       = google_data_catalog_policy_tag.high.name
          data_policy_type = "DATA_MASKING_POLICY"
          data_masking_policy { predefined_expression = "SHA256" }
        }"#;
    assert_eq!(masked("activated_policy_types = [\"FINE_GRAINED_ACCESS_CONTROL\"]", ""), Some(Value::Bool(true)));
    assert_eq!(masked("", policy), Some(Value::Bool(true)));
    assert_eq!(masked("activated_policy_types = []", ""), Some(Value::Bool(false)));
}
