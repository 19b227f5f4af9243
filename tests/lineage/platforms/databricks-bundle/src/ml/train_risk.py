import mlflow
from pyspark.sql import SparkSession
from sklearn.linear_model import LogisticRegression

spark = SparkSession.builder.getOrCreate()

features = spark.table("insure.gold.driver_features").toPandas()
X = features[["birth_year", "postcode_area", "claims"]]
y = features["injury"]

with mlflow.start_run():
    model = LogisticRegression()
    model.fit(X, y)
