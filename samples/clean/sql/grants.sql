REVOKE ALL ON hospital.patients FROM PUBLIC;
REVOKE ALL ON hospital.visits FROM PUBLIC;

GRANT SELECT ON hospital.visits TO bed_planning;
GRANT SELECT ON hospital.patients TO admissions_office;
