"""Ends the workflow where the fraud model is not good enough."""
import json
import sys

with open("report/metrics.json") as file:
    metrics = json.load(file)
if metrics["f1"] < 0.7:
    sys.exit("the fraud model is not good enough")
