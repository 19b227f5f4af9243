"""Writes the saved notebooks of the samples from their synthetic data, the same bytes on every run.

    python samples/make/notebook.py        # after data.py; needs pyarrow
"""

import csv
import html
import json
from pathlib import Path

import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent


def table(rows):
    """The HTML that a data frame shows in a notebook."""
    head = "".join(f"      <th>{html.escape(name)}</th>\n" for name in rows[0])
    body = ""
    for number, row in enumerate(rows):
        cells = "".join(f"      <td>{html.escape(str(value))}</td>\n" for value in row.values())
        body += f"    <tr>\n      <th>{number}</th>\n{cells}    </tr>\n"
    return (
        '<div>\n<table border="1" class="dataframe">\n  <thead>\n    <tr style="text-align: right;">\n'
        f"      <th></th>\n{head}    </tr>\n  </thead>\n  <tbody>\n{body}  </tbody>\n</table>\n</div>"
    )


def lines(text):
    return text.splitlines(keepends=True)


def markdown(name, text):
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": lines(text)}


def code(name, count, text, *outputs):
    return {"cell_type": "code", "execution_count": count, "id": name, "metadata": {}, "outputs": list(outputs), "source": lines(text)}


def shown(count, plain, rich=None):
    data = {"text/plain": lines(plain)}
    if rich:
        data["text/html"] = lines(rich)
    return {"data": data, "execution_count": count, "metadata": {}, "output_type": "execute_result"}


def write(path, cells):
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "version": "3.11.9"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def joined(folder, count):
    patients = {row["mrn"]: row for row in csv.DictReader((folder / "data/patients.csv").open(encoding="utf-8"))}
    for visit in pq.read_table(folder / "data/visits.parquet").to_pylist()[:count]:
        who = patients[visit["mrn"]]
        yield {
            "entry_no": visit["entry_no"],
            "mrn": visit["mrn"],
            "birth_date": who["birth_date"],
            "sex": who["sex"],
            "postcode": who["postcode"],
            "city": who["city"],
            "ward": visit["ward"],
            "diagnosis_code": visit["diagnosis_code"],
            "nights": visit["nights"],
        }


def clinic(folder):
    rows = list(joined(folder, 12))
    plain = "\n".join("  ".join(str(value) for value in row.values()) for row in rows)
    write(folder / "notebooks/cohort_exploration.ipynb", [
        markdown("intro", "# Who comes back within thirty days?\n\nFirst look at the curated table."),
        code("load", 1, 'import pandas as pd\n\ncohort = pd.read_parquet("s3://clinic-lake-curated/patients.parquet")'),
        code("look", 2, "cohort.head(12)", shown(2, plain, table(rows))),
        code("stay", 3, 'cohort["nights"].mean()', shown(3, "7.36")),
    ])


def clean(folder):
    write(folder / "notebooks/stay_by_ward.ipynb", [
        markdown("intro", "# Length of stay by ward\n\nOutputs are stripped before commit, all but aggregates."),
        code("load", None, 'import pandas as pd\n\nvisits = pd.read_parquet("s3://northview-lake-curated/visits.parquet", columns=["ward", "nights"])'),
        code("mean", None, 'visits.groupby("ward")["nights"].mean()'),
    ])


if __name__ == "__main__":
    clinic(ROOT / "clinic")
    clean(ROOT / "clean")
