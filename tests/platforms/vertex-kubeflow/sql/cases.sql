CREATE TABLE `bank-fraud.mart.cases` (case_id STRING, customer_name STRING, amount NUMERIC);
