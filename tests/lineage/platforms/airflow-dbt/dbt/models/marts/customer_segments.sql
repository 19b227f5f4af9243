{{ config(grants={'select': ['partner_exporter']}) }}

select
    {{ pseudonym('email', bits=512) }} as email_hash,
    {{ area('postcode') }} as postcode_area,
    case when country = 'DE' then 'domestic' else 'abroad' end as segment
from {{ ref('stg_customers') }}
