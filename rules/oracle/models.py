"""Schemas of Azure and Kubernetes, read from the models of Python packages that are generated from their specifications.

A class's members come from `_attribute_map`, from `attribute_map` with `openapi_types`, from `rest_field(name=…)`,
from fields with an alias, or from getters; those of its base classes and, where a value may be of any of them, of its
subclasses count.
"""

import ast
import re
import zipfile

from schema import FREE, LEAF, TEXT, Ref, Schema


KNOWN = {"Optional", "Union", "List", "Sequence", "Annotated", "Field", "None", "StrictInt", "StrictBool", "StrictFloat", "ClassVar"}


def read(archive, inside):
    """All classes of a wheel in files whose path matches `inside`: name → members."""
    classes = {}
    with zipfile.ZipFile(archive) as wheel:
        for name in sorted(wheel.namelist()):
            if name.endswith(".py") and re.search(inside, name):
                _classes(wheel.read(name).decode(), classes)
    _inherit(classes)
    return {name: about["members"] for name, about in classes.items()}


def schema(label, members):
    """A schema in which every class is a named node."""
    made = Schema(label)
    for name, fields in members.items():
        tree = {}
        for key, kind in fields.items():
            _put(tree, key.split("."), _node(kind, members))
        made.named[name] = tree
    for kind in {kind for fields in members.values() for kind in fields.values() if " ∪ " in kind}:
        node = _node(kind, members)
        if isinstance(node, Ref):
            every = [made.named[name] for name in node.name.split(" ∪ ")]
            made.named[node.name] = {key: value for tree in every for key, value in tree.items()}
    return made


def bridged(archive, wanted):
    """Types of Terraform by the bindings of another tool that bridges the provider: `wanted` is type → token.

    Lists of blocks have the plural of the block's name there; both are members here.
    """
    made, prefix, names = Schema(archive.name.split("-py")[0]), archive.name.split("-")[0], {}
    paths = set()
    for type_id, token in wanted.items():
        _, module, names[type_id] = token.split(":")
        folder, _, file = module.partition("/")
        folder = prefix if folder == "index" else f"{prefix}/{folder}"
        paths |= {f"{folder}/{snake(file)}.py", f"{folder}/_inputs.py"}
    classes = {}
    with zipfile.ZipFile(archive) as wheel:
        for path in sorted(paths & set(wheel.namelist())):
            _classes(wheel.read(path).decode(), classes)
    members = {name: _singular(about["members"]) for name, about in classes.items() if name.endswith("Args")}
    # What is known only afterwards stands in the state alone.
    members |= {f"{name}Args": _singular(about["members"]) for name, about in classes.items() if name.endswith("State")}
    made.named = schema("", members).named
    for type_id, name in names.items():
        if f"{name}Args" in made.named:
            made.arguments[type_id] = made.named[f"{name}Args"]
            made.types[type_id] = {**made.named[f"_{name}StateArgs"], "id": LEAF}
    return made


def _singular(fields):
    out = dict(fields)
    for key, kind in fields.items():
        for end, instead in (("ies", "y"), ("indices", "index"), ("es", ""), ("s", "")):
            if key.endswith(end) and re.search("Sequence", kind):
                out.setdefault(key[: -len(end)] + instead, kind)
    return out


def snake(name):
    """`stageExternalS3` as `stage_external_s3`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def _put(tree, keys, node):
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            return
    tree.setdefault(keys[-1], node)


def _node(kind, members):
    words = re.findall(r"[A-Za-z_]\w*", kind)
    names = [name for name in words if name in members]
    if " ∪ " in kind and names:
        return Ref(" ∪ ".join(sorted(set(names))))
    if names:
        return {"*": Ref(names[-1])} if re.match(r"(Optional\[|pulumi\.Input\[)*[Dd]ict[\[(]", kind) else Ref(names[0])
    if re.search(r"\bdict\b|\bDict\b|\{|\bobject\b|\bAny\b|Unstructured|ObjectMeta|JSON", kind):
        return FREE
    if re.search(r"\bstr\b|StrictStr|string", kind):
        return LEAF if re.search(r"[Ll]ist|\[str\]$", kind) else TEXT
    # Of a class that the package does not have nothing is known.
    return FREE if {word for word in words if word[0].isupper()} - KNOWN else LEAF


def _classes(text, classes):
    for node in ast.parse(text).body:
        if not isinstance(node, ast.ClassDef):
            continue
        about = classes.setdefault(node.name, {"members": {}, "bases": []})
        about["bases"] += [base.id for base in node.bases if isinstance(base, ast.Name)]
        values = {}
        for item in node.body:
            if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
                values[item.targets[0].id] = item.value
            elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                values[item.target.id] = item.value
                _annotated(item, about["members"])
            elif isinstance(item, ast.FunctionDef) and any("getter" in ast.unparse(by) for by in item.decorator_list):
                about["members"][item.name] = ast.unparse(item.returns) if item.returns else ""
        if "_attribute_map" in values:
            for about_one in ast.literal_eval(values["_attribute_map"]).values():
                about["members"][about_one["key"].replace("\\.", "·")] = about_one["type"]
        elif "attribute_map" in values and "openapi_types" in values:
            about["members"].clear()
            kinds = ast.literal_eval(values["openapi_types"])
            for name, key in ast.literal_eval(values["attribute_map"]).items():
                about["members"][key] = kinds[name]


def _annotated(item, members):
    """`x: T = rest_field(name="y")`, `x: T = Field(alias="y")`, `x: Annotated[T, Field(alias="y")]`."""
    calls = [node for node in ast.walk(item) if isinstance(node, ast.Call)]
    fields = [call for call in calls if getattr(call.func, "id", "") in {"rest_field", "rest_discriminator", "Field"}]
    if not fields and not isinstance(item.annotation, (ast.Subscript, ast.Name, ast.Attribute, ast.BinOp)):
        return
    if item.target.id.startswith("_") or "ClassVar" in ast.unparse(item.annotation):
        return
    aliases = [
        word.value.value
        for call in fields
        for word in call.keywords
        if word.arg in {"name", "alias", "serialization_alias"} and isinstance(word.value, ast.Constant)
    ]
    kind = item.annotation
    if isinstance(kind, ast.Subscript) and getattr(kind.value, "id", "") == "Annotated":
        kind = kind.slice.elts[0] if isinstance(kind.slice, ast.Tuple) else kind.slice
    members[aliases[0] if aliases else item.target.id] = ast.unparse(kind)


def _inherit(classes):
    def fields(name, seen):
        about = classes.get(name)
        if about is None or name in seen:
            return {}
        inherited = {}
        for base in about["bases"]:
            inherited.update(fields(base, seen | {name}))
        return {**inherited, **about["members"]}

    whole = {name: fields(name, set()) for name in classes}
    for name, about in classes.items():
        about["members"] = dict(whole[name])
    for name, about in classes.items():
        for base in about["bases"]:
            if base in classes and base not in {"Resource", "ProxyResource", "TrackedResource", "_Model", "Model", "BaseModel", "object"}:
                own = classes[base]["members"]
                for key, kind in whole[name].items():
                    own[key] = kind if own.get(key, kind) == kind else f"{own[key]} ∪ {kind}"
