select date_trunc('month', ordered_at) as month, sum(total) as revenue, count(distinct iban) as accounts
from {{ ref('int_customer_orders') }}
group by 1
