CREATE OR REFRESH STREAMING TABLE insure.telematics.trips AS
SELECT trip_id, driver_id, floor(latitude * 10) / 10 AS latitude, floor(longitude * 10) / 10 AS longitude, speed
FROM STREAM(insure.bronze.telematics);

CREATE OR REFRESH MATERIALIZED VIEW insure.telematics.speeding AS
SELECT driver_id, max(speed) AS top_speed, count(latitude) AS points
FROM insure.telematics.trips
GROUP BY driver_id;
