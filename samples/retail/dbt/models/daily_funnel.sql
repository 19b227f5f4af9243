{{ config(materialized='incremental', unique_key='day') }}

select
    date(occurred_at) as day,
    event,
    count(*) as events
from {{ source('marketing', 'events') }}
{% if is_incremental() %}
where occurred_at >= date_sub(current_date(), interval 2 day)
{% endif %}
group by 1, 2
