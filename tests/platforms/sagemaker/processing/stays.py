"""A processing job in Spark: stays in hospital with their diagnoses."""
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from common.config import SETTINGS, uri


def main():
    spark = SparkSession.builder.appName("stays").getOrCreate()
    stays = spark.read.option("header", True).csv(uri(SETTINGS.buckets.raw, "stays"))
    codes = spark.read.parquet(uri(SETTINGS.buckets.raw, "codes"))
    joined = stays.alias("s").join(codes.alias("c"), F.col("s.code") == F.col("c.code"), "left").select(
        F.sha2(F.col("s.mrn"), 256).alias("patient_key"),
        F.col("s.admitted_at"),
        F.col("s.discharged_at"),
        F.col("c.diagnosis"),
    )
    joined.write.mode("overwrite").parquet(uri(SETTINGS.buckets.clean, "stays"))


if __name__ == "__main__":
    main()
