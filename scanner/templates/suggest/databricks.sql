-- Column masks and row filters of Unity Catalog for columns that hold sensitive data. For review: nothing is applied.
-- Whoever needs a class in the clear becomes a member of its account group; everybody else sees the mask. The masks are for
-- text: a column of another type needs a twin of its function with that type.
{% for guard in guards %}
-- {{ guard.class }}
CREATE FUNCTION IF NOT EXISTS mask_{{ guard.slug }}(val STRING) RETURNS STRING
  RETURN CASE WHEN is_account_group_member('{{ guard.clear }}') THEN val ELSE {{ guard.mask }} END;
{% endfor %}
{%- for table in tables %}
{%- for column in table.masked %}
ALTER TABLE {{ table.name }} ALTER COLUMN {{ column.name }} SET MASK mask_{{ self::slug(column.class) }};
{%- endfor %}
{%- match table.row_key %}{% when Some with (key) %}
-- Rows of {{ table.name }} by {{ key }}: a group for every value, named after it.
CREATE FUNCTION IF NOT EXISTS rows_of_{{ table.slug }}(row_key STRING) RETURNS BOOLEAN
  RETURN is_account_group_member(concat('rows_', lower(row_key)));
ALTER TABLE {{ table.name }} SET ROW FILTER rows_of_{{ table.slug }} ON ({{ key }});
{%- when None %}{% endmatch %}
{%- for reader in table.readers %}{% if let Some(why) = reader.unfit %}
-- {{ reader.name }}: {{ why }}.
REVOKE SELECT ON TABLE {{ table.name }} FROM {% if reader.name == "PUBLIC" %}`account users`{% else %}{{ reader.name }}{% endif %};
{%- endif %}{% endfor %}
{% endfor %}
