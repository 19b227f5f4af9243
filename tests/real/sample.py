#!/usr/bin/env python3
"""Scans code that nobody here wrote, and draws what a person then judges.

    python3 tests/real/sample.py FOLDER AEDILE [--seed N] [--only NAME]

Downloads the packages of PACKAGES with `pip download` (nothing of them is installed or run) into FOLDER, unpacks them, scans
each with the binary AEDILE, and prints for each: files of Python and notebooks, how many were read whole, the gaps by kind and
message, and the seconds taken. Then it draws a hundred of all findings and flows with the given seed (4 if none is given),
with place and line, as a table in Markdown. What was judged of such a draw stands in docs/lineage-review.md.
"""

import argparse
import collections
import json
import pathlib
import random
import subprocess
import time
import zipfile

PACKAGES = [
    "apache-airflow-core==3.3.2",
    "apache-airflow-providers-amazon==9.39.0",
    "apache-airflow-providers-google==22.8.0",
    "apache-airflow-providers-snowflake==6.20.0",
    "dagster==1.13.29",
    "dbt-core==1.12.6",
    "feast==0.67.0",
    "kfp==2.17.3",
    "mlflow==3.18.0",
    "zenml==0.98.0",
]
DRAW = 100


def download(folder):
    """Unpacks every package below `folder`; gives (name, folder of its sources)."""
    wheels, sources = folder / "wheels", folder / "sources"
    for package in PACKAGES:
        name = package.split("==")[0].replace("-", "_")
        target = sources / name
        if not target.is_dir():
            command = ["pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(wheels), package]
            subprocess.run(command, check=True)
            wheel = next(wheels.glob(f"{name}-*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(target)
        yield name, target


def scan(aedile, folder):
    """The run of scanning `folder`, and the seconds it took."""
    started = time.monotonic()
    command = [aedile, "scan", ".", "--as-of", "2026-11-01", "--ledger", "none", "--format", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return json.loads(done.stdout), time.monotonic() - started


def at(folder, place):
    """`path:line` and the line's text."""
    if not place:
        return "", ""
    path, line = place["path"], place["start"]["line"] if place.get("start") else 1
    try:
        text = (folder / path).read_text(errors="replace").splitlines()[line - 1].strip()
    except (OSError, IndexError):
        text = ""
    return f"{path}:{line}", text[:110]


def edges(run):
    """Every movement of data of the run, in words."""
    for relation in run["relations"]:
        flow = relation.get("flow")
        if relation["kind"] in ("reads", "writes", "sends-to", "trains", "derived-from") and flow:
            columns = ", ".join(f"{name}:{rung}" for name, rung in flow.get("protections", {}).items())
            what = columns or flow["columns"]
            yield f"{relation['from']} {relation['kind']} {relation['to']} [{what}]", relation.get("place")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("aedile")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--only")
    arguments = parser.parse_args()
    drawn, total, broken = [], 0, 0
    for name, folder in download(arguments.folder):
        if arguments.only not in (None, name):
            continue
        run, seconds = scan(arguments.aedile, folder)
        code = [path for path in folder.rglob("*") if path.suffix in (".py", ".ipynb") and path.is_file()]
        names = {str(path.relative_to(folder)) for path in code}
        gaps = [gap for gap in run["coverage"]["gaps"] if gap["place"]["path"] in names]
        not_whole = {gap["place"]["path"] for gap in gaps if gap["kind"] in ("unparsed", "limit", "unreadable", "unsupported")}
        total, broken = total + len(code), broken + len(not_whole)
        print(f"{name}: {len(code)} files, {len(code) - len(not_whole)} read whole, {seconds:.1f} s")
        for (kind, message), count in collections.Counter((gap["kind"], gap["message"]) for gap in gaps).most_common(8):
            print(f"    {count:5} {kind}: {message[:100]}")
        for finding in run["findings"]:
            places = finding.get("places") or [None]
            drawn.append((name, f"finding {finding['policy']} ({finding['verdict']}) {finding['asset']['address']}", *at(folder, places[0])))
        for words, place in edges(run):
            drawn.append((name, f"edge {words}", *at(folder, place)))
    print(f"\n{total} files, {100 * (total - broken) / max(total, 1):.2f} % read whole; {len(drawn)} findings and edges\n")
    random.Random(arguments.seed).shuffle(drawn)
    print("| package | what | place | line |\n|---|---|---|---|")
    for row in drawn[:DRAW]:
        print("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |")


if __name__ == "__main__":
    main()
