select * from {{ ref('stg_customers') }} where name = ''
