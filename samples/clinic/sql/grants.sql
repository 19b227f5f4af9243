-- Reporting tools read the visits; bed planning reads the wards.

GRANT SELECT ON clinic.visits TO reporting;
GRANT SELECT ON clinic.wards TO PUBLIC;

-- The kiosk in the entrance hall looks patients up without a login of its own.
GRANT SELECT ON clinic.patients TO PUBLIC;
