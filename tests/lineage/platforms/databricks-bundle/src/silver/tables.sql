CREATE TABLE IF NOT EXISTS insure.silver.drivers (
  driver_id BIGINT,
  full_name STRING,
  email STRING,
  licence_hash STRING,
  birth_year INT,
  postcode_area STRING
) USING delta;
