select
    mrn,
    birth_date,
    sex,
    date_part('year', age(birth_date)) as age_years
from {{ source('clinic', 'patients') }}
