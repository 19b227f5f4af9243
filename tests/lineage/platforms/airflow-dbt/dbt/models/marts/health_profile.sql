select
    {{ dbt_utils.generate_surrogate_key(['h.email']) }} as person_key,
    h.diagnosis_code,
    g.title as diagnosis_group
from {{ ref('int_customer_health') }} h
left join {{ ref('diagnosis_groups') }} g on h.diagnosis_code like g.prefix || '%'
