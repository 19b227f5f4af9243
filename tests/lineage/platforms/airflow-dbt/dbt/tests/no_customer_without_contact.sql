select customer_id from {{ ref('stg_customers') }} where email is null and phone is null
