"""The yearly refit: nothing measures it anywhere."""
import joblib
import pandas as pd
from lightgbm import LGBMClassifier

loans = pd.read_parquet("s3://lend-mart/loans.parquet", columns=["income", "birth_date", "defaulted"])
refit = LGBMClassifier()
refit.fit(loans[["income", "birth_date"]], loans["defaulted"])
joblib.dump(refit, "s3://lend-models/refit/model.joblib")
