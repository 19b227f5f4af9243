-- Public statistics: counts alone.
UNLOAD ('SELECT left(postcode, 2) AS area, count(customer_id) AS customers FROM app.customers GROUP BY 1 HAVING count(customer_id) > 50')
TO 's3://medimail-open-data/customers_by_area_' IAM_ROLE 'arn:aws:iam::123456789012:role/unload';
