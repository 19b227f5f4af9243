select
    ward,
    started_at,
    ended_at
from {{ source('hospital', 'visits') }}
