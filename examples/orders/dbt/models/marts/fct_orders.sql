{{ config(materialized='incremental', unique_key='order_id') }}

select
    orders.order_id,
    orders.customer_id,
    orders.ordered_at,
    orders.ordered_on,
    orders.currency,
    orders.status,
    totals.pieces,
    totals.amount
from {{ ref('stg_orders') }} as orders
inner join {{ ref('int_order_totals') }} as totals on orders.order_id = totals.order_id
{% if is_incremental() %}
-- Orders may change on the day they were made, and not after it.
where orders.ordered_on >= (select max(ordered_on) from {{ this }})
{% endif %}
