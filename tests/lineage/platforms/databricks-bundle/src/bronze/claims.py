# Databricks notebook source
claims = spark.read.format("json").load("abfss://landing@fleet.dfs.core.windows.net/claims/")
claims = claims.select("claim_id", "driver_id", "injury", "description", "amount", "iban", "reported_at")
claims.write.format("delta").mode("append").saveAsTable("insure.bronze.claims")
