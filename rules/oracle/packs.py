"""Every path that the packs of resources and fixes name, with the type that must have it."""

import re
from dataclasses import dataclass

from likes import HOLE, load, types


@dataclass(frozen=True)
class Named:
    """A path of a type; `written` if a fix writes it; an empty path only names the type."""

    source: str
    type: str
    path: str
    where: str
    written: bool = False


class Paths:
    """Collects what one type names."""

    def __init__(self, block):
        self.block, self.out = block, []
        self.companions = block.get("companions", {})

    def collected(self):
        block = self.block
        self.say(None, "")
        for name in block.get("aliases", []):
            self.out.append(Named(block["source"], name, "", f"{block['file']}: {block['id']} aliases"))
        for path in block.get("name", []):
            self.say(None, path)
        for text in [*block.get("names", []), block.get("arn") or "", *block.get("exports", {}).values()]:
            self.template(text)
        for path in block.get("exports", {}):
            self.say(None, path)
        for name, companion in self.companions.items():
            self.say(name, companion.get("by", ""))
            if "via" in companion:
                self.say(companion.get("of"), companion["via"])
        for readers in block.get("attributes", {}).values():
            for reader in readers:
                self.reader(reader)
        for relation in block.get("relations", []):
            self.say(relation.get("from"), relation["path"])
        for grant in block.get("grants", []):
            self.grant(grant)
        for part in block.get("parts", []):
            self.say(None, part["path"])
            self.say(None, f"{part['path'].split('.')[0]}.{part['key']}")
        for path in block.get("pods", []):
            self.say(None, path)
        if "columns" in block:
            self.columns(block["columns"])
        return self.out

    def say(self, of, path, written=False):
        type_id = self.companions[of]["type"] if of else self.block["id"]
        self.out.append(Named(self.block["source"], type_id, path, f"{self.block['file']}: {self.block['id']}", written))

    def template(self, text):
        for hole in HOLE.findall(text):
            of, _, path = hole.partition(".")
            if of in self.companions and path:
                self.say(of, path)
            elif hole not in ("region", "account", "value"):
                self.say(None, hole)

    def reader(self, reader):
        of = reader.get("from")
        if "path" in reader:
            self.say(of, reader["path"])
        if "when" in reader:
            self.condition(reader["when"], None, "")
        for rule in reader.get("opens", []):
            self.rule(rule)

    def rule(self, rule):
        of, at = rule.get("from"), rule.get("path", "")
        if at:
            self.say(of, at)
        self.condition(rule["when"], of, at)
        for path in [rule.get("first"), rule.get("last"), rule.get("protocol"), *rule.get("ranges", [])]:
            if path:
                self.say(of, f"{at}.{path}" if at else path)

    def condition(self, condition, outer, at):
        if "from" in condition:
            outer, at = condition["from"], ""
        path = condition.get("path")
        if path is not None and "attribute" not in condition:
            at_path = f"{at}.{path}".strip(".")
            self.say(outer, at_path)
        else:
            at_path = at
        for one in [*condition.get("all", []), *condition.get("any", []), *([condition["not"]] if "not" in condition else [])]:
            self.condition(one, outer if "from" in condition else outer, at if path is None else at)
        for key in ("each", "item"):
            if key in condition:
                self.condition(condition[key], outer, at_path)
        for path in condition.get("selects", {}).values():
            self.say(outer, path)
        for name in condition.get("refers", []):
            self.out.append(Named(self.block["source"], name, "", f"{self.block['file']}: {self.block['id']} refers"))
        self.template(condition.get("covers", ""))

    def grant(self, grant):
        for key in ("document", "option", "everything", "columns", "except_columns"):
            if key in grant:
                self.say(None, grant[key])
        for path in [*grant.get("principals", []), *grant.get("on", []), *grant.get("roles", [])]:
            self.say(None, path)
        self.template(grant.get("names", ""))
        if "when" in grant:
            self.condition(grant["when"], None, "")
        if grant.get("over", {}).get("scope"):
            self.say(None, grant["over"]["scope"])

    def columns(self, columns):
        at = columns["path"]
        self.say(None, at)
        for path in [columns["name"], columns.get("type"), columns.get("nested"), *columns.get("masked", [])]:
            if path:
                self.say(None, f"{at}.{path}")
        for mask in columns.get("masks", []):
            self.say(mask["from"], mask["column"])
        tags = columns.get("tags", {})
        if tags:
            for path in (tags["columns"], tags["tag"]):
                self.out.append(Named(self.block["source"], tags["type"], path, f"{self.block['file']}: {self.block['id']} tags"))
            self.out.append(Named(self.block["source"], tags["attached"], tags["by"], f"{self.block['file']}: {self.block['id']} tags"))


def named():
    """What the packs of resources and fixes name, each once."""
    whole, out = types(), []
    for block in whole.values():
        out += Paths(block).collected()
    for name, pack in load("fixes").items():
        for fix in pack.get("fixes", []):
            for type_id in fix["types"]:
                block = whole.get((fix["source"], type_id), {"id": type_id, "source": fix["source"]})
                paths = Paths({**block, "file": f"fixes/{name}"})
                for repair in fix["repairs"]:
                    for way in repair.get("by", []):
                        for step in way if isinstance(way, list) else [way]:
                            _step(paths, step)
                out += paths.out
    for block in whole.values():
        out += _derived(block)
    for name, pack in load("resources").items():
        for service in pack.get("services", []):
            out += [Named("terraform", type_id, "", f"{name}: service {service['id']}") for type_id in service.get("types", [])]
    return list(dict.fromkeys(out))


def _derived(block):
    """What repairs write that follow from readers, as `derived` of `rules/src/fix.rs` has them."""
    paths = Paths(block)
    for readers in block.get("attributes", {}).values():
        for reader in readers:
            of, path = reader.get("from"), reader.get("path")
            if path and "when" not in reader and "unknown" not in reader:
                if reader.get("map") or reader.get("as") in ("bool", "not"):
                    paths.say(of, path, True)
            elif isinstance(reader.get("is"), bool):
                when = reader.get("when", {})
                if "path" in when and "equals" in when and not {"all", "any", "not"} & set(when):
                    paths.say(when.get("from"), when["path"], True)
            if of is None or not paths.out:
                break
    return [one for one in paths.out if "*" not in one.path]


def _step(paths, step):
    of = step.get("in")
    if "when" in step:
        paths.condition(step["when"], None, "")
    for verb in ("set", "append"):
        if verb in step:
            path = re.sub(r"\[\]|=(?=\.|$)", "", step[verb])
            paths.say(of, path, True)
            for inner in _content(step.get("to")):
                paths.say(of, f"{path}.{inner}", True)
    if "remove" in step:
        paths.say(of, step["remove"].replace("[]", ""))
    to = step.get("to")
    if isinstance(to, dict) and set(to) == {"reference"}:
        type_id, _, path = to["reference"].partition(".")
        paths.out.append(Named(paths.block["source"], type_id, path, f"{paths.block['file']}: reference"))


def _content(to, at=""):
    if isinstance(to, list):
        for one in to:
            yield from _content(one, at)
    elif isinstance(to, dict) and set(to) not in ({"reference"}, {"expression"}):
        for key, value in to.items():
            yield at + key
            yield from _content(value, f"{at}{key}.")
