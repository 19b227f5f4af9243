MERGE INTO insure.silver.drivers AS t
USING (
  SELECT driver_id, full_name, lower(email) AS email, licence_number, birth_date, postcode
  FROM insure.bronze.drivers
  QUALIFY row_number() OVER (PARTITION BY driver_id ORDER BY ingested_at DESC) = 1
) AS s
ON t.driver_id = s.driver_id
WHEN MATCHED THEN UPDATE SET
  full_name = s.full_name,
  email = s.email,
  licence_hash = sha2(s.licence_number, 256),
  birth_year = year(s.birth_date),
  postcode_area = left(s.postcode, 2)
WHEN NOT MATCHED THEN INSERT (driver_id, full_name, email, licence_hash, birth_year, postcode_area)
VALUES (s.driver_id, s.full_name, s.email, sha2(s.licence_number, 256), year(s.birth_date), left(s.postcode, 2));
