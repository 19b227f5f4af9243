-- Column grants and views for tables that hold sensitive data. For review: nothing is applied.
-- A grant of a whole table becomes one of the columns that hold nothing sensitive; a view shows the rest masked. Whoever needs
-- a column in the clear gets it by name: GRANT SELECT (column) ON table TO role.
-- Classes found: {% for guard in guards %}{% if !loop.first %}, {% endif %}{{ guard.class }}{% endfor %}.
{% for table in tables %}
-- {{ table.name }}: {% for column in table.masked %}{% if !loop.first %}, {% endif %}{{ column.plain_name }} is {{ column.class }}{% endfor %}
CREATE OR REPLACE VIEW {{ table.name }}_masked AS
SELECT{% for column in table.plain %}{% if !loop.first %},{% endif %}
  {{ column }}{% endfor %}{% for column in table.masked %}{% if !loop.first || !table.plain.is_empty() %},{% endif %}
  {{ column.mask }} AS {{ column.name }}{% endfor %}
FROM {{ table.name }};
{%- for reader in table.readers %}
{%- if let Some(why) = reader.unfit %}
-- {{ reader.name }}: {{ why }}.
{%- endif %}
REVOKE SELECT ON {{ table.name }} FROM {{ reader.name }};
{%- if !table.plain.is_empty() %}
GRANT SELECT ({{ table.plain.join(", ") }}) ON {{ table.name }} TO {{ reader.name }};
{%- endif %}
{%- if reader.unfit.is_none() %}
GRANT SELECT ON {{ table.name }}_masked TO {{ reader.name }};
{%- endif %}
{%- endfor %}
{% endfor %}
