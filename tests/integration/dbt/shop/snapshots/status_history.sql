{% snapshot status_history %}
{{ config(target_schema='history', unique_key='id', strategy='check', check_cols=['status']) }}
select id, status from {{ source('raw', 'orders') }}
{% endsnapshot %}
