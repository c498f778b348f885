"""Reads a backup of version 2 by its description, and prints its records as JSON lines."""
import base64
import gzip
import hashlib
import json
import sys

DATA, TRAILER, POSITION = 1, 2, 3


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        assert self.at + length <= len(self.data), "truncated"
        part = self.data[self.at:self.at + length]
        self.at += length
        return part

    def integer(self, length, signed=False):
        return int.from_bytes(self.take(length), "big", signed=signed)

    def text(self):
        return self.take(self.integer(4))


def records(plain):
    reader = Reader(plain)
    while reader.at < len(plain):
        kind, expiry = reader.integer(1), reader.integer(8, signed=True)
        key, value = reader.text(), reader.text()
        yield {"kind": kind, "expires_at": None if expiry == -1 else expiry,
               "key": key.decode(), "value": base64.b64encode(value).decode()}


def read(data):
    file = Reader(data)
    assert file.take(8) == b"VBTBACK\0", "not a backup"
    version, compression, encryption, flags = file.take(4)
    assert (version, compression, encryption, flags) == (2, 1, 0, 0), "not version 2 in plain gzip"
    header = file.text()
    digest = hashlib.sha256(data[:file.at]).digest()
    assert file.take(32) == digest, "header"
    yield json.loads(header)
    count = 0
    for index in range(2 ** 32):
        start = file.at
        kind, position, number = file.integer(1), file.integer(4), file.integer(4)
        plain_length, stored_length = file.integer(4), file.integer(4)
        stored = file.take(stored_length)
        digest = hashlib.sha256(digest + data[start:file.at]).digest()
        assert position == index and file.take(32) == digest, f"chunk {index}"
        plain = gzip.decompress(stored)
        assert len(plain) == plain_length
        if kind == DATA:
            found = list(records(plain))
            assert len(found) == number
            count += number
            yield from found
        elif kind == TRAILER:
            assert json.loads(plain) == {"count": count, "chunks": index}
            assert file.at == len(data), "bytes after the trailer"
            return


for item in read(open(sys.argv[1], "rb").read()):
    print(json.dumps(item))
