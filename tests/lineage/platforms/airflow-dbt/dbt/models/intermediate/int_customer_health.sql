select
    c.customer_id,
    c.email,
    p.diagnosis_code,
    count(*) as prescriptions
from {{ ref('stg_customers') }} c
join {{ ref('stg_prescriptions') }} p on p.customer_id = c.customer_id
group by 1, 2, 3
