from google.cloud import bigquery

client = bigquery.Client(project="bank-fraud")
SQL = """
CREATE OR REPLACE TABLE `bank-fraud.mart.features` AS
SELECT t.card_number AS card, count(*) AS n, avg(t.amount) AS mean_amount, max(t.merchant) AS a_merchant
FROM `bank-fraud.raw.transactions` AS t
GROUP BY t.card_number
"""
client.query(SQL).result()
