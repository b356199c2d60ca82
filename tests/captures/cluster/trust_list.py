#!/usr/bin/env python3
"""Write a phone's trust list: a header, then a record for each certificate.

    trust_list.py OUT ROLE=CERTIFICATE.pem...       ROLE: SAST CCM CCM+TFTP TFTP CAPF TVS

The signature is 128 zeros: no phone would take it, and nobody here checks it.
"""

import base64
import pathlib
import re
import struct
import sys

ROLES = {"SAST": 0, "CCM": 1, "CCM+TFTP": 2, "TFTP": 3, "CAPF": 4, "TVS": 21}
SUBJECT = b"CN=ucm.example.com;O=Example Voice\0"


def element(tag, value=b""):
    return struct.pack(">BH", tag, len(value)) + value


def header(name):
    """Its second element says how long it is."""
    rest = b"".join([
        element(3), element(4, SUBJECT), element(5, b"\x01"), element(6, SUBJECT), element(7),
        element(8, b"\x02"), element(9), element(10, b"\0"), element(11, b"\0"),
        element(12, bytes(128)), element(14, name.encode() + b"\0"), element(15, b"\0\0\0\0"),
    ])
    start = element(1, b"\1\0")
    length = len(start) + 5 + len(rest)
    padding = -length % 4
    return start + element(2, struct.pack(">H", length + padding)) + rest + b"\x0d" * padding


def der(path):
    text = pathlib.Path(path).read_text()
    return base64.b64decode(re.search("-----BEGIN CERTIFICATE-----(.*?)-----END", text, re.S)[1])


def record(role, certificate):
    body = b"".join([
        element(2, b"ucm.example.com\0"), element(3, SUBJECT),
        element(4, struct.pack(">H", ROLES[role])), element(9, certificate),
    ])
    return element(1, struct.pack(">H", len(body) + 5)) + body


def main():
    out, *pairs = sys.argv[1:]
    records = [record(role, der(path)) for role, path in (pair.split("=") for pair in pairs)]
    pathlib.Path(out).write_bytes(header(pathlib.Path(out).name) + b"".join(records))


if __name__ == "__main__":
    main()
