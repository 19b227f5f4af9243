"""Reads the statements that `aedile suggest` writes with parsers that others wrote. Usage: statements.py FOLDER…

PostgreSQL's own grammar (pglast); grammars of Snowflake and Databricks (sqlfluff); HCL (python-hcl2); IAM policies held against
AWS's list of actions and resources (parliament).
"""

import json
import sys
from pathlib import Path

import hcl2
import parliament
import pglast
import sqlfluff


def postgres(text: str) -> None:
    assert pglast.parse_sql(text), "it holds no statement"


def dialect(name: str):
    def check(text: str) -> None:
        sqlfluff.parse(text, dialect=name)  # raises at what it cannot parse

    return check


def terraform(text: str) -> None:
    assert hcl2.loads(text).get("resource"), "it holds no resource"


def iam(text: str) -> None:
    said = parliament.analyze_policy_string(json.dumps(json.loads(text))).findings
    assert not said, [(finding.issue, finding.detail) for finding in said]


CHECKS = {
    "postgres.sql": postgres,
    "snowflake.sql": dialect("snowflake"),
    "databricks.sql": dialect("databricks"),
    "bigquery.tf": terraform,
    "lake-formation.tf": terraform,
}


def main() -> int:
    wrong, seen = 0, set()
    for path in sorted(path for folder in sys.argv[1:] for path in Path(folder).rglob("*") if path.is_file()):
        check = iam if path.parent.name == "iam" else CHECKS.get(path.name)
        if check is None:
            continue
        seen.add("iam" if check is iam else path.name)
        try:
            check(path.read_text())
            print(f"{path.name}: holds")
        except Exception as error:  # each file is told, not only the first
            wrong += 1
            print(f"{path.name}: {type(error).__name__}: {error}")
    missing = {*CHECKS, "iam"} - seen
    if missing:
        print(f"not checked, because not there: {', '.join(sorted(missing))}")
    return 1 if wrong or missing else 0


if __name__ == "__main__":
    sys.exit(main())
