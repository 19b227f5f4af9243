{{ dbt_utils.union_relations(relations=[ref('contact_customers'), ref('contact_tickets')]) }}
