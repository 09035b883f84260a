select
    customers.customer_id,
    customers.name,
    coalesce(sum(paid.amount), 0) as revenue
from {{ ref('stg_customers') }} as customers
left join {{ ref('int_paid_orders') }} as paid on paid.customer_id = customers.customer_id
group by customers.customer_id, customers.name
