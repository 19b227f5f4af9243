{{ config(materialized='incremental', unique_key='order_id') }}

select order_id, customer_id, iban, total_cents / 100.0 as total, ordered_at
from {{ source('app', 'orders') }}
{% if is_incremental() %}
where ordered_at > (select max(ordered_at) from {{ this }})
{% endif %}
