{% snapshot customers_history %}
{{ config(target_schema='history', unique_key='customer_id', strategy='check', check_cols=['email']) }}
select customer_id, email, street, postcode from {{ source('app', 'customers') }}
{% endsnapshot %}
