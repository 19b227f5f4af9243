"""Writes the same rows with the writers that other people use (Arrow's in C++ and fastavro) in every format and compression that
they know, and holds what aedile reads of them against the rows themselves: how many there are, and of each column how many cells
hold nothing and how many hold something.

    python tests/formats/datasets.py BINARY FOLDER
"""

import decimal
import json
import pathlib
import subprocess
import sys

import fastavro
import pyarrow
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet

ROWS = 20_000
COLUMNS = {
    "id": list(range(ROWS)),
    "email": [f"user{n * 7919 % 100_003}@mailbox.org" if n % 11 else None for n in range(ROWS)],
    "status": [("new", "paid", "shipped")[n % 3] for n in range(ROWS)],
    "amount": [n / 7 for n in range(ROWS)],
    "active": [n % 2 == 0 for n in range(ROWS)],
    "long": ["x" * (n % 300 + 1) for n in range(ROWS)],
    "same": [0] * ROWS,
    "tags": [[f"t{n % 9}"] * (n % 4) if n % 7 else None for n in range(ROWS)],
    "counts": [{f"k{n % 5}": n} for n in range(ROWS)],
}


def expected():
    """By column: the cells, those without a value included, and those without one."""
    cells = {}
    for name, column in COLUMNS.items():
        if name == "tags":
            cells[name] = (sum(len(tags) for tags in column if tags), 0)
        elif name == "counts":
            cells["counts.key"] = cells["counts.value"] = (ROWS, 0)
        else:
            cells[name] = (ROWS, sum(cell is None for cell in column))
    return cells


def write(folder):
    kinds = {"counts": pyarrow.map_(pyarrow.string(), pyarrow.int64())}
    arrays = {
        name: pyarrow.array([list(cell.items()) for cell in column] if name in kinds else column, type=kinds.get(name))
        for name, column in COLUMNS.items()
    }
    more = {
        "day": pyarrow.array([n % 20_000 for n in range(ROWS)], type=pyarrow.date32()),
        "at": pyarrow.array([n * 10**6 for n in range(ROWS)], type=pyarrow.timestamp("us")),
        "price": pyarrow.array([decimal.Decimal(n) / 100 for n in range(ROWS)], type=pyarrow.decimal128(12, 2)),
        "who": pyarrow.array([{"name": f"Ann {n}", "age": n % 90} for n in range(ROWS)]),
    }
    table = pyarrow.table(arrays | more)
    for codec in ("uncompressed", "zlib", "snappy", "lz4", "zstd"):
        for threshold in (0.0, 0.8):
            path = folder / f"{codec}-{threshold}.orc"
            pyarrow.orc.write_table(
                table, path, compression=codec, dictionary_key_size_threshold=threshold, stripe_size=1 << 19
            )
    for codec in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
        for version in ("1.0", "2.0"):
            path = folder / f"{codec}-{version}.parquet"
            pyarrow.parquet.write_table(
                table, path, compression=codec, data_page_version=version, row_group_size=7_000, write_page_index=True
            )
    for codec in ("uncompressed", "lz4", "zstd"):
        pyarrow.feather.write_feather(table, folder / f"{codec}.arrow", compression=codec)
    types = {
        "id": "long",
        "email": ["null", "string"],
        "status": "string",
        "amount": "double",
        "active": "boolean",
        "long": "string",
        "same": "int",
        "tags": ["null", {"type": "array", "items": "string"}],
        "counts": {"type": "map", "values": "long"},
    }
    fields = [{"name": name, "type": kind} for name, kind in types.items()]
    schema = fastavro.parse_schema({"type": "record", "name": "row", "fields": fields})
    rows = [dict(zip(COLUMNS, cells)) for cells in zip(*COLUMNS.values())]
    for codec in ("null", "deflate", "bzip2", "xz"):
        with open(folder / f"{codec}.avro", "wb") as out:
            fastavro.writer(out, schema, rows, codec=codec)


def main():
    binary, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    write(folder)
    wanted, faults, read = expected(), [], 0
    for path in sorted(folder.iterdir()):
        command = [binary, "--quiet", "classify", "--full", "--format", "json", str(path)]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        datasets = json.loads(said.stdout)["datasets"] if said.stdout else []
        if len(datasets) != 1 or datasets[0]["rows_read"] != ROWS:
            faults.append(f"{path.name}: {[dataset['rows_read'] for dataset in datasets]} rows: {said.stderr.strip()}")
            continue
        columns = {column["name"]: (column["cells"], column["nulls"]) for column in datasets[0]["columns"]}
        # Where a list is null some writers leave one cell without a value.
        for name, (cells, nulls) in wanted.items():
            held = columns.get(name)
            if held is None or held[0] - held[1] != cells - nulls or (name != "tags" and held != (cells, nulls)):
                faults.append(f"{path.name}: {name}: {held}, not {(cells, nulls)}")
        read += 1
    print(f"{read} files of other writers read whole, {len(faults)} faults")
    if faults or not read:
        sys.exit("\n".join(faults))


main()
