select
    ward,
    admitted_at,
    discharged_at
from {{ source('hospital', 'visits') }}
