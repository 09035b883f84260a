select
    order_id,
    sum(quantity) as pieces,
    cast(sum(quantity * unit_price) as numeric(12, 2)) as amount
from {{ ref('stg_order_lines') }}
group by order_id
