-- The accountants get amounts and the account that paid.
UNLOAD ('SELECT order_id, iban, total_cents FROM app.orders WHERE ordered_at > current_date - 31')
TO 's3://medimail-finance/orders_' IAM_ROLE 'arn:aws:iam::123456789012:role/unload' FORMAT AS PARQUET;
