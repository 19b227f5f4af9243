from feast import FileSource

weekly = FileSource(name="weekly", path="s3://shop-lake/weekly_spend.parquet", timestamp_field="week")
profile = FileSource(name="profile", path="s3://shop-lake/users.parquet", timestamp_field="updated_at")
