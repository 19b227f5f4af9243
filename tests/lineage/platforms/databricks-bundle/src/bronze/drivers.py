# Databricks notebook source
# MAGIC %md # Drivers, as the broker's system exports them

# COMMAND ----------
from pyspark.sql import functions as F

raw = spark.read.format("csv").option("header", True).load("abfss://landing@fleet.dfs.core.windows.net/drivers/")

# COMMAND ----------
drivers = raw.select("driver_id", "full_name", "email", "licence_number", "birth_date", "postcode")
drivers = drivers.withColumn("ingested_at", F.current_timestamp())
drivers.write.mode("append").saveAsTable("insure.bronze.drivers")
