select
    order_id,
    customer_id,
    cast(ordered_at as timestamp) as ordered_at,
    cast(ordered_at as date) as ordered_on,
    upper(currency) as currency,
    status
from {{ source('raw', 'orders') }}
