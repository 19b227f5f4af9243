-- Databricks notebook source
CREATE OR REPLACE TABLE insure.silver.claims
USING delta
COMMENT 'One row a claim'
AS
SELECT
  claim_id,
  driver_id,
  injury,
  amount,
  sha2(iban, 256) AS account_hash,
  date_trunc('MONTH', reported_at) AS month
FROM insure.bronze.claims
WHERE claim_id IS NOT NULL;

-- COMMAND ----------
CREATE OR REPLACE VIEW insure.silver.claims_by_driver AS
SELECT d.driver_id, d.email, c.injury, c.amount
FROM insure.silver.drivers d
JOIN insure.silver.claims c USING (driver_id);

-- COMMAND ----------
CREATE OR REPLACE TABLE insure.silver.injury_counts AS
SELECT month, count(injury) AS injuries, sum(amount) AS amount
FROM insure.silver.claims
GROUP BY month;
