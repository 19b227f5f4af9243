select
    ward,
    date_trunc('month', started_at) as month,
    count(*) as visits
from {{ ref('stg_visits') }}
group by 1, 2
having count(*) >= 10
