select email as contact, 'customer' as kind from {{ ref('stg_customers') }}
union all
select phone, 'customer' from {{ ref('stg_customers') }}
