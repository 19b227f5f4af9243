{% macro area(column, digits=2) %}left({{ column }}, {{ digits }}){% endmacro %}
