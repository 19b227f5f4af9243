{{ config(materialized='table') }}

select
    v.ward,
    count(*) as visits,
    avg(p.age_years) as mean_age
from {{ ref('stg_visits') }} v
join {{ ref('stg_patients') }} p on p.mrn = v.mrn
group by v.ward
