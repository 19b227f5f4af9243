# Databricks notebook source
trips = spark.read.parquet("abfss://landing@fleet.dfs.core.windows.net/telematics/")
trips.select("trip_id", "driver_id", "latitude", "longitude", "speed", "recorded_at").write.mode("append").saveAsTable("insure.bronze.telematics")
