"""Last and mean laboratory value for each patient and code, for the curated zone."""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

RAW = "s3://clinic-lake-raw"
CURATED = "s3://clinic-lake-curated"


def main() -> None:
    spark = SparkSession.builder.appName("lab-features").getOrCreate()
    labs = spark.read.parquet(f"{RAW}/lab_results.parquet")
    features = (
        labs.where(F.col("lab_value").isNotNull())
        .groupBy("mrn", "loinc_code")
        .agg(F.max("taken_at").alias("last_taken_at"), F.avg("lab_value").alias("mean_lab_value"))
    )
    features.write.mode("overwrite").parquet(f"{CURATED}/lab_features")
    spark.stop()


if __name__ == "__main__":
    main()
