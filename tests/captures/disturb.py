#!/usr/bin/env python3
"""Do to a capture file what a network, a switch or a capture card would have done.

usage: disturb.py OPERATION [ARGUMENT] IN.pcap OUT.pcap

Operations (frames count from 1, as Wireshark shows them):
  reorder            exchange neighbouring TCP segments of the same direction; times stay in order
  duplicate N        every N-th frame comes twice
  drop N[,N...]      these frames were never captured
  cut-front N        the capture began after frame N
  cut-tail N         the file ends N bytes early, inside its last packet
  vlan ID[,ID]       one 802.1Q tag, or an 802.1ad tag around an 802.1Q tag
  fragment SIZE      IPv4 datagrams whose payload is larger go as fragments of SIZE bytes
  overlap-conflict   every server segment is sent again with other bytes
  keepalive          behind every server segment, a TCP keep-alive that carries one wrong byte
  badsum             every TCP checksum is wrong, as with checksum offload
  big-endian         the same frames in a file written by a machine of the other byte order
  slice N:M          only the frames N to M

Reads classic pcap files of Ethernet frames, of either byte order and time unit.
"Server" is the side whose TCP port is the lower one.  Standard library only.
"""
import struct
import sys
from dataclasses import dataclass, replace

MAGICS = {0xA1B2C3D4, 0xA1B23C4D}  # micro- and nanoseconds
ETHER_HEADER = 14
ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_IPV6 = 0x86DD
TPID_CUSTOMER = 0x8100
TPID_SERVICE = 0x88A8
PROTOCOL_TCP = 6
FLAG_ACK = 0x10
MORE_FRAGMENTS = 0x2000


@dataclass
class Frame:
    """One record of the file; `wire_length` differs from len(data) where the snap length cut it."""

    seconds: int
    fraction: int
    wire_length: int
    data: bytes

    def with_data(self, data: bytes) -> "Frame":
        """The same moment, other bytes (never of a frame that the snap length had cut)."""
        return replace(self, data=data, wire_length=len(data))


@dataclass
class Capture:
    """A classic pcap file: byte order, the global header's fields behind the magic, frames."""

    order: str
    magic: int
    header: tuple
    frames: list

    @classmethod
    def read(cls, path: str) -> "Capture":
        with open(path, "rb") as stream:
            raw = stream.read()
        for order in "<>":
            magic = struct.unpack_from(order + "I", raw)[0]
            if magic in MAGICS:
                break
        else:
            raise ValueError(f"{path}: not a classic pcap file")
        capture = cls(order, magic, struct.unpack_from(order + "HHiIII", raw, 4), [])
        offset = 24
        while offset < len(raw):
            seconds, fraction, captured, wire = struct.unpack_from(order + "IIII", raw, offset)
            offset += 16
            capture.frames.append(Frame(seconds, fraction, wire, raw[offset:offset + captured]))
            offset += captured
        return capture

    def to_bytes(self) -> bytes:
        parts = [struct.pack(self.order + "IHHiIII", self.magic, *self.header)]
        for frame in self.frames:
            parts.append(struct.pack(self.order + "IIII", frame.seconds, frame.fraction,
                                     len(frame.data), frame.wire_length))
            parts.append(frame.data)
        return b"".join(parts)


@dataclass
class Segment:
    """Where the parts of a TCP segment lie inside its Ethernet frame."""

    ip: int
    ip_version: int
    tcp: int
    payload: int
    end: int
    source_port: int
    destination_port: int
    sequence: int

    @property
    def length(self) -> int:
        return self.end - self.payload

    @property
    def from_server(self) -> bool:
        return self.source_port < self.destination_port

    @property
    def direction(self) -> tuple:
        return (self.source_port, self.destination_port)


def internet_checksum(data: bytes) -> int:
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def find_segment(frame: bytes):
    """The TCP segment of an untagged, unfragmented Ethernet frame, or None."""
    if len(frame) < ETHER_HEADER + 20:
        return None
    ethertype = struct.unpack_from(">H", frame, 12)[0]
    ip = ETHER_HEADER
    if ethertype == ETHERTYPE_IPV4:
        version, protocol = 4, frame[ip + 9]
        tcp = ip + (frame[ip] & 0x0F) * 4
        end = ip + struct.unpack_from(">H", frame, ip + 2)[0]
        if struct.unpack_from(">H", frame, ip + 6)[0] & 0x3FFF:
            return None
    elif ethertype == ETHERTYPE_IPV6 and len(frame) >= ip + 40:
        version, protocol = 6, frame[ip + 6]
        tcp = ip + 40
        end = tcp + struct.unpack_from(">H", frame, ip + 4)[0]
    else:
        return None
    if protocol != PROTOCOL_TCP or end > len(frame) or tcp + 20 > end:
        return None
    source, destination, sequence = struct.unpack_from(">HHI", frame, tcp)
    payload = tcp + (frame[tcp + 12] >> 4) * 4
    return Segment(ip, version, tcp, payload, end, source, destination, sequence)


def with_checksums(frame: bytes) -> bytes:
    """The frame with the IPv4 header checksum and the TCP checksum that its bytes call for."""
    segment = find_segment(frame)
    if segment is None:
        return frame
    out = bytearray(frame)
    ip, tcp, end = segment.ip, segment.tcp, segment.end
    if segment.ip_version == 4:
        struct.pack_into(">H", out, ip + 10, 0)
        struct.pack_into(">H", out, ip + 10, internet_checksum(bytes(out[ip:tcp])))
        addresses = out[ip + 12:ip + 20]
    else:
        addresses = out[ip + 8:ip + 40]
    struct.pack_into(">H", out, tcp + 16, 0)
    pseudo = bytes(addresses) + struct.pack(">II", end - tcp, PROTOCOL_TCP)
    struct.pack_into(">H", out, tcp + 16, internet_checksum(pseudo + bytes(out[tcp:end])))
    return bytes(out)


def with_payload(frame: bytes, sequence: int, payload: bytes) -> bytes:
    """The frame's headers around another stretch of the stream; lengths and checksums follow."""
    segment = find_segment(frame)
    out = bytearray(frame[:segment.payload]) + payload
    struct.pack_into(">I", out, segment.tcp + 4, sequence & 0xFFFFFFFF)
    if segment.ip_version == 4:
        struct.pack_into(">H", out, segment.ip + 2, len(out) - segment.ip)
    else:
        struct.pack_into(">H", out, segment.ip + 4, len(out) - segment.tcp)
    return with_checksums(bytes(out))


def server_data(frame: Frame):
    """The frame's segment when it carries bytes from the server, else None."""
    segment = find_segment(frame.data)
    return segment if segment and segment.length and segment.from_server else None


def number_list(text: str) -> list:
    return [int(item) for item in text.split(",")]


def reorder(capture: Capture, _argument) -> None:
    """The bytes change places and the times stay, as when a slower path delivered the first."""
    frames, index = capture.frames, 0
    while index + 1 < len(frames):
        here, behind = find_segment(frames[index].data), find_segment(frames[index + 1].data)
        if (here and behind and here.length and behind.length
                and here.direction == behind.direction):
            first, second = frames[index], frames[index + 1]
            frames[index] = first.with_data(second.data)
            frames[index + 1] = second.with_data(first.data)
            index += 1
        index += 1


def duplicate(capture: Capture, argument: str) -> None:
    every, out = int(argument), []
    for number, frame in enumerate(capture.frames, 1):
        out.append(frame)
        if number % every == 0:
            out.append(frame)
    capture.frames = out


def drop(capture: Capture, argument: str) -> None:
    lost = set(number_list(argument))
    capture.frames = [f for n, f in enumerate(capture.frames, 1) if n not in lost]


def cut_front(capture: Capture, argument: str) -> None:
    del capture.frames[:int(argument)]


def keep_slice(capture: Capture, argument: str) -> None:
    first, last = (int(part) for part in argument.split(":"))
    capture.frames = capture.frames[first - 1:last]


def vlan(capture: Capture, argument: str) -> None:
    ids = number_list(argument)
    tpids = [TPID_CUSTOMER] if len(ids) == 1 else [TPID_SERVICE, TPID_CUSTOMER]
    tags = b"".join(struct.pack(">HH", tpid, vid) for tpid, vid in zip(tpids, ids, strict=True))
    capture.frames = [f.with_data(f.data[:12] + tags + f.data[12:]) for f in capture.frames]


def fragments_of(frame: Frame, size: int) -> list:
    """RFC 791 section 3.2; the size of every fragment but the last is a multiple of 8."""
    data = frame.data
    if struct.unpack_from(">H", data, 12)[0] != ETHERTYPE_IPV4:
        return [frame]
    header_length = (data[ETHER_HEADER] & 0x0F) * 4
    start = ETHER_HEADER + header_length
    end = ETHER_HEADER + struct.unpack_from(">H", data, ETHER_HEADER + 2)[0]
    if end - start <= size:
        return [frame]
    out = []
    for offset in range(start, end, size):
        piece = data[offset:min(offset + size, end)]
        more = MORE_FRAGMENTS if offset + size < end else 0
        header = bytearray(data[ETHER_HEADER:start])
        struct.pack_into(">H", header, 2, header_length + len(piece))
        struct.pack_into(">H", header, 6, more | (offset - start) // 8)
        struct.pack_into(">H", header, 10, 0)
        struct.pack_into(">H", header, 10, internet_checksum(bytes(header)))
        out.append(frame.with_data(data[:ETHER_HEADER] + bytes(header) + piece))
    return out


def fragment(capture: Capture, argument: str) -> None:
    size = int(argument)
    if size <= 0 or size % 8:
        raise ValueError("a fragment's size is a positive multiple of 8")
    # The checksum covers the whole datagram, so it must be right before the datagram is cut.
    capture.frames = [piece for f in capture.frames
                      for piece in fragments_of(f.with_data(with_checksums(f.data)), size)]


def overlap_conflict(capture: Capture, _argument) -> None:
    out = []
    for frame in capture.frames:
        out.append(frame)
        segment = server_data(frame)
        if segment:
            other = bytes(byte ^ 0xFF for byte in frame.data[segment.payload:segment.end])
            out.append(frame.with_data(with_payload(frame.data, segment.sequence, other)))
    capture.frames = out


def keepalive(capture: Capture, _argument) -> None:
    """RFC 9293 section 3.8.4: a keep-alive may repeat the last byte, with any content."""
    out = []
    for frame in capture.frames:
        out.append(frame)
        segment = server_data(frame)
        if segment:
            last = segment.sequence + segment.length - 1
            wrong = bytes([frame.data[segment.end - 1] ^ 0xFF])
            out.append(frame.with_data(with_payload(frame.data, last, wrong)))
    capture.frames = out


def badsum(capture: Capture, _argument) -> None:
    for index, frame in enumerate(capture.frames):
        segment = find_segment(frame.data)
        if segment:
            out = bytearray(with_checksums(frame.data))
            out[segment.tcp + 16] ^= 0x5A
            capture.frames[index] = frame.with_data(bytes(out))


def big_endian(capture: Capture, _argument) -> None:
    capture.order = ">"


OPERATIONS = {  # name: (function, takes an argument)
    "reorder": (reorder, False),
    "duplicate": (duplicate, True),
    "drop": (drop, True),
    "cut-front": (cut_front, True),
    "slice": (keep_slice, True),
    "vlan": (vlan, True),
    "fragment": (fragment, True),
    "overlap-conflict": (overlap_conflict, False),
    "keepalive": (keepalive, False),
    "badsum": (badsum, False),
    "big-endian": (big_endian, False),
}


def main(arguments: list) -> int:
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    name = arguments[0] if arguments else ""
    takes_argument = name == "cut-tail" or OPERATIONS.get(name, (None, False))[1]
    if (name != "cut-tail" and name not in OPERATIONS) or len(arguments) != 3 + takes_argument:
        print(__doc__, file=sys.stderr)
        return 2
    argument = arguments[1] if takes_argument else None
    source, target = arguments[-2:]
    capture = Capture.read(source)
    if name != "cut-tail":
        OPERATIONS[name][0](capture, argument)
    raw = capture.to_bytes()
    if name == "cut-tail":
        raw = raw[:len(raw) - int(argument)]
    with open(target, "wb") as stream:
        stream.write(raw)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
