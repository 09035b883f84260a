{{ config(materialized='view', grants={'select': ['reporter']}) }}
select customer_id, case when current_user = 'reporter' then '***' else name end as name from {{ ref('masked_customers') }}
