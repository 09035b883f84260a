{{ config(materialized='view') }}
select
  id,
  current_date - cast(ordered_at as date) as days_ago,
  '{{ run_started_at.strftime("%Y-%m-%d %H:%M") }}' as started
from {{ source('raw', 'orders') }}
where ordered_at between current_timestamp - interval '2 days' and {{ dbt.current_timestamp() }}
order by id desc
