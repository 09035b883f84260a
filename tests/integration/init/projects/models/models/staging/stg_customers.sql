with source as (
    select * from {{ source('raw', 'customers') }}
)

select
    id as customer_id,
    trim(name) as customer_name,
    signed_up
from source
where not is_test
