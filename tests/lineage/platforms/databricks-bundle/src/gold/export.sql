INSERT OVERWRITE DIRECTORY 'abfss://exports@fleet.dfs.core.windows.net/contacts'
USING csv
SELECT full_name, email FROM insure.gold.contact_list;
