select customer_id, iban, total, ordered_at,
       row_number() over (partition by customer_id order by ordered_at desc) as recency
from {{ ref('stg_orders') }}
qualify recency <= 10
