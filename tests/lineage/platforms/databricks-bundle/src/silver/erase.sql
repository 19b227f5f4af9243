-- A driver's request to be forgotten.
DELETE FROM insure.silver.drivers WHERE driver_id IN (SELECT driver_id FROM insure.gov.erasure_requests);
DELETE FROM insure.silver.claims WHERE driver_id IN (SELECT driver_id FROM insure.gov.erasure_requests);
