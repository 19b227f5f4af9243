# Policy tags for columns that hold sensitive data, with what others than their readers see. For review: nothing is applied.
# Put the `policyTags` below into the schemas of the tables. Whoever needs a class in the clear gets
# roles/datacatalog.categoryFineGrainedReader on its tag.

variable "project" { type = string }
variable "location" { type = string }

resource "google_data_catalog_taxonomy" "sensitive" {
  project                = var.project
  region                 = var.location
  display_name           = "sensitive data"
  activated_policy_types = ["FINE_GRAINED_ACCESS_CONTROL"]
}
{% for guard in guards %}
resource "google_data_catalog_policy_tag" "{{ guard.slug }}" {
  taxonomy     = google_data_catalog_taxonomy.sensitive.id
  display_name = "{{ self::hcl(guard.class) }}"
}

resource "google_bigquery_datapolicy_data_policy" "{{ guard.slug }}" {
  project          = var.project
  location         = var.location
  data_policy_id   = "mask_{{ guard.slug }}"
  policy_tag       = google_data_catalog_policy_tag.{{ guard.slug }}.name
  data_policy_type = "DATA_MASKING_POLICY"
  data_masking_policy {
    predefined_expression = "{{ guard.mask }}"
  }
}
{% endfor %}
# Columns, for the `schema` of each table:
locals {
  policy_tags = {
{%- for table in tables %}
    "{{ self::hcl(table.parts.join(".")) }}" = {
{%- for column in table.masked %}
      "{{ self::hcl(column.plain_name) }}" = google_data_catalog_policy_tag.{{ self::slug(column.class) }}.name
{%- endfor %}
    }
{%- endfor %}
  }
}
{%- for table in tables %}{% for reader in table.readers %}{% if let Some(why) = reader.unfit %}
# {{ table.parts.join(".") }}, {{ reader.name }}: {{ why }}.
{%- endif %}{% endfor %}{% endfor %}
{%- for table in tables %}{% match table.row_key %}{% when Some with (key) %}
# Rows by {{ key }}:
#   CREATE ROW ACCESS POLICY rows_of_{{ table.slug }} ON {{ table.name }}
#   GRANT TO ("group:…") FILTER USING ({{ key }} = "…");
{%- when None %}{% endmatch %}{% endfor %}
