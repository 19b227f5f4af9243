"""Schemas of providers as trees, read from packages that are generated from them. Nothing is imported or run.

A node is a dict (its members; `*` is one of any name), `TEXT` (a text, which may hold a document), `LEAF` (any other scalar or a list of
them), `FREE` (a map or a value with keys of the user's choice) or a `Ref` to another node of the same schema.
"""

import gzip
import json
import re
import tarfile
from dataclasses import dataclass, field

TEXT, LEAF, FREE = "text", "leaf", "free"


@dataclass(frozen=True)
class Ref:
    """The node of that name under `named`."""

    name: str


@dataclass
class Schema:
    """The types of one package: `types` by id, what they refer to under `named`."""

    label: str
    types: dict = field(default_factory=dict)
    named: dict = field(default_factory=dict)
    # For types of Terraform: members that can be written, as a tree of their own.
    arguments: dict = field(default_factory=dict)

    def node(self, node):
        seen = set()
        while isinstance(node, Ref):
            if node.name in seen:
                return FREE
            seen.add(node.name)
            node = self.named.get(node.name, FREE)
        return node

    def fault(self, root, path, documents=(), fold=False):
        """The first segment of `path` that `root` does not have, or None. `*` is any member, `**` ends the question.

        With `fold` the case of letters does not count, as it does not where the scanner reads camel case.
        """
        nodes, walked = [self.node(root)], []
        for segment in path.split("."):
            if segment == "**" or FREE in nodes:
                return None
            members = [node for node in nodes if isinstance(node, dict)]
            if TEXT in nodes and ".".join(walked) in documents:
                return None
            if segment == "*":
                nodes = [self.node(child) for node in members for child in node.values()]
            else:
                keys = [(node, key) for node in members for key in ([segment] if segment in node or not fold else node)]
                held = [node[key] for node, key in keys if key in node and (key == segment or key.lower() == segment.lower())]
                held += [node["*"] for node in members if "*" in node]
                nodes = [self.node(node) for node in held]
            if not nodes:
                return segment
            walked.append(segment)
        return None


def terraform(archive, wanted):
    """The types among `wanted` (all if it is None) in an npm archive of bindings that are generated from a provider."""
    folders, version, provider = {}, "?", "?"
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name == "package/package.json":
                about = json.load(tar.extractfile(member))
                provider = about["name"].split("-", 1)[-1]
                # The oldest do not say which version of the provider they were made of.
                version = about.get("cdktf", {}).get("provider", {}).get("version", f"of bindings {about['version']}")
            if not member.name.endswith(".js") or "/lib/" not in member.name:
                continue
            if re.search(r"/lib/data-(aws|google|azurerm|databricks|snowflake|kubernetes)-", member.name):
                continue
            # The map of sources at the end is one word of hundreds of kilobytes.
            text = tar.extractfile(member).read().decode().split("//# sourceMappingURL")[0]
            folder = "/".join(member.name.split("/")[:3])
            folders[folder] = folders.get(folder, "") + text
    schema = Schema(f"{provider} {version}")
    for text in folders.values():
        named = set(re.findall(r"""terraformResourceType: ['"](\w+)['"]""", text))
        if named if wanted is None else named & wanted:
            bindings = _Bindings(text)
            for name, block in bindings.classes.items():
                found = re.search(r"""terraformResourceType: ['"](\w+)['"]""", block)
                if found and (wanted is None or found[1] in wanted):
                    schema.types[found[1]] = bindings.members(name, set())
                    schema.arguments[found[1]] = bindings.arguments(f"class {name}", set())
    return schema


class _Bindings:
    """The text of one type's bindings."""

    def __init__(self, text):
        self.functions, self.classes = {}, {}
        for block in re.split(r"\n(?=function |class |export function |export class )", text):
            name = re.match(r"(?:export )?(function|class) (\w+)", block)
            if name and name[1] == "function" and name[2].endswith("ToTerraform") and not name[2].endswith("HclToTerraform"):
                self.functions[name[2]] = block
            elif name and name[1] == "class":
                self.classes[name[2]] = block

    def arguments(self, name, seen):
        """What can be written: by the function of that name, or by `synthesizeAttributes` of `class NAME`."""
        if name.startswith("class "):
            block = self.classes.get(name.removeprefix("class "), "")
            block = re.split(r"\n    synthesizeAttributes\(\) \{", block)[-1].split("\n    }")[0]
        else:
            block = self.functions.get(name, "")
        if name in seen:
            return FREE
        members = {}
        for key, value in re.findall(r"^ {8,12}['\"]?([\w-]+)['\"]?: (.*),$", block, re.M):
            nested = re.search(r"(?<!cdktf\.)\b(?:\w+\.)?(\w+ToTerraform)\b", re.sub(r"cdktf\.\w+", "", value))
            if nested and nested[1] in self.functions:
                members[key] = self.arguments(nested[1], seen | {name})
            elif re.search(r"hashMapper|anyToTerraform|MapToTerraform", value):
                members[key] = FREE
            elif "stringToTerraform" in value and "listMapper" not in value:
                members[key] = TEXT
            else:
                members[key] = LEAF
        return members

    def members(self, name, seen):
        """What can be read: everything that the class has getters for, and what can be written."""
        block = self.classes.get(name)
        if block is None or name in seen:
            return FREE
        members = {}
        for kind, key in re.findall(r"\.get(\w+?)Attribute\(['\"]([\w-]+)['\"]\)", block):
            members[key] = TEXT if kind == "String" else FREE if "Map" in kind or "Any" in kind else LEAF
        for inner, key in re.findall(r"new (\w+)\(this, ['\"]([\w-]+)['\"]", block):
            kind = re.sub(r"^(\w+?)(?:List|Map)?$", r"\1", inner)
            own = inner if inner.endswith("OutputReference") else f"{kind}OutputReference"
            members[key] = self.members(own, seen | {name})
        for key in re.findall(r"interpolationForAttribute\(['\"]([\w-]+)['\"]\)", block):
            members.setdefault(key, FREE)
        written = self.arguments(f"class {name}", set()) if "synthesizeAttributes" in block else {}
        return {**members, **{key: node for key, node in written.items() if not isinstance(members.get(key), dict)}}


def cloudformation(archive, wanted):
    """The types among `wanted` (all if it is None) in the npm archive of the published resource schemas."""
    with tarfile.open(archive) as tar:
        version = json.load(tar.extractfile("package/package.json"))["version"]
        tables = json.loads(gzip.decompress(tar.extractfile("package/db.json.gz").read()))["schema"]
    schema = Schema(f"resource schemas {version}")
    for definition in tables["typeDefinition"]["entities"]:
        schema.named[definition["$id"]] = _properties(definition["properties"])
    for resource in tables["resource"]["entities"]:
        if wanted is None or resource["cloudFormationType"] in wanted:
            tree = _properties(resource["properties"])
            schema.arguments[resource["cloudFormationType"]] = tree
            computed = {name: LEAF for name in resource.get("attributes", {})}
            schema.types[resource["cloudFormationType"]] = {**computed, **tree}
    return schema


def _properties(properties):
    return {name: _typed(about["type"]) for name, about in properties.items()}


def _typed(kind):
    match kind["type"]:
        case "ref":
            return Ref(kind["reference"]["$ref"])
        case "array":
            return _typed(kind["element"])
        case "tag":
            return {"Key": TEXT, "Value": TEXT}
        case "map" | "json":
            return FREE
        case "union":
            nodes = [_typed(one) for one in kind["types"]]
            return next((node for node in nodes if not isinstance(node, str)), FREE if FREE in nodes else nodes[0])
        case "string":
            return TEXT
        case _:
            return LEAF
