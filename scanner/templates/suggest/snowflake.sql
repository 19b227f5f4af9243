-- Masking and row-access policies for columns that hold sensitive data. For review: nothing is applied.
-- Whoever needs a class in the clear is granted its role; everybody else sees the mask. The masks are for text: a column of
-- another type needs a twin of its policy with that type.
{% for role in self::clear_roles(guards) %}
CREATE ROLE IF NOT EXISTS {{ role }};
{%- endfor %}
{% for guard in guards %}
-- {{ guard.class }}
CREATE MASKING POLICY IF NOT EXISTS mask_{{ guard.slug }} AS (val STRING) RETURNS STRING ->
  CASE WHEN IS_ROLE_IN_SESSION('{{ guard.clear|upper }}') THEN val ELSE {{ guard.mask }} END;
{% endfor %}
{%- for table in tables %}
{%- for column in table.masked %}
ALTER TABLE {{ table.name }} MODIFY COLUMN {{ column.name }} SET MASKING POLICY mask_{{ self::slug(column.class) }};
{%- endfor %}
{%- match table.row_key %}{% when Some with (key) %}
-- Rows of {{ table.name }} by {{ key }}: fill the entitlements with who may see which.
CREATE TABLE IF NOT EXISTS row_entitlements (role_name STRING, table_name STRING, key_value STRING);
CREATE ROW ACCESS POLICY IF NOT EXISTS rows_of_{{ table.slug }} AS (row_key STRING) RETURNS BOOLEAN ->
  EXISTS (SELECT 1 FROM row_entitlements e WHERE IS_ROLE_IN_SESSION(e.role_name) AND e.table_name = '{{ table.slug }}' AND e.key_value = row_key);
ALTER TABLE {{ table.name }} ADD ROW ACCESS POLICY rows_of_{{ table.slug }} ON ({{ key }});
{%- when None %}{% endmatch %}
{%- for reader in table.readers %}{% if let Some(why) = reader.unfit %}
-- {{ reader.name }}: {{ why }}.
REVOKE SELECT ON TABLE {{ table.name }} FROM ROLE {{ reader.name }};
{%- endif %}{% endfor %}
{% endfor %}
