{#- Writes orders as the pipeline has them to the raw tables; an order that is there already is replaced. -#}
{% macro land_orders(orders) %}
  {% set raw = adapter.quote(var('raw_schema', 'raw')) %}
  {% set heads, lines, ids = [], [], [] %}
  {% for order in orders %}
    {% do ids.append(quoted(order.order_id)) %}
    {% do heads.append(row([order.order_id, order.customer_id, order.ordered_at, order.currency, order.status])) %}
    {% for line in order.lines %}
      {% do lines.append(row([order.order_id, line.sku, line.quantity, line.unit_price_cents])) %}
    {% endfor %}
  {% endfor %}
  {% set statements %}
    begin;
    create schema if not exists {{ raw }};
    create table if not exists {{ raw }}.orders (
      order_id varchar(20), customer_id varchar(40), ordered_at timestamp, currency varchar(3), status varchar(20)
    );
    create table if not exists {{ raw }}.order_lines (
      order_id varchar(20), sku varchar(40), quantity integer, unit_price_cents integer
    );
    {% if ids %}
    delete from {{ raw }}.order_lines where order_id in ({{ ids | join(', ') }});
    delete from {{ raw }}.orders where order_id in ({{ ids | join(', ') }});
    insert into {{ raw }}.orders values {{ heads | join(', ') }};
    insert into {{ raw }}.order_lines values {{ lines | join(', ') }};
    {% endif %}
    commit;
  {% endset %}
  {% do run_query(statements) %}
{% endmacro %}

{% macro quoted(value) -%}
  {{ value if value is number else dbt.string_literal(dbt.escape_single_quotes(value)) }}
{%- endmacro %}

{% macro row(values) -%}
  ({% for value in values %}{{ quoted(value) }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
