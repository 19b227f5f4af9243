"""Fits how often columns are what their evidence says, and writes rules/calibration.yaml.

    cargo build --workspace --example columns
    python tests/classification/calibrate.py           from the seed that rules are tuned on
    python tests/classification/calibrate.py --check   fails if the file is not what comes out

Isotonic regression by pooling adjacent violators (Ayer and others, 1955), over all labelled columns with a tag. One right and
one wrong column are added to each step, so that few columns never make certain; at most 99 percent are told. Points below 50
keep below 50, and those from 50 on do not fall below: what counts does not change.
"""

import argparse
import sys
from collections import defaultdict

from score import LEAST_CONFIDENCE, ROOT, decided, right

FILE = ROOT / "rules" / "calibration.yaml"


def counts(names_only):
    """Points → columns, right ones."""
    out = defaultdict(lambda: [0, 0])
    for column, decision in decided("tuning", "--points", names_only=names_only)[0]:
        if column["class"] == "?" or not decision["tags"]:
            continue
        # Nobody can tell a blind header without cells.
        if names_only and column["header"] == "blind":
            continue
        tag = decision["tags"][0]
        out[tag["confidence"]][0] += 1
        out[tag["confidence"]][1] += right(tag["class"], column["class"], column["header"])
    return out


def steps(counts):
    """(points, percent) of a monotone step function."""
    blocks = []
    for points in sorted(counts):
        blocks.append([points, *counts[points]])
        while len(blocks) > 1 and rate(blocks[-2]) >= rate(blocks[-1]):
            _, columns, hits = blocks.pop()
            blocks[-1][1] += columns
            blocks[-1][2] += hits
    for points, columns, hits in blocks:
        percent = min(int(100 * rate([points, columns, hits])), 99)
        low = points < LEAST_CONFIDENCE
        yield points, min(percent, LEAST_CONFIDENCE - 1) if low else max(percent, LEAST_CONFIDENCE), columns, hits


def rate(block):
    _, columns, hits = block
    return (hits + 1) / (columns + 2)


def parted(counts):
    """Those below the least confidence and the others are fitted apart, so that no step goes over it."""
    for part in (lambda points: points < LEAST_CONFIDENCE, lambda points: points >= LEAST_CONFIDENCE):
        yield from steps({points: count for points, count in counts.items() if part(points)})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    before = FILE.read_text(encoding="utf-8")
    lines = [line for line in before.splitlines() if line.startswith("#")]
    for name, names_only in (("with_values", False), ("name_only", True)):
        lines.append(f"{name}:")
        for points, percent, columns, hits in parted(counts(names_only)):
            lines.append(f"  - {{ points: {points}, right: {percent} }} # {hits} of {columns} columns")
    after = "\n".join(lines) + "\n"
    if check:
        sys.exit(after != before and f"{FILE} is not what the labelled columns give: run tests/classification/calibrate.py")
    FILE.write_text(after, encoding="utf-8")
    print(after)


if __name__ == "__main__":
    main()
