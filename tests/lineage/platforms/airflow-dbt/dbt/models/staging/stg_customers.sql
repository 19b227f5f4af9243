with source as (

    select * from {{ source('app', 'customers') }}

)

select
    customer_id,
    full_name as customer_name,
    {% for column in var('staged_contacts') %}
    {{ column }},
    {% endfor %}
    birth_date,
    postcode,
    country
from source
