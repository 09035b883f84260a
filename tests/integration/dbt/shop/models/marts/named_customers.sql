{#- Grants end the build on DuckDB with dbt 2. -#}
{{ config(materialized='view', grants={'select': ['reporter']} if dbt_version.startswith('1.') else {}) }}
select customer_id, case when current_user = 'reporter' then '***' else name end as name from {{ ref('masked_customers') }}
