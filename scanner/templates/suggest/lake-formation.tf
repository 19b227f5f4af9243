# LF-tags for columns that hold sensitive data. For review: nothing is applied.
# Grants go by tag: a principal gets the tables of a database for `sensitivity = none`, and a class by its own value.

resource "aws_lakeformation_lf_tag" "sensitivity" {
  key    = "sensitivity"
  values = ["none"{% for guard in guards %}, "{{ self::hcl(guard.class) }}"{% endfor %}]
}
{% for table in tables %}
# {{ table.parts.join(".") }}: `none`, but for the columns below.
resource "aws_lakeformation_resource_lf_tags" "{{ table.slug }}" {
  table {
    database_name = "{{ self::hcl(table.database()) }}"
    name          = "{{ self::hcl(table.last()) }}"
  }
  lf_tag {
    key   = aws_lakeformation_lf_tag.sensitivity.key
    value = "none"
  }
}
{% for column in table.masked %}
resource "aws_lakeformation_resource_lf_tags" "{{ table.slug }}_{{ self::slug(column.plain_name) }}" {
  table_with_columns {
    database_name = "{{ self::hcl(table.database()) }}"
    name          = "{{ self::hcl(table.last()) }}"
    column_names  = ["{{ self::hcl(column.plain_name) }}"]
  }
  lf_tag {
    key   = aws_lakeformation_lf_tag.sensitivity.key
    value = "{{ self::hcl(column.class) }}"
  }
}
{% endfor %}{% for reader in table.readers %}{% if reader.unfit.is_none() %}
# {{ reader.name }} keeps the columns that hold nothing sensitive, in whatever is tagged so.
resource "aws_lakeformation_permissions" "{{ table.slug }}_{{ self::slug(reader.name) }}" {
  principal   = "{{ self::hcl(reader.name) }}"
  permissions = ["SELECT"]
  lf_tag_policy {
    resource_type = "TABLE"
    expression {
      key    = aws_lakeformation_lf_tag.sensitivity.key
      values = ["none"]
    }
  }
}
{% endif %}{% endfor %}{% endfor %}
