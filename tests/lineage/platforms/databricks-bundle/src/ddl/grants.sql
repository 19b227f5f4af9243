GRANT SELECT ON TABLE insure.gold.driver_features TO `data-scientists`;
GRANT SELECT ON TABLE insure.silver.claims TO `claims-team`;
