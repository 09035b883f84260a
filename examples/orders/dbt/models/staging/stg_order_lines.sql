select
    order_id,
    sku,
    quantity,
    cast(unit_price_cents as numeric(12, 2)) / 100 as unit_price
from {{ source('raw', 'order_lines') }}
