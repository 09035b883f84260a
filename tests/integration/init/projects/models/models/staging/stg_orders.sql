with source as (
    select * from {{ source('raw', 'orders') }}
),

renamed as (
    select
        id as order_id,
        user_id as customer_id,
        lower(status) as status,
        amount_cents / 100.0 as amount,
        cast(updated_at as timestamp) as updated_at
    from source
    where status in ('paid', 'refunded', 'open')
),

latest as (
    select *, row_number() over (partition by order_id order by updated_at desc) as version
    from renamed
)

select order_id, customer_id, status, amount, updated_at
from latest
where version = 1
