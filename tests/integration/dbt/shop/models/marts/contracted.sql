select customer_id, {{ var('contracted', 'name') }} as name from {{ ref('stg_customers') }}
