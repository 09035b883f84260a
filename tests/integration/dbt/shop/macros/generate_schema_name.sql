{#- What many projects do: in production a custom schema is the whole name. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {%- if custom_schema_name is none -%} {{ target.schema }}
  {%- elif custom_schema_name == 'marketing' -%} marketing
  {%- else -%} {{ target.schema }}_{{ custom_schema_name }}
  {%- endif -%}
{%- endmacro %}
