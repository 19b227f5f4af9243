{# A pseudonym of one column. #}
{% macro pseudonym(column, bits=none) -%}
  sha2(lower(trim({{ column }})), {{ bits or var('hash_bits', 256) }})
{%- endmacro %}
