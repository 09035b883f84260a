{#- A text, a value, a query's rows, and what only a model knows. -#}
{% macro cents(column, scale=2) -%}
  ({{ column }} / 100)::numeric(16, {{ scale }})
{%- endmacro %}

{% macro as_given(value) %}{{ return(value) }}{% endmacro %}

{% macro statuses(relation) %}
  {% if execute %}
    {{ return(run_query("select distinct status, 1.5 as half, date '2026-01-02' as day from " ~ relation ~ " order by 1")) }}
  {% endif %}
{% endmacro %}

{% macro since(column) -%}
  {% if is_incremental() %}{{ column }} > (select max({{ column }}) from {{ this.identifier }}){% else %}true{% endif %}
{%- endmacro %}

{% macro must_be_positive(number) -%}
  {% if number <= 0 %}{{ exceptions.raise_compiler_error("not positive: " ~ number) }}{% endif %}{{ number }}
{%- endmacro %}

{% macro only_when_run() %}{{ return(execute) }}{% endmacro %}

{% macro least() %}{{ return(var("least", 1)) }}{% endmacro %}

{% macro makes_elsewhere() %}{% do run_query("create table elsewhere_of_nobody.t (a int)") %}{% endmacro %}

{% macro today() %}{{ modules.datetime.date.today() }}{% endmacro %}

{% macro of_that_name(name) %}{{ return(name) }}{% endmacro %}

{% macro values_by_column(query) %}
  {% set found = {} %}
  {% if execute %}
    {% set table = run_query(query) %}
    {% for name in table.column_names %}{% do found.update({name: table.columns[name].values()}) %}{% endfor %}
  {% endif %}
  {{ return(found) }}
{% endmacro %}

{% macro found_in(query, relation) %}
  {% if execute %}{{ return({"tables": [run_query(query), run_query(query)], "at": {"orders": [relation, [relation]]}}) }}{% endif %}
{% endmacro %}

{% macro local_hour() %}{{ modules.datetime.datetime.now().strftime("%d %H") }}{% endmacro %}
