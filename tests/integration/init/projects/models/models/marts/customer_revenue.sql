select
    customers.customer_id,
    customers.customer_name,
    coalesce(sum(case when orders.status = 'paid' then orders.amount else 0 end), 0) as revenue,
    count(distinct orders.order_id) as orders,
    current_date as built_on
from {{ ref('stg_customers') }} as customers
left join {{ ref('stg_orders') }} as orders on customers.customer_id = orders.customer_id
group by 1, 2
