"""Ends the workflow where the limit model is not good enough."""
import json
import sys

with open("report/metrics.json") as file:
    metrics = json.load(file)
if metrics["gini"] < 0.4:
    sys.exit("the limit model is not good enough")
