select
    orders.ordered_on,
    orders.currency,
    coalesce(products.category, 'unknown') as category,
    count(distinct orders.order_id) as orders,
    cast(sum(lines.quantity * lines.unit_price) as numeric(12, 2)) as revenue
from {{ ref('fct_orders') }} as orders
inner join {{ ref('stg_order_lines') }} as lines on orders.order_id = lines.order_id
left join {{ ref('products') }} as products on lines.sku = products.sku
where orders.status = 'fulfilled'
group by 1, 2, 3
