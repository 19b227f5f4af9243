select
    prescription_id,
    customer_id,
    drug_code,
    diagnosis_code,
    issued_on
from {{ source('app', 'prescriptions') }}
where issued_on is not null
