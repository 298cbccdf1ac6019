"""Writes a xar archive: a header, a compressed table of contents in XML, and a
heap with the files. The files are stored as they are; what of a package is big
is compressed already. Nothing of where and when it was made is in it but the
time that is given.
"""
import hashlib
import struct
import time
import zlib
from xml.sax.saxutils import escape

MAGIC, VERSION, SHA1 = b"xar!", 1, 1
HEADER = ">4sHHQQI"
CHECKSUM_BYTES = 20  # of the table, first in the heap


def sha1(data):
    return hashlib.sha1(data).hexdigest()


class Writer:
    def __init__(self, epoch):
        self.time = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
        self.heap, self.at, self.count = [], CHECKSUM_BYTES, 0

    def item(self, name, mode, kind, data="", items=""):
        self.count += 1
        return (
            f'<file id="{self.count}">{data}<ctime>{self.time}</ctime>'
            f"<mtime>{self.time}</mtime><group>wheel</group><gid>0</gid>"
            f"<user>root</user><uid>0</uid><mode>{mode}</mode>"
            f"<type>{kind}</type><name>{escape(name)}</name>{items}</file>"
        )

    def file(self, name, data):
        at, check = self.at, sha1(data)
        self.heap.append(data)
        self.at += len(data)
        return self.item(
            name,
            "0644",
            "file",
            f"<data><length>{len(data)}</length>"
            '<encoding style="application/octet-stream"/>'
            f"<offset>{at}</offset><size>{len(data)}</size>"
            f'<extracted-checksum style="sha1">{check}</extracted-checksum>'
            f'<archived-checksum style="sha1">{check}</archived-checksum></data>',
        )

    def directory(self, name, items):
        return self.item(name, "0755", "directory", items="".join(items))


def write(files, epoch):
    """The bytes of the archive. files: name to bytes, or to a dictionary of the
    same for a directory."""
    writer = Writer(epoch)

    def items(of):
        return [
            writer.directory(name, items(what))
            if isinstance(what, dict)
            else writer.file(name, what)
            for name, what in of.items()
        ]

    table = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<xar><toc>'
        f'<checksum style="sha1"><offset>0</offset><size>{CHECKSUM_BYTES}</size>'
        f"</checksum><creation-time>{writer.time.rstrip('Z')}</creation-time>"
        f"{''.join(items(files))}</toc></xar>\n"
    ).encode()
    packed = zlib.compress(table, 9)
    header = struct.pack(
        HEADER, MAGIC, struct.calcsize(HEADER), VERSION, len(packed), len(table), SHA1
    )
    return b"".join([header, packed, hashlib.sha1(packed).digest(), *writer.heap])
