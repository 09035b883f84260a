{{ config(materialized='table', grants={'select': ['reporter', 'clerk'], 'update': 'clerk'}) }}
select customer_id, name from {{ ref('stg_customers') }}
