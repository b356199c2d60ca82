#!/usr/bin/env python3
"""Wrap a configuration as a call manager does: a header of elements, then the text.

    signed_file.py OUT IN CERTIFICATE.pem KEY.pem [sha1|sha256|sha512]     SEP....cnf.xml.sgn
    signed_file.py OUT IN                                                  SEP....cnf.xml.enc.sgn

The signature, made by openssl, covers the whole file but its own element. The encrypted one has the header
alone and random bytes behind it: nobody could read it without a phone's key.
"""

import os
import pathlib
import struct
import subprocess
import sys

HASHES = {"sha1": 1, "sha256": 2, "sha512": 3}
SIGNED_AT = 1764000000


def element(tag, value=b""):
    return struct.pack(">BH", tag, len(value)) + value


def text(tag, value):
    return element(tag, value.encode() + b"\0")


def openssl(*arguments, given=None):
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout


def certificate_facts(path):
    """Subject, issuer and serial number, as the header spells them."""
    shown = openssl("x509", "-in", path, "-noout", "-subject", "-issuer", "-serial", "-nameopt", "RFC2253").decode()
    facts = dict(line.split("=", 1) for line in shown.splitlines())
    names = [facts[part].strip().replace(",", ";") for part in ("subject", "issuer")]
    return *names, bytes.fromhex(facts["serial"])


def with_length(elements):
    """Version and length in front, padding behind."""
    start = element(1, b"\1\0")
    length = len(start) + 5 + len(elements)
    padding = -length % 4
    return start + element(2, struct.pack(">H", length + padding)) + elements + b"\x0d" * padding


def signed(name, payload, certificate, key, digest):
    subject, issuer, serial = certificate_facts(certificate)
    size = len(openssl("pkey", "-in", key, "-pubout", "-outform", "DER"))
    size = 256 if size < 400 else 512
    signer = text(4, subject) + element(5, serial) + text(6, issuer)
    before = element(3, signer)[:3] + signer + element(7, bytes(4))[:3] + element(8, bytes([HASHES[digest]])) \
        + element(9, bytes(8))[:3] + element(10, b"\0") + element(11, b"\2")
    behind = text(14, name) + element(15, struct.pack(">I", SIGNED_AT))
    file = with_length(before + element(12, bytes(size)) + behind) + payload
    at = file.index(element(12, bytes(size)))
    covered = file[:at] + file[at + 3 + size:]
    signature = openssl("dgst", f"-{digest}", "-sign", key, given=covered)
    if len(signature) != size:
        raise SystemExit(f"a signature of {len(signature)} bytes, not {size}")
    return file[:at] + element(12, signature) + file[at + 3 + size:]


def encrypted(name, payload):
    sealed = os.urandom(len(payload) + -len(payload) % 16)
    header = text(14, name) + element(16)[:3] + element(17)[:3] + element(19, os.urandom(16)) + element(20, b"\0") \
        + element(21)[:3] + element(23, b"\x04\x00") + element(25, os.urandom(128)) + element(26, b"\1") \
        + element(27, os.urandom(20))
    return with_length(header) + sealed


def main():
    out, source, *rest = sys.argv[1:]
    name, payload = pathlib.Path(out).name, pathlib.Path(source).read_bytes()
    made = signed(name, payload, *rest[:2], *(rest[2:] or ["sha1"])) if rest else encrypted(name, payload)
    pathlib.Path(out).write_bytes(made)


if __name__ == "__main__":
    main()
