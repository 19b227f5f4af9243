select
    visit_id,
    mrn,
    ward,
    diagnosis_code,
    admitted_at,
    discharged_at
from {{ source('clinic', 'visits') }}
