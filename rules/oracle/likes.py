"""The packs, with types that have `like` and `paths` completed as `rules/src/resource/like.rs` does it."""

import re
from copy import deepcopy
from functools import cache
from pathlib import Path

import yaml

RULES = Path(__file__).resolve().parent.parent
HOLE = re.compile(r"\{([^{}]+)\}")


class Loader(yaml.SafeLoader):
    """YAML 1.2, as the scanner reads it: `on` is a text, and an anchor may be named again."""

    def compose_node(self, parent, index):
        event = self.peek_event()
        if getattr(event, "anchor", None) and not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(event.anchor, None)
        return super().compose_node(parent, index)


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@cache
def load(folder):
    """The packs in `rules/FOLDER`: file name → content."""
    return {path.name: yaml.load(path.read_text(), Loader) for path in sorted((RULES / folder).glob("*.yaml"))}


@cache
def types():
    """Types as the scanner uses them: (source, id) → block, with its file under `file`."""
    own = {}
    for name, pack in load("resources").items():
        for block in pack.get("resources", []):
            own[block["source"], block["id"]] = {**deepcopy(block), "file": name}
    whole = {}
    for (source, type_id), block in own.items():
        twin = own.get(("terraform", block.get("like")))
        likes = _likes(own, source)
        whole[source, type_id] = Spelling(block, own, likes, source).completed(twin) if "paths" in block and twin else block
    return whole


def _likes(own, source):
    likes = {}
    for (of, type_id), block in own.items():
        like = block.get("like")
        if of == source and like and (like not in likes or len(type_id) < len(likes[like])):
            likes[like] = type_id
    return likes


def spelt(paths, path):
    end = len(path)
    while True:
        start, rest = path[:end], path[end:]
        if start in paths:
            return paths[start] + camel(rest)
        end = start.rfind(".")
        if end < 0:
            return camel(path)


def camel(path):
    def capital(word):
        return word[:1].upper() + word[1:]

    def key(word):
        if word.startswith(("*", "-", "@")):
            return word
        if re.search(r"[A-Z]", word):
            return capital(word)
        return "".join(capital(part) for part in word.split("_"))

    return ".".join(key(word) for word in path.split("."))


class Spelling:
    """How a type spells the paths of the type it is like."""

    def __init__(self, block, own, likes, source):
        self.block, self.own, self.likes, self.source, self.paths = block, own, likes, source, block.get("paths") or {}

    def completed(self, twin):
        self.companions = {
            name: (self.own.get((self.source, self.type_name(companion["type"]))) or {}).get("paths") or {}
            for name, companion in twin.get("companions", {}).items()
        }
        whole = deepcopy(self.block)
        companions = {name: self.companion(name, companion) for name, companion in twin.get("companions", {}).items()}
        whole["companions"] = {**companions, **self.block.get("companions", {})}
        attributes = {name: [self.reader(one) for one in readers] for name, readers in twin.get("attributes", {}).items()}
        whole["attributes"] = {**attributes, **self.block.get("attributes", {})}
        for key in ("name", "names"):
            if not whole.get(key):
                whole[key] = [self.path(None, p) if key == "name" else self.template(p) for p in twin.get(key, [])]
        if not whole.get("relations"):
            whole["relations"] = [{**one, "path": self.path(one.get("from"), one["path"])} for one in twin.get("relations", [])]
        if not whole.get("grants"):
            whole["grants"] = [self.grant(one) for one in twin.get("grants", [])]
        return whole

    def type_name(self, name):
        return self.likes.get(name, name)

    def path(self, of, path):
        return spelt(self.companions.get(of, {}) if of else self.paths, path)

    def within(self, of, item, path):
        if not item:
            return self.path(of, path)
        start, whole = self.path(of, item), self.path(of, f"{item}.{path}")
        return whole.removeprefix(start + ".") if whole.startswith(start + ".") else spelt({}, path)

    def companion(self, name, companion):
        made = {**companion, "type": self.type_name(companion["type"])}
        if "by" in made:
            made["by"] = self.path(name, made["by"])
        if "via" in made:
            made["via"] = self.path(made.get("of"), made["via"])
        return made

    def reader(self, reader):
        made, of = dict(reader), reader.get("from")
        if "when" in made:
            made["when"] = self.condition(made["when"], None, "")
        if "path" in made:
            made["path"] = self.path(of, made["path"])
        if "opens" in made:
            made["opens"] = [self.open(rule) for rule in made["opens"]]
        return made

    def open(self, rule):
        made, of, item = dict(rule), rule.get("from"), rule.get("path", "")
        if "path" in made:
            made["path"] = self.path(of, item)
        made["when"] = self.condition(rule["when"], of, item)
        for key in ("first", "last", "protocol"):
            if key in made:
                made[key] = self.within(of, item, made[key])
        made["ranges"] = [self.within(of, item, path) for path in made.get("ranges", [])]
        return made

    def condition(self, condition, outer, item):
        made = dict(condition)
        of, at = (condition["from"], "") if "from" in condition else (outer, item)
        for key in ("all", "any"):
            if key in made:
                made[key] = [self.condition(one, outer, item) for one in made[key]]
        if "not" in made:
            made["not"] = self.condition(made["not"], outer, item)
        path = condition.get("path")
        deeper = at if path is None else path if not at else f"{at}.{path}"
        if path is not None:
            made["path"] = self.within(of, at, path)
        for key in ("each", "item"):
            if key in made:
                made[key] = self.condition(made[key], of, deeper)
        if "refers" in made:
            made["refers"] = [self.type_name(name) for name in made["refers"]]
        if "selects" in made:
            made["selects"] = {key: self.path(of, path) for key, path in made["selects"].items()}
        if "covers" in made:
            made["covers"] = self.template(made["covers"])
        return made

    def grant(self, grant):
        made = dict(grant)
        for key in ("document", "option"):
            if key in made:
                made[key] = self.path(None, made[key])
        for key in ("principals", "on", "roles"):
            made[key] = [self.path(None, path) for path in made.get(key, [])]
        if "when" in made:
            made["when"] = self.condition(made["when"], None, "")
        return made

    def template(self, template):
        def hole(found):
            if found[1] in ("region", "account"):
                return found[0]
            of, _, path = found[1].partition(".")
            if path and of in self.companions:
                return f"{{{of}.{self.path(of, path)}}}"
            return f"{{{self.path(None, found[1])}}}"

        return HOLE.sub(hole, template)
