#!/usr/bin/env python3
"""Holds what aedile renders of charts against what Helm renders of them.

    python3 tests/real/charts.py CHARTS HELM [--show N]

CHARTS is a folder of charts (one folder each, named as it should be called), HELM the program `helm`. For each chart both
render it with its own values, as release `release-name` in the namespace `release-namespace` of a Kubernetes 1.31, and the
documents are compared as data: those of the same kind, name and namespace, in order. Printed are, for each chart, how many
documents Helm gives and how many of them are the same here, then the first N differences (8 if N is not given) and the gaps.
What only an installation knows stands as `{expression}` here; where Helm draws it by chance, that is no difference.

A file `unknown.yaml` in a chart holds values that aedile is not told (`a: "{somewhere}"`), while Helm takes those of the chart: what
aedile then says it knows must be so in Helm's rendering too.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import tempfile

import yaml


class Loader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: no dates, and no numbers to the base 60."""


def plain(tag, pattern):
    """Whether Kubernetes knows this form of a scalar, and as what."""
    return tag != "tag:yaml.org,2002:timestamp" and not pattern.match("1:0") and not pattern.match("1:0.5")


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if plain(tag, pattern)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^(?:[-+]?0[bB]?[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+)$"), list("-+0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$"), list("-+0123456789."))
HOLE = re.compile(r"\{[^{}]+\}")
# An unknown value in a text, which may be lines of their own.
PLACE = re.compile(r"\s*(?:- )?\{[^{}]+\}:?\s*")
# Bytes of Helm's that are compared.
LONGEST = 4 << 20


def key(document):
    metadata = document.get("metadata") or {}
    return document.get("kind"), hole_free(metadata.get("name")), metadata.get("namespace")


def hole_free(text):
    return "*" if isinstance(text, str) and HOLE.search(text) else text


def is_unknown(value):
    return isinstance(value, str) and re.fullmatch(r"\{[^{}]+\}", value.strip())


def like(theirs, ours):
    """Whether a list may be what ours says, unknown items of which may be any number."""
    if not ours:
        return not theirs
    if is_unknown(ours[0]):
        return any(like(theirs[taken:], ours[1:]) for taken in range(len(theirs) + 1))
    return bool(theirs) and not differences(theirs[0], ours[0]) and like(theirs[1:], ours[1:])


def differences(theirs, ours, path=""):
    """(path, theirs, ours) for all that differs."""
    if is_unknown(ours):
        return []
    if isinstance(ours, str) and not isinstance(theirs, (dict, list)) and HOLE.search(ours):
        parts = [re.escape(part) for part in PLACE.split(ours)]
        if re.fullmatch(".*".join(parts), str(theirs), re.DOTALL):
            return []
    if isinstance(theirs, dict) and isinstance(ours, dict):
        found = []
        for name in sorted(set(theirs) | set(ours), key=str):
            open_keys = any(HOLE.search(str(key)) for key in ours)
            if name == "{open}" or (open_keys and name not in ours):
                continue
            if name not in theirs or name not in ours:
                # A value that is not known may be none.
                if theirs.get(name, ours.get(name)) is None or is_unknown(ours.get(name)) or HOLE.search(str(name)):
                    continue
                found.append((f"{path}/{name}", theirs.get(name, "(none)"), ours.get(name, "(none)")))
            else:
                found += differences(theirs[name], ours[name], f"{path}/{name}")
        return found
    if isinstance(theirs, list) and isinstance(ours, list) and any(is_unknown(item) for item in ours):
        return [] if like(theirs, ours) else [(path, theirs, ours)]
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [found for at, (one, two) in enumerate(zip(theirs, ours)) for found in differences(one, two, f"{path}/{at}")]
    if theirs is None and isinstance(ours, dict) and set(ours) == {"{open}"}:
        return []
    if type(theirs) is type(ours) or {type(theirs), type(ours)} <= {int, float, str}:
        same = theirs == ours or (isinstance(theirs, float) and str(theirs) == str(ours))
        return [] if same else [(path, theirs, ours)]
    return [(path, theirs, ours)]


def by_key(documents):
    found = {}
    for document in documents:
        found.setdefault(key(document), []).append(document)
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("charts", type=pathlib.Path)
    arguments.add_argument("helm")
    arguments.add_argument("--show", type=int, default=8)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"AEDILE_CHARTS": str(given.charts.resolve()), "AEDILE_RENDERED": folder}
        if "AEDILE_RENDERER" in os.environ:
            command = [os.environ["AEDILE_RENDERER"], "--ignored", "--quiet", "charts_of_a_folder"]
        else:
            command = ["cargo", "test", "--workspace", "--all-features", "--quiet", "--lib", "charts_of_a_folder", "--", "--ignored"]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        compare(given, pathlib.Path(folder))


def compare(given, folder):
    total = same_total = 0
    for chart in sorted(given.charts.iterdir()):
        ours = json.loads((folder / f"{chart.name}.json").read_text())
        command = [given.helm, "template", "release-name", str(chart), "--namespace", "release-namespace", "--kube-version", "1.31.0"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"{chart.name}: helm refuses it: {done.stderr.strip()[-300:]}")
            for gap in ours["gaps"]:
                print(f"    gap {gap[:300]}")
            continue
        if len(done.stdout) > LONGEST:
            print(f"{chart.name}: too long to compare")
            continue
        # Go's reader takes blanks behind a scalar that are tabs.
        text = re.sub(r"\t+$", "", done.stdout, flags=re.MULTILINE)
        theirs = [document for document in yaml.load_all(text, Loader) if document]
        mine = by_key(document for document in ours["objects"] if isinstance(document, dict) and document)
        same, shown = 0, []
        for name, documents in by_key(theirs).items():
            others = mine.pop(name, None) or mine.pop((name[0], "*", name[2]), [])
            for at, document in enumerate(documents):
                if at >= len(others):
                    shown.append((name, "missing"))
                    continue
                found = differences(json.loads(json.dumps(document, default=str)), others[at])
                same += not found
                shown += [(name, *one) for one in found]
        shown += [(name, "not in helm's") for name in mine]
        total, same_total = total + len(theirs), same_total + same
        print(f"{chart.name}: {len(theirs)} documents, {same} the same, {len(ours['gaps'])} gaps, {sum(ours['open'])} with unknown values")
        for line in shown[: given.show]:
            print("   ", str(line)[:600])
        for gap in ours["gaps"]:
            print(f"    gap {gap[:300]}")
    print(f"{total} documents, {same_total} the same")


if __name__ == "__main__":
    main()
