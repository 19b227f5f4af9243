CREATE OR REPLACE VIEW insure.gold.broker_view AS
SELECT * EXCEPT (email, injury) FROM insure.silver.claims_by_driver;

CREATE OR REPLACE VIEW insure.gold.contact_list AS
SELECT driver_id, full_name, email FROM insure.silver.drivers WHERE email IS NOT NULL;
