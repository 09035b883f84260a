{{ config(materialized='table' if var('as_table', true) else 'view') }}
select {{ "'" ~ env_var('SHOP_REGION', 'eu') ~ "'" }} as region, '{{ target.schema }}' as target_schema
