# Databricks notebook source
from pyspark.sql import functions as F

drivers = spark.table("insure.silver.drivers")
claims = spark.table("insure.silver.claims")

# COMMAND ----------
per_driver = claims.groupBy("driver_id").agg(F.count("claim_id").alias("claims"), F.max("injury").alias("injury"))
features = drivers.join(per_driver, "driver_id").select("driver_id", "birth_year", "postcode_area", "claims", "injury")
features.write.mode("overwrite").saveAsTable("insure.gold.driver_features")
