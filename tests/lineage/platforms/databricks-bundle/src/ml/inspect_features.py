"""A look at the features, kept in the job's log."""

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.table("insure.silver.drivers").select("full_name", "birth_year").show(20)
