#!/usr/bin/env python3
"""A bad cable between two interfaces: forwards frames, loses, delays and repeats some.

usage: lossy_wire.py INTERFACE INTERFACE

Which frames suffer depends on their number alone, so that a recording can be repeated.  Only
frames that carry TCP data from the server count; the connection's set-up passes unharmed.  The
real TCP of both ends does the rest: retransmission, selective acknowledgement, duplicates.
Prints "listening" when ready and runs until it is killed.
"""
import os
import select
import socket
import sys

sys.dont_write_bytecode = True  # the captures' directory holds nothing but what is shipped
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from disturb import find_segment, with_checksums  # noqa: E402  (needs the path above)

ALL_PROTOCOLS = 0x0003
LOST = {2, 9}        # never arrive; the server must send these bytes again
DELAYED = {4, 12}    # arrive behind the frame that follows them
REPEATED = {6, 10}   # arrive twice


def open_interface(name: str) -> socket.socket:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    sock.bind((name, 0))
    return sock


class Wire:
    """One direction-aware queue: `held` is the frame that waits for the next one to pass."""

    def __init__(self) -> None:
        self.count = 0
        self.held = None

    def carry(self, frame: bytes) -> list:
        """The frames that come out at the far end, in order, when this one goes in."""
        # The sender's stack left the checksum to a card that does not exist.
        frame = with_checksums(frame)
        segment = find_segment(frame)
        if not (segment and segment.length and segment.from_server):
            return [frame]
        self.count += 1
        if self.count in LOST:
            return []
        if self.count in DELAYED:
            self.held = frame
            return []
        out = [frame, frame] if self.count in REPEATED else [frame]
        if self.held:
            out.append(self.held)
            self.held = None
        return out


def main(arguments: list) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    ends = [open_interface(name) for name in arguments]
    wire = Wire()
    print("listening", flush=True)
    while True:
        for source in select.select(ends, [], [])[0]:
            frame, address = source.recvfrom(65536)
            if address[2] == socket.PACKET_OUTGOING:
                continue  # what we sent ourselves
            target = ends[1] if source is ends[0] else ends[0]
            for out in wire.carry(frame):
                target.send(out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
