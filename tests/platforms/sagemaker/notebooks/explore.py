# Databricks notebook source
import pandas as pd
stays = pd.read_parquet("s3://hospital-clean/stays")

# COMMAND ----------

display(stays[["diagnosis"]].value_counts())
