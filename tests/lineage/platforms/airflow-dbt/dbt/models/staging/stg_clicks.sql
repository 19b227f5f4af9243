select
    click_id,
    {{ pseudonym('email') }} as email_hash,
    regexp_replace(ip_address, '[0-9]+$', '0') as ip_network,
    clicked_at
from {{ source('web', 'clicks') }}
