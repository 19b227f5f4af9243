# Databricks notebook source
# MAGIC %pip install openai

# COMMAND ----------
from openai import OpenAI

client = OpenAI()
claims = spark.table("insure.bronze.claims").select("claim_id", "description", "injury").toPandas()

# COMMAND ----------
for row in claims.itertuples():
    client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": f"Summarise the claim: {row.description}. Injury: {row.injury}"}],
    )
