select email as contact, 'ticket' as kind from {{ source('landing', 'tickets') }}
