select {{ dbt_utils.star(from=ref('stg_customers'), except=['phone']) }}
from {{ ref('stg_customers') }}
