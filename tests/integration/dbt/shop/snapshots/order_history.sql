{% snapshot order_history %}
{{ config(unique_key='id', strategy='check', check_cols=['status'], target_schema='history') }}
select id, status from {{ source('raw', 'orders') }}
{% endsnapshot %}
