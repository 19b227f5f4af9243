select
    entry_no,
    mrn,
    ward,
    diagnosis_code,
    started_at,
    ended_at
from {{ source('clinic', 'visits') }}
