-- Databricks notebook source
CREATE TABLE IF NOT EXISTS insure.bronze.drivers (
  driver_id BIGINT,
  full_name STRING,
  email STRING,
  licence_number STRING,
  birth_date DATE,
  postcode STRING,
  ingested_at TIMESTAMP
) USING delta;

-- COMMAND ----------
CREATE TABLE IF NOT EXISTS insure.bronze.claims (
  claim_id BIGINT,
  driver_id BIGINT,
  injury STRING,
  description STRING,
  amount DECIMAL(12, 2),
  iban STRING,
  reported_at TIMESTAMP
) USING delta;

-- COMMAND ----------
CREATE TABLE IF NOT EXISTS insure.bronze.telematics (
  trip_id STRING,
  driver_id BIGINT,
  latitude DOUBLE,
  longitude DOUBLE,
  speed DOUBLE,
  recorded_at TIMESTAMP
) USING delta;
