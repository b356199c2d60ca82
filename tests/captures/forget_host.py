#!/usr/bin/env python3
"""Blank what dumpcap notes about the recording machine in a pcapng file, in place.

usage: forget_host.py FILE.pcapng

The texts of shb_hardware, shb_os and if_os are overwritten with `x`, so no length changes.
Little-endian files only, which is what dumpcap writes on the machines that record.
"""
import struct
import sys

SECTION_HEADER, INTERFACE = 0x0A0D0D0A, 1
FIXED_PART = {SECTION_HEADER: 24, INTERFACE: 16}     # bytes before the options
HOST_OPTIONS = {SECTION_HEADER: {2, 3}, INTERFACE: {12}}
BYTE_ORDER_MAGIC = 0x1A2B3C4D


def blank_options(raw: bytearray, start: int, end: int, codes: set) -> None:
    while start + 4 <= end:
        code, length = struct.unpack_from("<HH", raw, start)
        if code == 0:
            return
        if code in codes:
            raw[start + 4:start + 4 + length] = b"x" * length
        start += 4 + (length + 3) // 4 * 4


def main(arguments: list) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[0], "rb") as stream:
        raw = bytearray(stream.read())
    if struct.unpack_from("<I", raw, 8)[0] != BYTE_ORDER_MAGIC:
        raise ValueError(f"{arguments[0]}: not a little-endian pcapng file")
    offset = 0
    while offset < len(raw):
        kind, length = struct.unpack_from("<II", raw, offset)
        if kind in FIXED_PART:
            blank_options(raw, offset + FIXED_PART[kind], offset + length - 4, HOST_OPTIONS[kind])
        offset += length
    with open(arguments[0], "wb") as stream:
        stream.write(raw)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
