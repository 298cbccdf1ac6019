#!/usr/bin/env python3
"""Write spool-v1.json: spool files made from docs/spool-format.md alone.

An implementation of the format that shares no code with core/crypto, so that
the pinned vectors check the document and the C code against each other. Needs
the Python package cryptography. Run by hand; the tests only read the result.
"""
import hashlib
import hmac
import json
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap


def hkdf(key, salt, info):
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt,
                info=info).derive(key)


def fixed(label, length):
    """Bytes that look random and are the same every time."""
    return hashlib.shake_256(b"printhold vector " + label).digest(length)


def pattern(length):
    return bytes((i + i // 251) & 255 for i in range(length))


def header(job, epoch, epoch_key, data_key):
    out = b"PHSPOOL1" + struct.pack(">HHI", 1, 1, 4096) + job + epoch
    out += aes_key_wrap(epoch_key, data_key)
    key = hkdf(data_key, None, b"printhold/v1/commitment")
    out += hmac.new(key, out, hashlib.sha256).digest()
    return out + bytes(4096 - len(out))


def body(data_key, header_hash, salt, prefix, plain):
    out = bytes([40]) + salt + prefix
    aead = AESGCM(hkdf(data_key, salt, header_hash))
    parts, pos, room = [], 0, 65480
    while True:
        parts.append(plain[pos:pos + room])
        pos += room
        room = 65520
        if pos >= len(plain):
            break
    for i, part in enumerate(parts):
        last = 1 if i == len(parts) - 1 else 0
        nonce = prefix + struct.pack(">IB", i, last)
        out += aead.encrypt(nonce, part, None)
    return out


def record(data_key, header_hash, sequence, body_size, nonce, plain):
    clear = b"PHMETA01" + struct.pack(">IQI", sequence, body_size, len(plain))
    key = hkdf(data_key, header_hash, b"printhold/v1/metadata")
    out = clear + nonce
    out += AESGCM(key).encrypt(nonce, plain, header_hash + clear)
    return out + struct.pack(">I", len(out) + 12) + b"PHMETA01"


def epoch_file(machine_key, epoch, day, epoch_key):
    salt = epoch + struct.pack(">q", day)
    key = hkdf(machine_key, salt, b"printhold/v1/epoch")
    return b"PHEPOCH1" + struct.pack(">q", day) + aes_key_wrap(key, epoch_key)


def vector(name, size, records):
    label = name.encode()
    machine_key = fixed(b"machine key", 32)
    epoch, epoch_key = fixed(b"epoch", 16), fixed(b"epoch key", 32)
    day = 20778  # 2026-11-21
    job = fixed(label + b" job", 16)
    data_key = fixed(label + b" data key", 32)
    salt, prefix = fixed(label + b" salt", 32), fixed(label + b" prefix", 7)
    head = header(job, epoch, epoch_key, data_key)
    header_hash = hashlib.sha256(head).digest()
    plain = pattern(size)
    data = head + body(data_key, header_hash, salt, prefix, plain)
    metadata = []
    for i, text in enumerate(records):
        nonce = fixed(label + b" nonce %d" % i, 12)
        data += record(data_key, header_hash, i + 1, size, nonce,
                       text.encode())
        metadata.append({"nonce": nonce.hex(), "text": text})
    out = {
        "name": name, "machine_key": machine_key.hex(), "epoch": epoch.hex(),
        "epoch_file": epoch_file(machine_key, epoch, day, epoch_key).hex(),
        "job": job.hex(), "data_key": data_key.hex(),
        "stream_header": (bytes([40]) + salt + prefix).hex(),
        "document_size": size,
        "document_sha256": hashlib.sha256(plain).hexdigest(),
        "metadata": metadata, "header": head[:120].hex(),
        "header_sha256": header_hash.hex(), "file_size": len(data),
        "file_sha256": hashlib.sha256(data).hexdigest(),
    }
    if len(data) < 6000:
        out["after_header"] = data[4096:].hex()
    return out


def main():
    ticket = '{"copies":1,"sides":"one-sided"}'
    vectors = [
        vector("empty document, empty metadata", 0, [""]),
        vector("three bytes, two records", 3, [ticket, ticket + " "]),
        vector("one full segment", 65480, [ticket]),
        vector("one byte in the second segment", 65481, [ticket]),
        vector("two full segments", 131000, [ticket]),
        vector("more than two batches", 600000, [ticket, ticket, "{}"]),
    ]
    json.dump(vectors, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
