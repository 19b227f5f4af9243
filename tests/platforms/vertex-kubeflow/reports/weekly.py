"""The weekly report, a workbook on the share."""
import pandas as pd

from lib.conf import table

with pd.ExcelWriter("/mnt/share/fraud/weekly.xlsx") as writer:
    cases = pd.read_gbq("SELECT case_id, customer_name, amount FROM `bank-fraud.mart.cases`")
    cases.to_excel(writer, sheet_name="cases")
    cases.groupby("customer_name")["amount"].sum().to_excel(writer, sheet_name="sums")
