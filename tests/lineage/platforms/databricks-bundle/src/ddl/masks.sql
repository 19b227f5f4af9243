CREATE OR REPLACE FUNCTION insure.gov.mask_licence(licence STRING)
RETURNS STRING
RETURN CASE WHEN is_account_group_member('underwriters') THEN licence ELSE 'XXXX' END;

ALTER TABLE insure.bronze.drivers ALTER COLUMN licence_number SET MASK insure.gov.mask_licence;
ALTER TABLE insure.bronze.drivers ALTER COLUMN email SET TAGS ('class' = 'pii');
