"""Every argument that examples, modules, fixtures and repairs write, with the type that must take it.

Terraform is read by python-hcl2, templates by PyYAML. A text that they cannot read is skipped and counted: some
fixtures are broken on purpose.
"""

import json
import re

import hcl2
import yaml

import likes
from packs import Named

FIXTURES = likes.RULES.parent / "tests" / "iac"
OWN = {"dynamic", "provisioner", "connection", "lifecycle", "count", "for_each", "provider", "depends_on", "timeouts", "__comments__", "__is_block__"}


class Template(likes.Loader):
    """A template of CloudFormation: a function is what its tag says."""


Template.add_multi_constructor("!", lambda loader, suffix, node: {f"Fn::{suffix}": None})


def texts():
    """`(source, place, text)` of everything that is written in the packs and the fixtures."""
    for name, pack in likes.load("resources").items():
        for block in pack.get("resources", []):
            for example in [*block.get("examples", []), *block.get("counter_examples", [])]:
                yield block["source"], f"{name}: {block['id']}", example["source"]
        for module in pack.get("modules", []):
            yield "terraform", f"{name}: {module['source']}", module["configuration"]
    for name, pack in likes.load("fixes").items():
        for fix in pack.get("fixes", []):
            for text in [*fix.get("examples", []), *_added(fix)]:
                for type_id in fix["types"]:
                    plain = text.replace("{type}", type_id).replace("{self}", "x.y").replace("{name}", "n")
                    yield fix["source"], f"fixes/{name}: {type_id}", plain
    for path in sorted(FIXTURES.glob("*.yaml")):
        for fixture in yaml.load(path.read_text(), likes.Loader):
            for file, text in fixture["files"].items():
                source = _source(file, text)
                if source:
                    yield source, f"{path.name}: {fixture['name']}", text


def _added(fix):
    for repair in fix["repairs"]:
        for way in repair.get("by", []):
            for step in way if isinstance(way, list) else [way]:
                if "add" in step:
                    yield step["add"]


def _source(file, text):
    if file.endswith((".tf", ".tofu")):
        return "terraform"
    if file.endswith((".yaml", ".yml", ".json", ".template")):
        if re.search(r"AWS::\w+::\w+", text):
            return "cloudformation"
        if "schema.management.azure.com" in text:
            return "arm"
        if re.search(r"^kind:", text, re.M) and "{{" not in text:
            return "kubernetes"
    return None


def named():
    """What is written, each once, and how many texts could not be read."""
    out, unread = [], 0
    for source, place, text in texts():
        try:
            out += list(_READERS[source](place, text)) if source in _READERS else []
        except Exception:  # noqa: BLE001 — whatever the two parsers raise, the text is not read
            unread += 1
    return list(dict.fromkeys(out)), unread


def _terraform(place, text):
    for block in hcl2.loads(text + "\n").get("resource", []):
        for type_id, bodies in block.items():
            for body in bodies.values():
                yield from _paths("terraform", type_id.strip('"'), body, "", place)


def _cloudformation(place, text):
    read = yaml.load(text, Template)
    for resource in read.get("Resources", {}).values():
        if str(resource.get("Type", "")).startswith("AWS::") and "Serverless" not in resource["Type"]:
            yield from _paths("cloudformation", resource["Type"], resource.get("Properties") or {}, "", place)


def _arm(place, text):
    yield from _arm_resources(json.loads(text).get("resources", []), "", place)


def _arm_resources(resources, outer, place):
    for resource in resources.values() if isinstance(resources, dict) else resources:
        if not isinstance(resource.get("type"), str) or "deployments" in resource["type"]:
            continue
        type_id = f"{outer}/{resource['type']}" if outer and not resource["type"].startswith("Microsoft.") else resource["type"]
        inner = {key: value for key, value in resource.items() if key in ("properties", "identity", "sku", "kind", "tags")}
        yield from _paths("arm", type_id, inner, "", place)
        yield from _arm_resources(resource.get("resources", []), type_id, place)


def _kubernetes(place, text):
    known = likes.types()
    for read in yaml.load_all(text, likes.Loader):
        if isinstance(read, dict) and isinstance(read.get("kind"), str):
            group = str(read.get("apiVersion", "")).rpartition("/")[0]
            whole = f"{group}/{read['kind']}"
            type_id = whole if ("kubernetes", whole) in known or "." in group and group.endswith("knative.dev") else read["kind"]
            yield from _paths("kubernetes", type_id, {key: read[key] for key in ("spec", "rules") if key in read}, "", place)


_READERS = {"terraform": _terraform, "cloudformation": _cloudformation, "arm": _arm, "kubernetes": _kubernetes}


def _paths(source, type_id, value, at, place):
    """A path for each argument; the keys of maps are told too, and are free where the schema says so."""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            continue
        for key, inner in item.items():
            key = str(key).strip('"')
            if key == "dynamic" and source == "terraform":
                for block in inner:
                    for name, body in block.items():
                        yield Named(source, type_id, at + name.strip('"'), place, True)
                        yield from _paths(source, type_id, body.get("content", {}), f"{at}{name.strip(chr(34))}.", place)
            elif key.startswith(("Fn::", "${")) or key in ("Ref", "Condition") or (key in OWN and not at):
                continue
            elif key not in ("__is_block__", "__comments__", "copy"):
                yield Named(source, type_id, at + key, place, True)
                yield from _paths(source, type_id, inner, f"{at}{key}.", place)
