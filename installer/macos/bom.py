"""Writes a bill of materials, the file Bom of a component package: which paths
the package has, with mode, owner, size and checksum.

A BOMStore is a table of numbered blocks, and names for some of them:

    header    512 bytes: "BOMStore", where the table and the names lie
    blocks    one behind the other
    table     count, then address and length of each block; block 0 is empty
    names     count, then block, length and name of each

All numbers are big endian. The names are BomInfo (how many paths), Paths (a tree
of them, here with one leaf), HLIndex, VIndex and Size64 (hard links, and files
of 4 GiB: none here). The keys of the tree are sorted: parent, then name.
"""
import struct
import zlib

FILE, DIRECTORY = 1, 2
ROOT_MODE = 0o40755
LEAF_MAX = 256  # paths; more would need a second leaf
LEAF_BYTES = 4096
REVERSED = bytes(int(f"{i:08b}"[::-1], 2) for i in range(256))


def cksum(data):
    """The CRC of cksum(1): zlib's polynomial, bits the other way round, begun
    with 0, the length behind the data."""
    length = len(data).to_bytes((len(data).bit_length() + 7) // 8, "little")
    crc = zlib.crc32((data + length).translate(REVERSED), 0xFFFFFFFF)
    return int(f"{crc:032b}"[::-1], 2)


class Store:
    """Blocks and their names, and the bytes that they are."""

    def __init__(self):
        self.blocks = [b""]
        self.names = []

    def add(self, data):
        self.blocks.append(data)
        return len(self.blocks) - 1

    def name(self, name, data):
        self.names.append((self.add(data), name.encode()))

    def bytes(self):
        body, table = b"", struct.pack(">II", 0, 0)
        for data in self.blocks[1:]:
            table += struct.pack(">II", 512 + len(body), len(data))
            body += data
        table = struct.pack(">I", len(self.blocks)) + table
        table += struct.pack(">I", 0)  # free blocks
        names = struct.pack(">I", len(self.names))
        for block, name in self.names:
            names += struct.pack(">IB", block, len(name)) + name
        at = 512 + len(body)
        header = b"BOMStore" + struct.pack(
            ">6I", 1, len(self.blocks) - 1, at + len(names), len(table), at, len(names)
        )
        return header.ljust(512, b"\0") + body + names + table


def leaf(entries, size=LEAF_BYTES):
    """entries: block of the value, block of the key."""
    data = struct.pack(">HHII", 1, len(entries), 0, 0)
    data += b"".join(struct.pack(">II", *entry) for entry in entries)
    return data.ljust(size, b"\0")


def tree(store, entries, size=LEAF_BYTES):
    child = store.add(leaf(entries, size))
    return b"tree" + struct.pack(">IIIIB", 1, child, size, len(entries), 0)


def details(entry):
    """What is known of a path; owner and group are 0."""
    kind = DIRECTORY if entry.data is None else FILE
    data = entry.data or b""
    return struct.pack(
        ">BBHHIIIIBII", kind, 1, 3, entry.mode & 0xFFFF, 0, 0, entry.mtime,
        len(data), 1, cksum(data) if kind == FILE else 0, 0
    )


def write(entries):
    """The bytes of a Bom. entries: the top first, then what is in it, each
    directory before what is in that; attributes path (of parts, the top is
    empty), mode, mtime and data (None: a directory)."""
    if len(entries) > LEAF_MAX:
        raise ValueError(
            f"the package has {len(entries)} paths; one leaf of a Bom takes {LEAF_MAX}"
        )
    store, paths = Store(), []
    store.name("BomInfo", struct.pack(">III4I", 1, len(entries), 1, 0, 0, 0, 0))
    number = {}
    ordered = sorted(entries, key=lambda entry: (len(entry.path), entry.path))
    for count, entry in enumerate(ordered, 1):
        number[entry.path] = count
        parent = number[entry.path[:-1]] if entry.path else 0
        name = entry.path[-1] if entry.path else "."
        known = store.add(details(entry))
        value = store.add(struct.pack(">II", count, known))
        key = store.add(struct.pack(">I", parent) + name.encode() + b"\0")
        paths.append((parent, name.encode(), value, key))
    paths.sort()
    store.name("Paths", tree(store, [path[2:] for path in paths]))
    store.name("HLIndex", tree(store, []))
    inner = store.add(tree(store, [], 128))
    store.name("VIndex", struct.pack(">IIIB", 1, inner, 0, 0))
    store.name("Size64", tree(store, []))
    return store.bytes()
