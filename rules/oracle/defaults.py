"""Holds the defaults of resource packs against the values that the providers' pages state for the arguments they are read from.

    pip install pyyaml==6.0.3
    python rules/oracle/defaults.py [--folder FOLDER] [--tell TYPE]

The pages stand in the bindings that another tool makes of each provider, argument by argument; they are fetched with
`pip download` into FOLDER (a temporary one if it is not given), and nothing of them is run. Where a page says "defaults to
X", the readers of the attribute are asked what they make of X: that must be the pack's default, or `exceptions.yaml` gives
the reason. What older versions of a page say otherwise is listed; the pack's `since` must then name a version or a date. Prints counts; `--tell`
prints what the pages say of one type instead.
"""

import argparse
import ast
import re
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import yaml

import likes
import models
import schemas

# Newest first, one of each major version that has a wheel.
PAGES = {
    "aws": ["pulumi-aws==7.51.1", "pulumi-aws==6.83.4"],
    "azurerm": ["pulumi-azure==6.40.1", "pulumi-azure==5.89.3"],
    "google": ["pulumi-gcp==10.2.0", "pulumi-gcp==8.41.1", "pulumi-gcp==6.67.1"],
    "databricks": ["pulumi-databricks==1.118.0"],
    "snowflake": ["pulumi-snowflake==2.22.0", "pulumi-snowflake==0.62.0"],
}
# Types whose token does not follow from their name.
TOKENS = {
    "aws_cloudtrail": "cloudtrail/trail:Trail",
    "aws_db_instance": "rds/instance:Instance",
    "aws_ebs_volume": "ebs/volume:Volume",
    "aws_elasticsearch_domain": "elasticsearch/domain:Domain",
    "aws_instance": "ec2/instance:Instance",
    "aws_kinesis_firehose_delivery_stream": "kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
    "aws_launch_template": "ec2/launchTemplate:LaunchTemplate",
    "aws_lb": "lb/loadBalancer:LoadBalancer",
    "aws_security_group": "ec2/securityGroup:SecurityGroup",
    "aws_subnet": "ec2/subnet:Subnet",
    "aws_vpc": "ec2/vpc:Vpc",
    "aws_vpc_endpoint": "ec2/vpcEndpoint:VpcEndpoint",
    "azurerm_container_registry": "containerservice/registry:Registry",
    "azurerm_data_factory": "datafactory/factory:Factory",
    "azurerm_key_vault": "keyvault/keyVault:KeyVault",
    "azurerm_kubernetes_cluster": "containerservice/kubernetesCluster:KubernetesCluster",
    "azurerm_log_analytics_workspace": "operationalinsights/analyticsWorkspace:AnalyticsWorkspace",
    "azurerm_monitor_diagnostic_setting": "monitoring/diagnosticSetting:DiagnosticSetting",
    "azurerm_storage_account_customer_managed_key": "storage/customerManagedKey:CustomerManagedKey",
    "google_cloudfunctions2_function": "cloudfunctionsv2/function:Function",
}
STATED = re.compile(r"\bdefaults?(?: value)?(?: is set)?(?:\s+to|\s+is|\s*:|\s+of|)\s+`?\"?([\w.\-]+)`?|`([\w.\-]+)`\s*\(default\)|([\w.\-]+)\s+\(default\)", re.I)


class Pages:
    """What one package says of each argument of each type."""

    def __init__(self, archive):
        self.label, self.archive = archive.name.split("-py3")[0], archive
        with zipfile.ZipFile(archive) as wheel:
            self.files = set(wheel.namelist())
        self.root = archive.name.split("-")[0]
        self.squashed = {}
        for name in sorted(self.files):
            folder, file = name.rpartition("/")[::2]
            if file.endswith(".py") and not file.startswith(("_", "get_")):
                module = folder.removeprefix(self.root).strip("/")
                self.squashed.setdefault((module + file[:-3]).replace("_", "").replace("/", ""), name)

    def file(self, type_id):
        """The file that describes the type, or None."""
        token = TOKENS.get(type_id)
        if token:
            folder, rest = token.split("/")
            name = f"{self.root}/{folder}/{models.snake(rest.split(':')[0])}.py"
            return name if name in self.files else None
        return self.squashed.get(type_id.split("_", 1)[1].replace("_", ""))

    @cache
    def classes(self, name):
        """Class → argument → (page, class of what it holds)."""
        out = {}
        if name in self.files:
            with zipfile.ZipFile(self.archive) as wheel:
                tree = ast.parse(wheel.read(name).decode())
            for node in tree.body:
                if isinstance(node, ast.ClassDef):
                    getters = [item for item in node.body if isinstance(item, ast.FunctionDef) and any("getter" in ast.unparse(by) for by in item.decorator_list)]
                    out[node.name] = {item.name: (ast.get_docstring(item) or "", ast.unparse(item.returns) if item.returns else "") for item in getters}
        return out

    def page(self, type_id, path):
        """What the page says of the argument at `path`, or None."""
        file = self.file(type_id)
        if not file:
            return None
        own, inner = self.classes(file), self.classes(f"{file.rpartition('/')[0]}/_inputs.py")
        # The class of the arguments; with the state's, which has what is known only afterwards.
        roots = [name for name in own if name.endswith(("Args", "State"))]
        members = {key: value for name in reversed(roots) for key, value in own[name].items()}
        text = None
        for key in path.split("."):
            names = [key, f"{key}s", f"{key}es", re.sub("y$", "ies", key), key.removesuffix("s")]
            found = next((members[name] for name in names if name in members), None)
            if found is None:
                return None
            text, kind = found
            members = next((inner[name] for name in re.findall(r"\w+Args\b", kind) if name in inner), {})
        return re.sub(r"\s+", " ", text)


def stated(page):
    """The value that a page states as the default, or None."""
    found = STATED.search(page.replace('"', "").replace("'", ""))
    word = next((group for group in found.groups() if group), "").rstrip(".") if found else ""
    return word or None


def made(readers, path, word):
    """What the readers make of `word` at `path`: a value, or None if they say nothing of it."""
    for reader in readers:
        when = reader.get("when")
        if reader.get("from") or (when and set(when) != {"path", "equals"}):
            if when and path in str(when):
                return None
            continue
        if when and when["path"] == path:
            if str(when["equals"]).lower() == word.lower():
                return reader.get("is")
        elif not when and reader.get("path") == path:
            if reader.get("map"):
                return next((value for key, value in reader["map"].items() if str(key).lower() == word.lower()), None)
            if reader.get("as") in ("bool", "not") and word.lower() in ("true", "false", "enabled", "disabled"):
                return (word.lower() in ("true", "enabled")) == (reader["as"] == "bool")
            if reader.get("as") == "int" and word.isdigit():
                return int(word)
            return None
    return None


def direct(readers):
    """Paths of the resource itself that readers ask."""
    paths = []
    for reader in readers:
        when = reader.get("when") or {}
        for holder in (reader, when):
            if "path" in holder and "from" not in holder and "attribute" not in holder and holder["path"] not in paths:
                paths.append(holder["path"])
    return paths


def absent(readers, default):
    """Whether the default only says that nothing is given where nothing is written."""
    given = {"given", "own-key", "literal", "secret", "secrets", "secrets-in"}
    return default is False and all(reader.get("as") in given for reader in readers if "path" in reader and "when" not in reader and not reader.get("from")) and any("path" in reader for reader in readers)


def asked():
    """`(type, attribute, readers, default reader)` of every default of a type of Terraform."""
    for (source, type_id), block in sorted(likes.types().items()):
        if source == "terraform" and type_id.split("_")[0] in PAGES:
            for attribute, readers in block.get("attributes", {}).items():
                for reader in readers:
                    if "default" in reader:
                        yield type_id, attribute, readers, reader


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--folder", type=Path, help="where archives are kept")
    arguments.add_argument("--tell", help="print what the pages say of the arguments that this type's defaults hang on")
    given = arguments.parse_args()
    excepted = yaml.load((Path(__file__).parent / "exceptions.yaml").read_text(), likes.Loader)["defaults"]
    reasons, used = {(one["type"], one["attribute"]): one["because"] for one in excepted}, set()
    counts = {"agree": 0, "say that nothing is given": 0, "page states none": 0, "no argument": 0, "no page": 0, "excepted": 0, "contradict": 0}
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        pages = {provider: [Pages(schemas.fetch(folder, "pip", package)) for package in packages] for provider, packages in PAGES.items()}
        for type_id, attribute, readers, reader in asked():
            if given.tell and type_id != given.tell:
                continue
            paths, books = direct(readers), pages[type_id.split("_")[0]]
            texts = {path: [book.page(type_id, path) for book in books] for path in paths}
            if given.tell:
                print(f"{attribute} = {reader['default']} ({reader['since']})")
                for path, every in texts.items():
                    print("".join(f"  {path} [{book.label}]: {text}\n" for book, text in zip(books, every) if text is not None), end="")
                continue
            values = {path: [made(readers, path, stated(text)) if text and stated(text) else None for text in every] for path, every in texts.items()}
            newest = {path: next((value for value in every if value is not None), None) for path, every in values.items()}
            says = {path: value for path, value in newest.items() if value is not None}
            if not paths:
                counts["no argument"] += 1
            elif not any(book.file(type_id) for book in books):
                counts["no page"] += 1
            elif not says and absent(readers, reader["default"]):
                counts["say that nothing is given"] += 1
            elif not says:
                counts["page states none"] += 1
            elif all(value == reader["default"] for value in says.values()):
                counts["agree"] += 1
            elif (type_id, attribute) in reasons:
                used.add((type_id, attribute))
                counts["excepted"] += 1
            else:
                counts["contradict"] += 1
                print(f"contradicted: {type_id}.{attribute} = {reader['default']}, the page makes it {says}")
            for path, every in values.items():
                known = {value for value in every if value is not None}
                if len(known) > 1 and not re.search(r"\d\.\d|20\d\d", reader["since"]):
                    counts["contradict"] += 1
                    print(f"changed: {type_id}.{attribute}: {path} was {every}, `since` says only: {reader['since']}")
    if not given.tell:
        print(f"{sum(counts.values())} defaults: " + ", ".join(f"{number} {what}" for what, number in counts.items()))
        for key in sorted(set(reasons) - used):
            counts["contradict"] += 1
            print(f"exception that nothing needs: {' '.join(key)}")
    return 1 if counts["contradict"] else 0


if __name__ == "__main__":
    sys.exit(main())
