"""Paths of the platform, read from the configuration beside the code."""
import os

import yaml

with open("config/base.yaml") as file:
    CONFIG = yaml.safe_load(file)

LANDING = CONFIG["landing"]
LAKE = CONFIG["lake"]
MART = os.getenv("SHOP_MART", CONFIG["mart"])


def landing(table: str) -> str:
    return f"{LANDING}/{CONFIG['tables'][table]}"


def lake(table: str) -> str:
    return f"{LAKE}/{table}.parquet"
