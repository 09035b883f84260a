{#- Grants end the build on DuckDB with dbt 2. -#}
{{ config(materialized='table', grants={'select': ['reporter', 'clerk'], 'update': 'clerk'} if dbt_version.startswith('1.') else {}) }}
select customer_id, name from {{ ref('stg_customers') }}
