# Databricks notebook source
from pyspark.sql.functions import col, sha2

drivers = spark.table("insure.silver.drivers")
shared = drivers.select(sha2(col("email"), 256).alias("email_hash"), "postcode_area")
shared.write.mode("overwrite").parquet("abfss://partner@fleetshare.dfs.core.windows.net/drivers/")
