"""Left from a debugging session."""
import pandas as pd

df = pd.read_csv("s3://hospital-raw/patients/patients.csv")
print(df[["name", "mrn"]].head())
df.to_csv("/tmp/patients_debug.csv")
