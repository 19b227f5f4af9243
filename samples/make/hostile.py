"""Writes the committed files of samples/hostile, all of them small, the same bytes on every run.

    python samples/make/hostile.py         # after data.py: the truncated Parquet file is cut from clinic's

What is too heavy to commit is written by samples/hostile/make.py into a folder of its own.
"""

import gzip
import os
import shutil
import zlib
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent
ROOT = SAMPLES / "hostile"
DEEP = 5_000
# Assembled so that this file itself holds no credential.
DSN = "postgresql://loader:" + "Wm4xT9qRb2Lz" + "@db.warehouse.internal:5432/sales"


def put(path, content):
    target = ROOT / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))


def link(path, to):
    target = ROOT / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    os.symlink(to, target)


def truncated():
    put("truncated/main.tf", 'resource "aws_s3_bucket" "landing" {\n  bucket = "sales-landing"\n\n  tags = {\n    Owner = "sales-d')
    put(
        "truncated/load.py",
        f'import pandas as pd\n\nDSN = "{DSN}"\n\n\ndef load(path):\n    frame = pd.read_csv(path, usecols=["email", "city"\n    frame.to_sql("customers", DSN, if_exists="app',
    )
    put("truncated/notebook.ipynb", '{\n "cells": [\n  {\n   "cell_type": "code",\n   "source": ["import pandas as pd\\n", "df = pd.read_cs')
    put("truncated/schema.sql", "CREATE TABLE sales.customers (\n    email varchar(160) DEFAULT 'none,\n    city varchar(80\n")
    put("truncated/deployment.yaml", 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\n spec:\n   template: {spec: {containers: [{name: api, image: "api:1')
    put("truncated/values.json", '{"customers": [{"email": "a.b@mail.example.org", "city": "Du')
    parquet = (SAMPLES / "clinic/data/visits.parquet").read_bytes()
    put("truncated/visits.parquet", parquet[: len(parquet) * 3 // 5])
    put("truncated/footer.parquet", b"PAR1" + b"\xff" * 64 + b"\xff\xff\xff\x7fPAR1")
    rows = "email,city\n" + "".join(f"user{n}@mail.example.org,Dublin\n" for n in range(2_000))
    packed = gzip.compress(rows.encode(), mtime=0)
    put("truncated/rows.csv.gz", packed[: len(packed) // 2])


def encodings():
    rows = "vorname,nachname,email,bestellungen\n" + "".join(
        f"J\u00f6rg,M\u00fcller,joerg.mueller{n}@mail.example.org,{n % 7}\n" for n in range(40)
    )
    put("encodings/latin1.csv", rows.encode("latin-1"))
    put("encodings/utf16_bom.csv", rows.encode("utf-16"))
    put("encodings/utf16le_without_bom.csv", rows.encode("utf-16-le"))
    put("encodings/utf16be_without_bom.csv", rows.encode("utf-16-be"))
    put("encodings/utf32_bom.csv", rows.encode("utf-32"))
    put("encodings/utf8_bom.csv", b"\xef\xbb\xbf" + rows.encode())
    put("encodings/invalid_utf8.py", b'"""Loader."""\n\nNAME = "caf\xe9 \xff\xfe \xc0\xaf \xed\xa0\x80"\n')
    put("encodings/invalid_utf8.tf", b'variable "name" {\n  default = "caf\xe9 \xf5\x80\x80\x80"\n}\n')
    put("encodings/nul_bytes.yaml", b"apiVersion: v1\x00\nkind: Secret\x00\nmetadata: {name: a\x00b}\n")
    put("encodings/bidi.py", "# \u202e reverse \u2066 isolate \u200b zero width\nrole\u202e = 'user\u2066'  # \u001b[31mred\u001b[0m\n")


def bombs():
    levels = "\n".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 30))
    put("bombs/aliases.yaml", f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: lol\ndata:\n  l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n{levels}\n")
    put("bombs/alias_of_itself.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: &m\n  name: ring\n  labels: *m\n")
    put("bombs/count/main.tf", 'resource "aws_s3_bucket" "many" {\n  count  = 1000000000\n  bucket = "many-${count.index}"\n}\n\nlocals {\n  every = [for n in range(1000000000) : "s${n}"]\n}\n')
    put("bombs/cycle/main.tf", 'locals {\n  a = local.b\n  b = local.c\n  c = "${local.a}-x"\n}\n\nresource "aws_s3_bucket" "round" {\n  bucket = local.a\n}\n')
    put("bombs/itself/main.tf", 'module "again" {\n  source = "./"\n}\n\nresource "aws_s3_bucket" "inner" {\n  bucket = "inner"\n}\n')
    put("bombs/pair/one/main.tf", 'module "two" {\n  source = "../two"\n}\n')
    put("bombs/pair/two/main.tf", 'module "one" {\n  source = "../one"\n}\n')
    doubling = "\n".join(f'  d{n} = "${{local.d{n - 1}}}${{local.d{n - 1}}}"' for n in range(1, 64))
    put("bombs/doubling/main.tf", f'locals {{\n  d0 = "0123456789"\n{doubling}\n}}\n\nresource "aws_s3_bucket" "long" {{\n  bucket = local.d63\n}}\n')
    fanout = "\n".join(f"  f{n} = [local.f{n - 1}, local.f{n - 1}, local.f{n - 1}]" for n in range(1, 40))
    put("bombs/fanout/main.tf", f'locals {{\n  f0 = ["x"]\n{fanout}\n}}\n\noutput "all" {{\n  value = flatten(local.f39)\n}}\n')
    doubling = "\n".join(f"s{n} = s{n - 1} + s{n - 1}" for n in range(1, 64))
    put("bombs/doubling.py", f'import pandas as pd\n\ns0 = "0123456789"\n{doubling}\npd.read_csv(s63)\n')
    put("bombs/calls_itself.py", "import pandas as pd\n\n\ndef load(frame):\n    return save(frame.rename(columns={'email': 'mail'}))\n\n\ndef save(frame):\n    return load(frame)\n\n\nsave(pd.read_csv('rows.csv'))\n")
    put("bombs/imports_a.py", "from imports_b import B\n\nA = B + 'a'\n")
    put("bombs/imports_b.py", "from imports_a import A\n\nB = A + 'b'\n")
    put("bombs/dbt/dbt_project.yml", "name: ring\nversion: '1'\nconfig-version: 2\nprofile: ring\n")
    put("bombs/dbt/models/a.sql", "select * from {{ ref('b') }}\n")
    put("bombs/dbt/models/b.sql", "select * from {{ ref('a') }}\n")
    put("bombs/dbt/models/spin.sql", "{% for i in range(1000000000) %}{% for j in range(1000000000) %}select {{ i * j }} union all {% endfor %}{% endfor %}select 1\n")
    put("bombs/view_of_itself.sql", "CREATE VIEW v AS SELECT * FROM w;\nCREATE VIEW w AS SELECT * FROM v;\nWITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r;\n")


def nested():
    put("nested/deep.json", "[" * DEEP + "]" * DEEP)
    put("nested/deep_objects.json", '{"a":' * 2_500 + "1" + "}" * 2_500)
    put("nested/deep.jsonl", "{}\n" + "[" * DEEP + "]" * DEEP + "\n")
    put("nested/deep.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: deep\ndata: " + "[" * DEEP + "]" * DEEP + "\n")
    put("nested/deep.tf", "locals {\n  deep = " + "[" * DEEP + "]" * DEEP + "\n  sum  = " + "(" * DEEP + "1" + ")" * DEEP + "\n}\n")
    put("nested/deep.py", "deep = " + "(" * DEEP + "1" + ")" * DEEP + "\nsign = " + "-" * DEEP + "1\n")
    put("nested/chain.py", "import pandas as pd\n\nframe = pd.read_csv('rows.csv')" + ".copy()" * 2_000 + "\n")
    put("nested/deep.sql", "SELECT " + "(" * DEEP + "1" + ")" * DEEP + " AS n;\n")
    put("nested/deep_selects.sql", "SELECT * FROM (" * 1_000 + "SELECT 1 AS n" + ") t" * 1_000 + ";\n")
    put("nested/deep.ipynb", '{"cells": [{"cell_type": "code", "metadata": ' + "[" * DEEP + "]" * DEEP + ', "source": [], "outputs": []}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n')
    put("nested/deep_braces.sql", "select " + "{{ (" * 500 + "1" + ") }}" * 500 + "\n")


def misnamed():
    put("misnamed/report.csv", "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad Gateway</h1></center><hr></body></html>\n")
    put("misnamed/rows.parquet", "email,city\nann@mail.example.org,Cork\n")
    put("misnamed/rows.json", "email,city\nann@mail.example.org,Cork\n")
    put("misnamed/module.py", b"\x89PNG\r\n\x1a\n" + zlib.compress(bytes(4_000)))
    put("misnamed/unclosed_quote.csv", 'email,note\nann@mail.example.org,"never closed\n' + "bob@mail.example.org,x\n" * 300)
    put("misnamed/ragged.csv", "email,city\n" + "".join("a@mail.example.org" + ",x" * (n % 30) + "\n" for n in range(200)))
    put("misnamed/markup.tf", 'resource "aws_s3_bucket" "markup" {\n  bucket = "markup-<script>alert(1)</script>"\n\n  tags = {\n    Owner = "\\u001b[31m=HYPERLINK(1)</td><img src=x onerror=alert(1)>"\n  }\n}\n')
    put("misnamed/aedile.yaml.txt", "exclude: ['**']\n")


def empty():
    for extension in ("avro csv feather gz ipynb json jsonl orc parquet py sql tf tf.json tfvars tsv txt xlsx yaml yml zip").split():
        put(f"empty/empty.{extension}", b"")


def links():
    put("links/rows.csv", "email,city\nann@mail.example.org,Cork\n")
    link("links/outside.toml", "../../../Cargo.toml")
    link("links/outside_folder", "../../../policies")
    link("links/loop", ".")
    link("links/itself", "itself")
    link("links/nowhere.csv", "missing.csv")
    link("links/inside.csv", "rows.csv")


if __name__ == "__main__":
    for folder in ("truncated", "encodings", "bombs", "nested", "misnamed", "empty", "links"):
        shutil.rmtree(ROOT / folder, ignore_errors=True)
    for write in (truncated, encodings, bombs, nested, misnamed, empty, links):
        write()
