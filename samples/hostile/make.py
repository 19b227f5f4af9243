"""Writes the hostile files that are too heavy to commit into a folder of their own.

    python samples/hostile/make.py TARGET

Takes a few seconds and about 60 MB. Needs nothing but Python 3.9 and a POSIX file system.
"""

import os
import struct
import sys
import zlib
from pathlib import Path

MIB = 1 << 20
GIB = 1 << 30
ROW = b"000-00-0000,nobody@mail.example.org,Dublin\n"


def rows(size):
    return ROW * (size // len(ROW))


def huge_lines(root):
    """One line of 12 MB, as code, as configuration and as data."""
    (root / "huge_line.py").write_bytes(b"X = '" + b"a" * (12 * MIB) + b"'\n")
    (root / "huge_line.tf").write_bytes(b'locals { x = "' + b"a" * (12 * MIB) + b'" }\n')
    (root / "huge_line.csv").write_bytes(b"email\n" + b"a" * (12 * MIB) + b"\n")
    (root / "huge_line.json").write_bytes(b'{"a": "' + b"a" * (12 * MIB) + b'"}')


def gzip_bomb(root):
    """10 GiB of rows in about 30 MB: one gzip member, written again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    member = packer.compress(rows(64 * MIB)) + packer.flush()
    with (root / "bomb.csv.gz").open("wb") as out:
        for _ in range(10 * GIB // (64 * MIB)):
            out.write(member)


def zip_bomb(root):
    """Ten members of 1 GiB, each a deflate stream of one block repeated."""
    block = bytes(16 * MIB)
    repeats = GIB // len(block)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packer.compress(b"")
    piece = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    stream = piece * repeats + b"\x03\x00"
    crc = 0
    for _ in range(repeats):
        crc = zlib.crc32(block, crc)
    with (root / "bomb.zip").open("wb") as out:
        directory = b""
        for number in range(10):
            name = f"rows{number}.csv".encode()
            fields = (20, 0, 8, 0, 0x21, crc, len(stream), GIB, len(name), 0)
            offset = out.tell()
            out.write(struct.pack("<4sHHHHHLLLHH", b"PK\x03\x04", *fields) + name + stream)
            directory += struct.pack("<4sHHHHHHLLLHHHHHLL", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, offset) + name
        start = out.tell()
        out.write(directory + struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 10, 10, len(directory), start, 0))


def wide(root):
    """A table of 20 000 columns."""
    names = ",".join(f"email_{n}" for n in range(20_000))
    cells = ",".join("a@mail.example.org" for _ in range(20_000))
    (root / "wide.csv").write_text(f"{names}\n{cells}\n{cells}\n", encoding="utf-8")


def names(root):
    """Names with control characters, direction marks, markup and bytes that are no UTF-8."""
    folder = os.fsencode(root / "names")
    os.makedirs(folder, exist_ok=True)
    for name in (
        b"line\nbreak.csv", b"escape\x1b[31m.csv", b"tab\there.py", "right\u202eto-left.csv".encode(),
        b"not\xffutf8.csv", b"<img src=x onerror=alert(1)>.csv", b"-rf.csv", b" space .csv", b"=cmd|calc.csv",
        b"long" + b"x" * 240 + b".csv",
    ):
        with open(os.path.join(folder, name), "wb") as out:
            out.write(b"email,city\nann@mail.example.org,Cork\n")


def deep(root):
    """A folder 200 levels down."""
    folder = root.joinpath("deep", *["d"] * 200)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rows.csv").write_text("email,city\nann@mail.example.org,Cork\n", encoding="utf-8")


def links(root):
    """A ring of folders, and a link to the root of the file system."""
    ring = root / "ring"
    for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
        (ring / one).mkdir(parents=True, exist_ok=True)
        place = ring / one / other
        if not place.is_symlink():
            place.symlink_to(Path("..") / other, target_is_directory=True)
    everything = root / "everything"
    if not everything.is_symlink():
        everything.symlink_to("/", target_is_directory=True)


def special(root):
    """A pipe that nobody writes to: whoever opens it to read, waits."""
    pipe = root / "pipe.csv"
    if not pipe.exists():
        os.mkfifo(pipe)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make.py TARGET")
    root = Path(sys.argv[1])
    root.mkdir(parents=True, exist_ok=True)
    for write in (huge_lines, gzip_bomb, zip_bomb, wide, names, deep, links, special):
        write(root)


if __name__ == "__main__":
    main()
