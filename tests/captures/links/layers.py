"""Headers that can stand in front of an IP datagram, one function each, put together from the inside out:

    packet.ethernet(0x8100, vlan(7, 0x0800, packet.ip))
    packet.routed(packet.ipv4(47, gre(0x6558, packet.frame(), key=9)))

Numbers that a table of src/net holds go through note(), so that the caller can tell which rows of those tables
the captures reach. Standard library only.
"""
import ipaddress
import struct

PHONE = bytes.fromhex("001f6c81110e")
MAC_AP = bytes.fromhex("00005e005340")  # RFC 7042 keeps 00-00-5e-00-53-xx for documents
ROUTER_MACS = (bytes.fromhex("00005e0053f1"), bytes.fromhex("00005e0053f2"))
OUTER4 = ("203.0.113.1", "203.0.113.2")  # RFC 5737
OUTER6 = ("2001:db8:113::1", "2001:db8:113::2")  # RFC 3849
SECOND4 = ("203.0.113.101", "203.0.113.102")  # a tunnel inside a tunnel
INNER6 = ("2001:db8:53::21", "2001:db8:51::1")  # the phone and its headend
TEREDO6 = ("2001:0:cb00:7101:0:63bf:34ff:8efe", "2001:db8:51::1")  # RFC 4380 4
IPV4, IPV6, TEB, MPLS = 0x0800, 0x86DD, 0x6558, 0x8847
TCP, UDP, GRE = 6, 17, 47
SNAP = bytes.fromhex("aaaa03000000")

reached = set()  # (table, number)


def note(table: str, number: int) -> None:
    reached.add((table, number))


def u16(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}H", *numbers)


def u32(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def u16_le(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}H", *numbers)


def u32_le(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def address(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


# ---- IP

def ipv4_header(ends, protocol: int, payload: bytes, ident: int = 0, fragment: int = 0) -> bytes:
    note("protocols", protocol)
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident, fragment, 64, protocol, 0)
    header += address(ends[0]) + address(ends[1])
    return header[:10] + u16(checksum(header)) + header[12:] + payload


def ipv6_header(ends, protocol: int, payload: bytes) -> bytes:
    note("protocols", protocol)
    header = struct.pack(">IHBB", 0x60000000, len(payload), protocol, 64)
    return header + address(ends[0]) + address(ends[1]) + payload


def fragments4(datagram: bytes, size: int) -> list:
    """RFC 791 3.2: pieces of `size` bytes, a multiple of eight."""
    ends = [str(ipaddress.ip_address(datagram[at:at + 4])) for at in (12, 16)]
    ident, payload = struct.unpack_from(">H", datagram, 4)[0], datagram[20:]
    return [ipv4_header(ends, datagram[9], payload[at:at + size], ident,
                        (0x2000 if at + size < len(payload) else 0) | at // 8)
            for at in range(0, len(payload), size)]


def fragments6(datagram: bytes, size: int, ident: int) -> list:
    """RFC 8200 4.5."""
    ends = [str(ipaddress.ip_address(datagram[at:at + 16])) for at in (8, 24)]
    payload = datagram[40:]
    return [ipv6_header(ends, 44, struct.pack(">BBHI", datagram[6], 0, at | (at + size < len(payload)), ident)
                        + payload[at:at + size])
            for at in range(0, len(payload), size)]


def authentication(protocol: int, payload: bytes) -> bytes:
    """RFC 4302 2, with a check value of twelve bytes."""
    note("protocols", protocol)
    return struct.pack(">BBHII", protocol, 4, 0, 0x1001, 1) + bytes(range(12)) + payload


# ---- tags and shims, each with what it is tagged onto

def vlan(number: int, ethertype: int, payload: bytes) -> bytes:
    note("ethertypes", ethertype)
    return u16(number, ethertype) + payload


def snap(ethertype: int, payload: bytes) -> bytes:
    note("ethertypes", ethertype)
    return SNAP + u16(ethertype) + payload


def mpls(payload: bytes, labels: int = 1) -> bytes:
    """RFC 3032: the last label carries the bottom bit."""
    return b"".join(u32((16 + i) << 12 | (i == labels - 1) << 8 | 64) for i in range(labels)) + payload


CONTROL_WORD = u32(0)  # RFC 4385


def ppp(protocol: int, payload: bytes, head: bytes = b"\xff\x03") -> bytes:
    """RFC 1661 in the framing of RFC 1662."""
    note("ppp_protocols", protocol)
    return head + u16(protocol) + payload


def pppoe(payload: bytes) -> bytes:
    """RFC 2516; PPP goes without address and control there."""
    return struct.pack(">BBHH", 0x11, 0, 0x0053, len(payload)) + payload


def chdlc(ethertype: int, payload: bytes, addressed: int = 0x0F) -> bytes:
    note("ethertypes", ethertype)
    return struct.pack(">BBH", addressed, 0, ethertype) + payload


DLCI_100 = bytes.fromhex("1841")  # Q.922: two bytes of address
DLCI_LONG = bytes.fromhex("18400001")  # four


# ---- tunnels

def gre(ethertype: int, payload: bytes, check=False, key=None, sequence=None) -> bytes:
    """RFC 2784 and RFC 2890."""
    note("ethertypes", ethertype)
    fields = (u32(key) if key is not None else b"") + (u32(sequence) if sequence is not None else b"")
    flags = 0x8000 * check | 0x2000 * (key is not None) | 0x1000 * (sequence is not None)
    if not check:
        return u16(flags, ethertype) + fields + payload
    summed = checksum(u16(flags, ethertype, 0, 0) + fields + payload)
    return u16(flags, ethertype, summed, 0) + fields + payload


def pptp(payload: bytes, number: int, acknowledge: bool) -> bytes:
    """RFC 2637 4.1: GRE of version 1, PPP."""
    note("ethertypes", 0x880B)
    return (u16(0x3081 if acknowledge else 0x3001, 0x880B, len(payload), 0x0053) + u32(number)
            + (u32(number) if acknowledge else b"") + payload)


def erspan2(payload: bytes) -> bytes:
    """draft-foschiano-erspan 4.2: version 1, VLAN 7, session 53."""
    return u16(0x1007, 0x0035) + u32(0) + payload


def erspan3(payload: bytes, platform: bool) -> bytes:
    """4.3 there: version 2; the last bit announces eight bytes of a platform's own."""
    return (u16(0x2007, 0x0035) + u32(0x01020304) + u16(0, 0x0001 if platform else 0)
            + (u32(0x0C000000, 0x01020304) if platform else b"") + payload)


def vxlan(payload: bytes, protocol: int = 0) -> bytes:
    """RFC 7348; with a protocol draft-ietf-nvo3-vxlan-gpe."""
    return bytes([0x0C if protocol else 0x08, 0, 0, protocol]) + u32(53 << 8) + payload


def geneve(ethertype: int, payload: bytes, options: bytes = b"") -> bytes:
    """RFC 8926."""
    note("ethertypes", ethertype)
    return struct.pack(">BBHI", len(options) // 4, 0, ethertype, 53 << 8) + options + payload


def gtp(payload: bytes, extended: bool = False) -> bytes:
    """3GPP TS 29.281 5; extended by a PDU session container (0x85) and a long PDCP number (0x82, eight bytes)."""
    optional = bytes.fromhex("0000 00 85  01 1009 82  02 000035000000 00") if extended else b""
    body = optional + payload
    return struct.pack(">BBHI", 0x34 if extended else 0x30, 255, len(body), 53) + body


def l2tp(payload: bytes, flags: int = 0) -> bytes:
    """RFC 2661 3.1: 0x4000 length, 0x0800 sequence, 0x0200 offset."""
    fields = u16(7, 53) + (u16(1, 0) if flags & 0x0800 else b"") + (u16(2) + b"\0\0" if flags & 0x0200 else b"")
    length = u16(4 + len(fields) + len(payload)) if flags & 0x4000 else b""
    return u16(flags | 2) + length + fields + payload


def teredo(payload: bytes, authenticated: bool = False, origin: bool = False) -> bytes:
    """RFC 4380 5.1.1."""
    head = bytes.fromhex("0001 04 08") + b"phon" + bytes(range(8 + 8 + 1)) if authenticated else b""
    return head + (bytes.fromhex("0000 3f12 34ff8efe") if origin else b"") + payload


def capwap(payload: bytes, native: bool) -> bytes:
    """RFC 5415 4.3, RFC 5416: two words of header, radio 1; IEEE 802.11 as binding, T tells which frame follows."""
    return struct.pack(">BBBBHH", 0, 2 << 3, 1 << 6 | 1 << 1 | native, 0, 1, 0) + payload


def tzsp(protocol: int, payload: bytes) -> bytes:
    """A received frame with a signal strength and a pad among its tagged fields."""
    return struct.pack(">BBH", 1, 0, protocol) + bytes.fromhex("0a 01 c8 00 01") + payload


def isl(packet, frame: bytes) -> bytes:
    """Cisco's own trunking: 26 bytes in front, a checksum of its own behind the frame's."""
    frame += b"\0" * 4
    head = bytes.fromhex("01000c000000") + packet.src + u16(12 + len(frame))
    return head + SNAP[:3] + packet.src[:3] + u16(7 << 1, 0, 0) + frame + b"\0" * 4


def hidden(payload: bytes) -> bytes:
    """As unreadable as ciphertext."""
    return bytes(byte ^ (0x5A + 7 * at) & 0xFF for at, byte in enumerate(payload))


# ---- wireless

def wlan(packet, payload: bytes, qos: bytes = b"", four: bool = False, protected: bool = False, order: bool = False,
         pad: bool = False, swapped: bool = False) -> bytes:
    """IEEE 802.11-2020 9.3.2.1: the phone sends to its access point, which sends on."""
    direction = 3 if four else 1 if packet.sent else 2
    ends = {1: (MAC_AP, packet.src, packet.dst), 2: (packet.dst, MAC_AP, packet.src),
            3: (MAC_AP, ROUTER_MACS[0], packet.dst)}[direction]
    control = bytes([0x88 if qos else 0x08, direction | 0x40 * protected | 0x80 * order])
    head = (control[::-1] if swapped else control) + u16(0) + b"".join(ends) + u16_le(packet.number << 4)
    head += (packet.src if four else b"") + qos + (u32(0) if order else b"")
    return head + b"\0" * (-len(head) % 4 if pad else 0) + payload


def amsdu(packets) -> bytes:
    """IEEE 802.11-2020 9.3.2.2.2: each part but the last is padded to four bytes."""
    parts = []
    for packet in packets:
        body = snap(IPV4, packet.ip)
        parts.append(packet.dst + packet.src + u16(len(body)) + body)
    return b"".join(part + b"\0" * (-len(part) % 4) for part in parts[:-1]) + parts[-1]


def radiotap(frame: bytes, present: tuple = (0,), fields: bytes = b"") -> bytes:
    """radiotap.org: little-endian, fields aligned to their size."""
    head = b"".join(u32_le(word) for word in present)
    return struct.pack("<BBH", 0, 0, 4 + len(head) + len(fields)) + head + fields + frame


def prism(frame: bytes, pack=u32_le) -> bytes:
    return pack(0x44, 144) + b"wlan0".ljust(16, b"\0") + b"\0" * 120 + frame


def avs(frame: bytes) -> bytes:
    return u32(0x80211001, 64) + b"\0" * 56 + frame


def ppi(link_type: int, frame: bytes, fields: bytes = b"") -> bytes:
    return struct.pack("<BBHI", 0, 0, 8 + len(fields), link_type) + fields + frame


# ---- what operating systems put in front

def sll(packet, ethertype: int, payload: bytes) -> bytes:
    note("ethertypes", ethertype)
    return u16(4 if packet.sent else 0, 1, 6) + packet.src + u16(0, ethertype) + payload


def sll2(packet, ethertype: int, payload: bytes) -> bytes:
    note("ethertypes", ethertype)
    return u16(ethertype, 0) + u32(3) + u16(1) + bytes([4 if packet.sent else 0, 6]) + packet.src + u16(0) + payload


def nflog(packet, payload: bytes, order: str) -> bytes:
    """Attributes in the byte order of the machine: packet header, hardware address, prefix, payload."""
    hardware = u16(6, 0) + packet.src + b"\0\0"
    out = struct.pack(">BBH", 2, 0, 30)
    for kind, value in ((1, u16(IPV4) + b"\3\0"), (8, hardware), (10, b"phone\0"), (9, payload)):
        out += struct.pack(order + "HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)
    return out


def pflog(family: int, payload: bytes) -> bytes:
    """OpenBSD: 61 bytes, padded to 64."""
    return struct.pack(">BBBB", 61, family, 0, 0) + b"em0".ljust(16, b"\0") + b"\0" * (61 - 20) + b"\0" * 3 + payload


def pktap(link_type: int, payload: bytes) -> bytes:
    return u32_le(108, 1, link_type) + b"en0".ljust(24, b"\0") + b"\0" * 72 + payload


def ipnet(family: int, payload: bytes) -> bytes:
    return struct.pack(">BBHIIIII", 1, family, 0, len(payload), 2, 0, 0, 1) + payload


def ipoib(ethertype: int, payload: bytes) -> bytes:
    note("ethertypes", ethertype)
    return bytes.fromhex("60").ljust(40, b"\0") + u16(ethertype, 0) + payload


# ---- the recorded packet

class Packet:
    """One datagram of the recorded handshake and how to address what is put around it."""

    def __init__(self, number: int, frame: bytes):
        self.number, self.dst, self.src, self.ip = number, frame[:6], frame[6:12], frame[14:]
        self.sent = self.src == PHONE  # by the phone

    def ends(self, pair):
        return pair if self.sent else pair[::-1]

    @property
    def tcp(self) -> bytes:
        return self.ip[(self.ip[0] & 15) * 4:]

    def ip6(self, pair=INNER6) -> bytes:
        """The same segment between two other addresses, its checksum made for them (RFC 8200 8.1)."""
        ends, segment = self.ends(pair), self.tcp
        segment = segment[:16] + b"\0\0" + segment[18:]
        pseudo = address(ends[0]) + address(ends[1]) + u32(len(segment), TCP)
        return ipv6_header(ends, TCP, segment[:16] + u16(checksum(pseudo + segment)) + segment[18:])

    def ethernet(self, ethertype: int, payload: bytes) -> bytes:
        if ethertype >= 0x0600:
            note("ethertypes", ethertype)
        return self.dst + self.src + u16(ethertype) + payload

    def frame(self) -> bytes:
        return self.ethernet(IPV4, self.ip)

    def routed(self, datagram: bytes) -> bytes:
        """What carries a tunnel: an Ethernet frame between two routers."""
        src, dst = self.ends(ROUTER_MACS)
        return dst + src + u16(IPV4 if datagram[0] >> 4 == 4 else IPV6) + datagram

    def bridged(self, ethertype: int, payload: bytes) -> bytes:
        note("ethertypes", ethertype)
        src, dst = self.ends(ROUTER_MACS)
        return dst + src + u16(ethertype) + payload

    def ipv4(self, protocol: int, payload: bytes, pair=OUTER4) -> bytes:
        return ipv4_header(self.ends(pair), protocol, payload, self.number)

    def ipv6(self, protocol: int, payload: bytes) -> bytes:
        return ipv6_header(self.ends(OUTER6), protocol, payload)

    def udp(self, port: int, payload: bytes, own: int | None = None) -> bytes:
        """An IPv4 datagram to the port, whichever way it goes, and without a checksum, as tunnels may. `own` is the
        port that the tunnel has by right where that is another one."""
        note("tunnels", own or port)
        return self.ipv4(UDP, u16(49153, port, 8 + len(payload), 0) + payload)
