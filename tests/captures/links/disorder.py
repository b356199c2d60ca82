"""The recorded handshake as mirror ports, wrong clocks and merged files show it: every packet twice, times that go
backwards, both sides of a router, a way back over another interface. Standard library only.
"""
import pathlib
from dataclasses import replace
from typing import Callable

from disturb import Capture, Frame, with_checksums
from layers import PHONE, ROUTER_MACS, checksum, u16, u16_le, u32_le

CAPTURES = pathlib.Path(__file__).resolve().parent.parent
UP_TO_SERVER_HELLO_DONE = {"tls12": 6, "phone-match": 18}


def recorded(source: str) -> Capture:
    capture = Capture.read(str(CAPTURES / f"{source}.pcap"))
    capture.frames = [frame.with_data(with_checksums(frame.data))
                      for frame in capture.frames[:UP_TO_SERVER_HELLO_DONE[source]]]
    return capture


def later(frame: Frame, microseconds: int) -> Frame:
    seconds, fraction = divmod(frame.seconds * 1000000 + frame.fraction + microseconds, 1000000)
    return replace(frame, seconds=seconds, fraction=fraction)


def tagged(frame: Frame, number: int) -> Frame:
    return frame.with_data(frame.data[:12] + u16(0x8100, number) + frame.data[12:])


def hop(frame: Frame) -> Frame:
    """The same packet behind a router: other MACs, one hop less."""
    data = frame.data
    macs = ROUTER_MACS if data[6:12] == PHONE else ROUTER_MACS[::-1]
    header = data[14:22] + bytes([data[22] - 1]) + data[23:24] + b"\0\0" + data[26:34]
    header = header[:10] + u16(checksum(header)) + header[12:]
    return frame.with_data(macs[1] + macs[0] + data[12:14] + header + data[34:])


def fewer_hops(frame: Frame) -> Frame:
    """As hop(), but in the same segment: a mirror port that sees both sides of a routed VLAN."""
    return frame.with_data(frame.data[:12] + hop(frame).data[12:])


def twice(second: Callable, first: Callable = lambda frame: frame) -> Callable:
    return lambda frames: [copy for frame in frames for copy in (first(frame), later(second(frame), 2))]


def backwards_times(frames):
    """The order is right, the clock is not: every packet is stamped earlier than the one before."""
    return [replace(frame, seconds=frames[0].seconds + 60 - at) for at, frame in enumerate(frames)]


def set_back(frames):
    """The clock is set back by an hour while the phone waits for the server."""
    half = len(frames) // 2
    return frames[:half] + [replace(frame, seconds=frame.seconds - 3600) for frame in frames[half:]]


def by_time(frames):
    return sorted(frames, key=lambda frame: (frame.seconds, frame.fraction))


DISORDER = {
    "mirror-twice": ("both directions of a mirror port", twice(lambda frame: frame)),
    "mirror-vlan": ("the copy has a tag", twice(lambda frame: tagged(frame, 110))),
    "mirror-two-vlans": ("tagged before and after routing between VLANs",
                         twice(lambda frame: tagged(fewer_hops(frame), 120), lambda frame: tagged(frame, 110))),
    "mirror-ttl": ("the copy has one hop less", twice(fewer_hops)),
    "mirror-late": ("the copies come behind the whole", lambda frames: frames + [later(f, 500000) for f in frames]),
    "time-backwards": ("each packet stamped before its predecessor", backwards_times),
    "time-set-back": ("the clock is set back by an hour", set_back),
    "router-both-sides": ("mergecap of both sides of a router, by time",
                          lambda frames: by_time([copy for f in frames for copy in (f, later(hop(f), 15))])),
    "router-skewed": ("the same, the far side's clock 20 ms early",
                      lambda frames: by_time([copy for f in frames for copy in (f, later(hop(f), -20000))])),
    "router-appended": ("mergecap -a: one side, then the other", lambda frames: frames + [hop(f) for f in frames]),
    "router-appended-far-first": ("the same, the far side first", lambda frames: [hop(f) for f in frames] + frames),
}


# With the download of the configuration in front.
PHONE_TOO = ("mirror-twice", "mirror-two-vlans", "time-backwards", "time-set-back", "router-both-sides",
             "router-appended-far-first")


def disorder_files():
    """(name, bytes, source, what)"""
    for source, prefix, names in (("tls12", "", DISORDER), ("phone-match", "phone-", PHONE_TOO)):
        capture = recorded(source)
        frames = capture.frames
        for name in names:
            what, change = DISORDER[name]
            capture.frames = change(frames)
            yield f"{prefix}{name}.pcap", capture.to_bytes(), source, what
        yield f"{prefix}asymmetric.pcapng", asymmetric(frames), source, "each direction on its own interface, pcapng"


def pcapng_block(kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    return u32_le(kind, 12 + len(body)) + body + u32_le(12 + len(body))


def asymmetric(frames) -> bytes:
    """What the phone sends is seen on one interface; the answers come by another router on the other."""
    out = pcapng_block(0x0A0D0D0A, u32_le(0x1A2B3C4D, 1, 0xFFFFFFFF, 0xFFFFFFFF))
    for name in (b"outside", b"standby"):
        option = u16_le(2, len(name)) + name.ljust(8, b"\0")  # if_name
        out += pcapng_block(1, u16_le(1, 0) + u32_le(262144) + option + u32_le(0))
    for frame in frames:
        answer = frame.data[6:12] != PHONE
        data = hop(frame).data if answer else frame.data
        moment = frame.seconds * 1000000 + frame.fraction
        out += pcapng_block(6, u32_le(answer, moment >> 32, moment & 0xFFFFFFFF, len(data), len(data)) + data)
    return out
