#!/usr/bin/env python3
"""The recorded handshake of ../tls12.pcap in every link layer and tunnel that src/net knows (layers.py), and in the
disorder that mirror ports and merged files bring (disorder.py).

  make.py            write every capture and MANIFEST anew (needs tshark)
  make.py --check    write nothing; exit 1 when a capture is not what this script makes
  make.py --seeds    write the same frames as seeds of tests/fuzz/fuzz_net.c

Both refuse when a row of the tables in src/net is in none of the captures. Every capture holds the packets up to
the server's ServerHelloDone. What it must yield follows from how it is built; tshark is asked for the leaf as well,
and where it sees another one nothing is written. MANIFEST has the columns of ../MANIFEST and three more:
the leaf as tshark sees it ("-": it does not read this layer, or not by itself), the tunnels from the outside in, and
what the program must name as skipped.

Standard library only.
"""
import concurrent.futures
import hashlib
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from dataclasses import dataclass
from typing import Callable

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE.parent))
from disorder import disorder_files, recorded  # noqa: E402
from disturb import Capture  # noqa: E402
from layers import *  # noqa: E402,F403  the vocabulary of the tables below

ENDS4 = ("192.0.2.21", "198.51.100.1")  # as recorded
CONFIG4, CONFIG6 = "../SEP001F6C81110E.cnf.xml", "../ipv6.cnf.xml"
ETHERNET, RAW = 1, 101
COLUMNS = ("capture", "config", "options", "verdict", "reason", "leaf_sha1", "chain", "origin", "tshark", "tunnels",
           "skipped")


@dataclass
class Case:
    """`build` makes of a packet its frame, or the list of its frames; with `whole` of all packets a list of frames
    with times."""

    name: str
    link: int
    build: Callable
    tunnels: tuple = ()  # names, from the outside in
    six: bool = False  # the phone and its headend speak IPv6
    skipped: str = ""  # what the finding names; nothing else can be seen then
    whole: bool = False
    tshark: tuple = ()  # options that tshark needs to read it
    outer: tuple = (OUTER4,)  # the ends of each tunnel; the last pair holds for all that follow

    @property
    def path(self) -> str:
        return f"{self.name}.pcap"


# ---- link types

def link_cases():
    yield Case("ethernet", ETHERNET, lambda p: p.frame())
    yield Case("ethernet-ipv6", ETHERNET, lambda p: p.ethernet(IPV6, p.ip6()), six=True)
    yield Case("ethernet-trailer", ETHERNET, lambda p: p.frame().ljust(60, b"\0") + b"\xee" * 4)
    yield Case("llc-snap", ETHERNET, lambda p: p.ethernet(8 + len(p.ip), snap(IPV4, p.ip)))
    yield Case("llc-ip", ETHERNET, lambda p: p.ethernet(3 + len(p.ip), b"\x06\x06\x03" + p.ip))
    yield Case("isl", ETHERNET, lambda p: isl(p, p.frame()))
    for family, system in ((24, "openbsd"), (28, "freebsd"), (30, "darwin"), (10, "linux"), (26, "solaris")):
        yield Case(f"null-ipv6-{system}", 0, lambda p, f=family: u32_le(f) + p.ip6(), six=True)
    yield Case("null-little-endian", 0, lambda p: u32_le(2) + p.ip)
    yield Case("null-big-endian", 0, lambda p: u32(2) + p.ip)
    yield Case("null-ipv6-big-endian", 0, lambda p: u32(24) + p.ip6(), six=True)
    yield Case("loop", 108, lambda p: u32(2) + p.ip)
    yield Case("loop-ipv6", 108, lambda p: u32(24) + p.ip6(), six=True)
    for number in (12, 14, RAW, 228):
        yield Case(f"raw-{number}", number, lambda p: p.ip)
    yield Case("raw-ipv6", RAW, lambda p: p.ip6(), six=True)
    yield Case("raw-229", 229, lambda p: p.ip6(), six=True)
    yield Case("sll", 113, lambda p: sll(p, IPV4, p.ip))
    yield Case("sll-ipv6-vlan", 113, lambda p: sll(p, 0x8100, vlan(7, IPV6, p.ip6())), six=True)
    yield Case("sll-llc", 113, lambda p: sll(p, 4, snap(IPV4, p.ip)))
    yield Case("sll2", 276, lambda p: sll2(p, IPV4, p.ip))
    yield Case("sll2-ipv6", 276, lambda p: sll2(p, IPV6, p.ip6()), six=True)
    yield Case("nflog", 239, lambda p: nflog(p, p.ip, "<"))
    yield Case("pflog", 117, lambda p: pflog(2, p.ip))
    yield Case("pflog-ipv6", 117, lambda p: pflog(24, p.ip6()), six=True)
    yield Case("pktap", 258, lambda p: pktap(ETHERNET, p.frame()))
    yield Case("pktap-raw", 258, lambda p: pktap(12, p.ip))
    yield Case("pktap-149", 149, lambda p: pktap(ETHERNET, p.frame()))
    yield Case("ipnet", 226, lambda p: ipnet(2, p.ip))
    yield Case("ipnet-ipv6", 226, lambda p: ipnet(26, p.ip6()), six=True)
    yield Case("enc", 109, lambda p: u32_le(2, 0x1001, 0) + p.ip)
    yield Case("enc-ipv6", 109, lambda p: u32_le(24, 0x1001, 0) + p.ip6(), six=True)
    yield Case("ipoib", 242, lambda p: ipoib(IPV4, p.ip))
    yield Case("netanalyzer", 240, lambda p: u16_le(1 << 10, len(p.frame()) + 4) + p.frame() + b"\0" * 4)


def serial_cases():
    yield Case("ppp", 9, lambda p: ppp(0x0021, p.ip))
    yield Case("ppp-ipv6", 9, lambda p: ppp(0x0057, p.ip6()), six=True)
    yield Case("ppp-bare", 9, lambda p: ppp(0x0021, p.ip, b""))
    yield Case("ppp-field-compression", 9, lambda p: b"\xff\x03\x21" + p.ip)
    yield Case("ppp-all-compression", 9, lambda p: b"\x21" + p.ip)
    yield Case("ppp-multilink", 9, lambda p: ppp(0x003D, b"\xc0" + struct.pack(">I", p.number)[1:] + b"\x21" + p.ip))
    yield Case("ppp-mpls", 9, lambda p: ppp(0x0281, mpls(p.ip)))
    yield Case("ppp-mpls-multicast", 9, lambda p: ppp(0x0283, mpls(p.ip)))
    yield Case("ppp-bridged", 9, lambda p: ppp(0x0031, b"\0\x01" + p.frame()))
    yield Case("ppp-compressed", 9, lambda p: ppp(0x00FD, hidden(p.ip)), skipped="compressed or encrypted PPP")
    yield Case("ppp-encrypted", 9, lambda p: ppp(0x0053, hidden(p.ip)), skipped="compressed or encrypted PPP")
    yield Case("ppp-serial", 50, lambda p: ppp(0x0021, p.ip))
    yield Case("ppp-serial-cisco", 50, lambda p: chdlc(IPV4, p.ip))
    yield Case("ppp-serial-cisco-multicast", 50, lambda p: chdlc(IPV4, p.ip, 0x8F))
    yield Case("ppp-with-direction", 204, lambda p: bytes([p.sent]) + ppp(0x0021, p.ip))
    yield Case("ppp-with-direction-bare", 204, lambda p: bytes([p.sent]) + ppp(0x0021, p.ip, b""))
    yield Case("ppp-with-direction-255", 204, lambda p: bytes([255 * p.sent]) + ppp(0x0021, p.ip))
    yield Case("ppp-pppd", 166, lambda p: ppp(0x0021, p.ip, bytes([p.sent, 3])))
    yield Case("pppoe-link", 51, lambda p: pppoe(ppp(0x0021, p.ip, b"")))
    yield Case("pppoe", ETHERNET, lambda p: p.ethernet(0x8864, pppoe(ppp(0x0021, p.ip, b""))))
    yield Case("pppoe-ipv6", ETHERNET, lambda p: p.ethernet(0x8864, pppoe(ppp(0x0057, p.ip6(), b""))), six=True)
    yield Case("chdlc", 104, lambda p: chdlc(IPV4, p.ip))
    yield Case("chdlc-ipv6", 104, lambda p: chdlc(IPV6, p.ip6()), six=True)
    yield Case("chdlc-with-direction", 205, lambda p: bytes([p.sent]) + chdlc(IPV4, p.ip))
    yield Case("frame-relay-nlpid", 107, lambda p: DLCI_100 + b"\x03\xcc" + p.ip)
    yield Case("frame-relay-nlpid-ipv6", 107, lambda p: DLCI_100 + b"\x03\x8e" + p.ip6(), six=True)
    yield Case("frame-relay-snap", 107, lambda p: DLCI_100 + b"\x03\0\x80\0\0\0" + u16(IPV4) + p.ip)
    yield Case("frame-relay-bridged", 107, lambda p: DLCI_100 + b"\x03\0\x80\0\x80\xc2" + u16(7) + p.frame())
    yield Case("frame-relay-ppp", 107, lambda p: DLCI_100 + b"\x03\xcf" + ppp(0x0021, p.ip, b""))
    yield Case("frame-relay-cisco", 107, lambda p: DLCI_100 + u16(IPV4) + p.ip)
    yield Case("frame-relay-long-address", 107, lambda p: DLCI_LONG + b"\x03\xcc" + p.ip)
    yield Case("frame-relay-with-direction", 206, lambda p: bytes([p.sent]) + DLCI_100 + b"\x03\xcc" + p.ip)
    yield Case("token-ring", 6, lambda p: b"\x10\x40" + p.dst + p.src + snap(IPV4, p.ip))
    yield Case("token-ring-routed", 6, lambda p: (b"\x10\x40" + p.dst + bytes([p.src[0] | 0x80]) + p.src[1:]
                                                  + bytes.fromhex("0630 0011 0020") + snap(IPV4, p.ip)))
    yield Case("fddi", 10, lambda p: b"\x50" + p.dst + p.src + snap(IPV4, p.ip))
    for number in (11, 100):
        yield Case(f"atm-{number}", number, lambda p: snap(IPV4, p.ip))
    yield Case("atm-bridged", 100, lambda p: bytes.fromhex("aaaa03 0080c2 0007 0000") + p.frame())
    yield Case("atm-ppp", 100, lambda p: bytes.fromhex("fefe03cf") + ppp(0x0021, p.ip, b""))
    yield Case("sunatm", 123, lambda p: bytes([0x80 * p.sent | 2, 0, 0, 53]) + snap(IPV4, p.ip))


def tag_cases():
    for tpid in (0x8100, 0x88A8, 0x9100, 0x9200, 0x9300):
        yield Case(f"vlan-{tpid:04x}", ETHERNET, lambda p, t=tpid: p.ethernet(t, vlan(7, IPV4, p.ip)))
    for tpid in (0x88A8, 0x9100, 0x9200):
        yield Case(f"qinq-{tpid:04x}", ETHERNET,
                   lambda p, t=tpid: p.ethernet(t, vlan(0xE035, 0x8100, vlan(7, IPV4, p.ip))))
    yield Case("backbone-8021ah", ETHERNET, lambda p: p.bridged(0x88A8, vlan(9, 0x88E7, u32(53) + p.frame())))
    yield Case("cisco-metadata", ETHERNET, lambda p: p.ethernet(0x8909, b"\1\1" + u16(1, 53, IPV4) + p.ip))
    yield Case("vn-tag", ETHERNET, lambda p: p.ethernet(0x8926, u32(0x00350007) + u16(0x8100) + vlan(7, IPV4, p.ip)))
    yield Case("e-tag-8021br", ETHERNET, lambda p: p.ethernet(0x893F, u16(0, 0x35, 0, IPV4) + p.ip))
    yield Case("fabric-path", ETHERNET, lambda p: p.bridged(0x8903, u16(1 << 6 | 32) + p.frame()))
    yield Case("fabric-path-vlan", ETHERNET,
               lambda p: p.bridged(0x8903, u16(1 << 6 | 32) + p.ethernet(0x8100, vlan(7, IPV4, p.ip))))
    yield Case("macsec", ETHERNET, lambda p: p.ethernet(0x88E5, macsec(p, 0x2C, hidden(u16(IPV4) + p.ip))),
               skipped="MACsec")
    yield Case("macsec-integrity-only", ETHERNET, lambda p: p.ethernet(0x88E5, macsec(p, 0x20, u16(IPV4) + p.ip)))
    yield Case("mpls", ETHERNET, lambda p: p.ethernet(MPLS, mpls(p.ip)))
    yield Case("mpls-multicast", ETHERNET, lambda p: p.ethernet(0x8848, mpls(p.ip)))
    yield Case("mpls-three-labels", ETHERNET, lambda p: p.ethernet(MPLS, mpls(p.ip, 3)))
    yield Case("mpls-ipv6-trailer", ETHERNET, lambda p: p.ethernet(MPLS, mpls(p.ip6())) + b"\xee" * 4, six=True)
    yield Case("mpls-ethernet", ETHERNET, lambda p: p.bridged(MPLS, mpls(p.frame(), 2)))
    yield Case("mpls-ethernet-control-word", ETHERNET, lambda p: p.bridged(MPLS, mpls(CONTROL_WORD + p.frame(), 2)))
    # Addresses that begin as IPv4 and as IPv6 do.
    for first in (0x46, 0x66):
        yield Case(f"mpls-ethernet-mac-{first:02x}", ETHERNET,
                   lambda p, f=first: p.bridged(MPLS, mpls(bytes([f]) + p.frame()[1:])))
    yield Case("mpls-link", 219, lambda p: mpls(p.ip, 2))


def macsec(packet, flags: int, body: bytes) -> bytes:
    """IEEE 802.1AE 9.3: 0x20 a channel identifier, 0x08 encrypted, 0x04 changed; 16 bytes of check value."""
    return struct.pack(">BBI", flags, 0, packet.number) + packet.src + u16(1) + body + b"\xc3" * 16


def wireless_cases():
    body = lambda p: snap(IPV4, p.ip)  # noqa: E731
    yield Case("wlan", 105, lambda p: wlan(p, body(p)))
    yield Case("wlan-qos", 105, lambda p: wlan(p, body(p), qos=b"\x06\0"))
    yield Case("wlan-qos-ht", 105, lambda p: wlan(p, body(p), qos=b"\x06\0", order=True))
    yield Case("wlan-four-addresses", 105, lambda p: wlan(p, body(p), four=True))
    yield Case("wlan-four-addresses-qos", 105, lambda p: wlan(p, body(p), qos=b"\x06\0", four=True))
    yield Case("wlan-ipv6", 105, lambda p: wlan(p, snap(IPV6, p.ip6())), six=True)
    yield Case("wlan-amsdu", 105, aggregated, whole=True)
    yield Case("wlan-protected", 105, lambda p: wlan(p, bytes(8) + hidden(body(p)), protected=True),
               skipped="encrypted Wi-Fi")
    yield Case("radiotap", 127, lambda p: radiotap(wlan(p, body(p))))
    # Presence bit 0: a time stamp, aligned to eight; bit 1: flags, 0x10 for a checksum behind, 0x20 for a pad.
    padded = lambda p: wlan(p, body(p), qos=b"\x06\0", pad=True)  # noqa: E731
    time = lambda p, flags: struct.pack("<QB", p.number, flags)  # noqa: E731
    yield Case("radiotap-time-checksum", 127, lambda p: radiotap(wlan(p, body(p)) + b"\xfc" * 4, (3,), time(p, 0x10)))
    yield Case("radiotap-flags-padded", 127, lambda p: radiotap(padded(p), (2,), b"\x20"))
    yield Case("radiotap-time-padded", 127, lambda p: radiotap(padded(p), (3,), time(p, 0x20)))
    yield Case("radiotap-three-words", 127,
               lambda p: radiotap(padded(p), (0x80000003, 0x80000000, 0), time(p, 0x20)))
    yield Case("radiotap-two-words", 127,
               lambda p: radiotap(padded(p), (0xA0000003, 0), b"\0" * 4 + time(p, 0x20)))
    yield Case("prism", 119, lambda p: prism(wlan(p, body(p))))
    yield Case("prism-big-endian", 119, lambda p: prism(wlan(p, body(p)), u32))
    yield Case("prism-avs", 119, lambda p: avs(wlan(p, body(p))))
    yield Case("avs", 163, lambda p: avs(wlan(p, body(p))))
    common = struct.pack("<HHQHHHHBBbb", 2, 20, 0, 0, 12, 2412, 160, 0, 0, -40, -90)  # the field 802.11-Common
    yield Case("ppi", 192, lambda p: ppi(105, wlan(p, body(p), qos=b"\x06\0"), common))
    yield Case("ppi-ethernet", 192, lambda p: ppi(ETHERNET, p.frame()))


def aggregated(packets):
    """The phone's acknowledgement and its ClientHello in one frame, and the server's next two in another."""
    for group in (packets[:1], packets[1:2], packets[2:4], packets[4:6]):
        first = group[0]
        many = len(group) > 1
        yield first, wlan(first, amsdu(group) if many else snap(IPV4, first.ip), qos=b"\x86\0" if many else b"\x06\0")


# ---- tunnels

def gre_cases():
    def over(name, build, *rest, **more):
        tunnels = ("GRE", *rest)
        return Case(name, ETHERNET, lambda p: p.routed(p.ipv4(GRE, build(p))), tunnels, **more)

    yield over("gre", lambda p: gre(IPV4, p.ip))
    yield over("gre-ipv6", lambda p: gre(IPV6, p.ip6()), six=True)
    yield over("gre-checksum", lambda p: gre(IPV4, p.ip, check=True))
    yield over("gre-key", lambda p: gre(IPV4, p.ip, key=53))
    yield over("gre-sequence", lambda p: gre(IPV4, p.ip, sequence=p.number))
    yield over("gre-all-fields", lambda p: gre(IPV4, p.ip, check=True, key=53, sequence=p.number))
    yield over("gre-mpls", lambda p: gre(MPLS, mpls(p.ip)))
    yield over("erspan-1", lambda p: gre(0x88BE, p.frame()))
    yield over("erspan-2", lambda p: gre(0x88BE, erspan2(p.frame()), sequence=p.number))
    yield over("erspan-2-vlan",
               lambda p: gre(0x88BE, erspan2(p.ethernet(0x8100, vlan(7, IPV4, p.ip))), sequence=p.number))
    yield over("erspan-3", lambda p: gre(0x22EB, erspan3(p.frame(), False), sequence=p.number))
    yield over("erspan-3-platform", lambda p: gre(0x22EB, erspan3(p.frame(), True), sequence=p.number))
    yield over("pptp", lambda p: pptp(ppp(0x0021, p.ip), p.number, False))
    yield over("pptp-acknowledging", lambda p: pptp(ppp(0x0021, p.ip), p.number, True))
    yield over("pptp-field-compression", lambda p: pptp(b"\x21" + p.ip, p.number, True))
    yield over("nvgre", lambda p: gre(TEB, p.frame(), key=0x3507))
    yield over("wccp-1", lambda p: gre(0x883E, p.ip))
    yield over("wccp-2", lambda p: gre(0x883E, b"\0\x35\0\0" + p.ip))
    yield Case("gre-over-ipv6", ETHERNET, lambda p: p.routed(p.ipv6(GRE, gre(IPV4, p.ip))), ("GRE",), outer=(OUTER6,))


def ip_cases():
    def over(name, protocol, tunnel, build, **more):
        return Case(name, ETHERNET, lambda p: p.routed(p.ipv4(protocol, build(p))), (tunnel,), **more)

    yield over("ip-in-ip", 4, "IP in IP", lambda p: p.ip)
    yield over("ip-in-ip-94", 94, "IP in IP", lambda p: p.ip)
    yield over("6in4", 41, "IPv6 in IP", lambda p: p.ip6(), six=True)
    yield Case("4in6", ETHERNET, lambda p: p.routed(p.ipv6(4, p.ip)), ("IP in IP",), outer=(OUTER6,))
    yield Case("6in6", ETHERNET, lambda p: p.routed(p.ipv6(41, p.ip6())), ("IPv6 in IP",), six=True, outer=(OUTER6,))
    yield over("etherip", 97, "EtherIP", lambda p: b"\x30\0" + p.frame())
    yield over("mpls-in-ip", 137, "MPLS in IP", lambda p: mpls(p.ip))
    for cookie in (0, 4, 8):
        yield over(f"l2tpv3-cookie-{cookie}", 115, "L2TPv3",
                   lambda p, n=cookie: u32(53) + (b"\xc0\x0c\x1e\x35" * 2)[:n] + p.frame())
    yield over("l2tpv3-sublayer", 115, "L2TPv3",
               lambda p: u32(53) + b"\xc0\x0c\x1e\x35" * 2 + u32(0x40000000 | p.number) + p.frame())
    yield over("l2tpv3-vlan", 115, "L2TPv3", lambda p: u32(53) + p.ethernet(0x8100, vlan(7, IPV4, p.ip)))
    yield Case("authenticated", ETHERNET,
               lambda p: p.routed(ipv4_header(p.ends(ENDS4), 51, authentication(TCP, p.tcp))))
    yield Case("authenticated-ipv6", ETHERNET, lambda p: p.routed(
        ipv6_header(p.ends(INNER6), 51, authentication(TCP, p.ip6()[40:]))), six=True)
    yield over("authenticated-tunnel", 51, "IP in IP", lambda p: authentication(4, p.ip))
    yield over("esp", 50, "", lambda p: u32(0x1001, p.number) + hidden(p.ip), skipped="IPsec ESP")
    yield over("ipcomp", 108, "", lambda p: b"\x06\0\0\x02" + zlib.compress(p.tcp)[2:-4],
               skipped="IP payload compression")


def udp_cases():
    def over(name, port, tunnel, build, own=None, **more):
        return Case(name, ETHERNET, lambda p: p.routed(p.udp(port, build(p), own)), (tunnel,), **more)

    def odd(name, port, dissector, own, tunnel, build, **more):
        return over(name, port, tunnel, build, own, tshark=("-d", f"udp.port=={port},{dissector}"), **more)

    frame = lambda p: p.frame()  # noqa: E731
    option = bytes.fromhex("0102 80 01 00000035")  # of Geneve
    yield over("vxlan", 4789, "VXLAN", lambda p: vxlan(frame(p)))
    yield odd("vxlan-8472", 8472, "vxlan", 8472, "VXLAN", lambda p: vxlan(frame(p)))
    yield odd("vxlan-odd-port", 14789, "vxlan", 4789, "VXLAN", lambda p: vxlan(frame(p)))
    yield odd("vxlan-odd-port-vlan", 14789, "vxlan", 4789, "VXLAN",
              lambda p: vxlan(p.ethernet(0x8100, vlan(7, IPV6, p.ip6()))), six=True)
    yield over("vxlan-gpe-ipv4", 4790, "VXLAN", lambda p: vxlan(p.ip, 1))
    yield over("vxlan-gpe-ipv6", 4790, "VXLAN", lambda p: vxlan(p.ip6(), 2), six=True)
    yield over("vxlan-gpe-ethernet", 4790, "VXLAN", lambda p: vxlan(frame(p), 3))
    yield over("vxlan-gpe-mpls", 4790, "VXLAN", lambda p: vxlan(mpls(p.ip), 5))
    yield over("geneve", 6081, "Geneve", lambda p: geneve(TEB, frame(p)))
    yield over("geneve-options", 6081, "Geneve", lambda p: geneve(TEB, frame(p), option))
    yield over("geneve-ipv4", 6081, "Geneve", lambda p: geneve(IPV4, p.ip))
    yield odd("geneve-odd-port", 16081, "geneve", 6081, "Geneve", lambda p: geneve(TEB, frame(p), option))
    yield over("gtp-u", 2152, "GTP-U", lambda p: gtp(p.ip))
    yield over("gtp-u-ipv6", 2152, "GTP-U", lambda p: gtp(p.ip6()), six=True)
    yield over("gtp-u-extended", 2152, "GTP-U", lambda p: gtp(p.ip, True))
    yield odd("gtp-u-odd-port", 12152, "gtp", 2152, "GTP-U", lambda p: gtp(p.ip, True))
    yield over("l2tp", 1701, "L2TP", lambda p: l2tp(ppp(0x0021, p.ip)))
    yield over("l2tp-all-fields", 1701, "L2TP", lambda p: l2tp(ppp(0x0021, p.ip), 0x4A00))
    yield over("l2tp-field-compression", 1701, "L2TP", lambda p: l2tp(b"\x21" + p.ip, 0x4000))
    yield over("teredo", 3544, "Teredo", lambda p: teredo(p.ip6(TEREDO6)), six=True)
    yield over("teredo-authenticated", 3544, "Teredo", lambda p: teredo(p.ip6(TEREDO6), True, True), six=True)
    yield over("teredo-origin", 3544, "Teredo", lambda p: teredo(p.ip6(TEREDO6), False, True), six=True)
    yield odd("teredo-odd-port", 13544, "teredo", 3544, "Teredo", lambda p: teredo(p.ip6(TEREDO6)), six=True)
    yield over("lisp", 4341, "LISP", lambda p: b"\xc0\0\0\x35" + u32(1) + p.ip)
    yield over("lisp-ipv6", 4341, "LISP", lambda p: b"\xc0\0\0\x35" + u32(1) + p.ip6(), six=True)
    yield over("capwap-8023", 5247, "CAPWAP", lambda p: capwap(frame(p), False))
    yield over("capwap-80211", 5247, "CAPWAP", lambda p: capwap(wlan(p, snap(IPV4, p.ip)), True),
               tshark=("-o", "capwap.swap_fc:FALSE"))
    yield over("capwap-80211-swapped", 5247, "CAPWAP",
               lambda p: capwap(wlan(p, snap(IPV4, p.ip), qos=b"\x06\0", swapped=True), True))
    yield over("tzsp", 37008, "TZSP", lambda p: tzsp(1, frame(p)))
    yield over("tzsp-80211", 37008, "TZSP", lambda p: tzsp(18, wlan(p, snap(IPV4, p.ip))))
    yield over("tzsp-prism", 37008, "TZSP", lambda p: tzsp(119, prism(wlan(p, snap(IPV4, p.ip)))))
    yield over("tzsp-avs", 37008, "TZSP", lambda p: tzsp(127, avs(wlan(p, snap(IPV4, p.ip)))))
    yield over("mpls-in-udp", 6635, "MPLS in UDP", lambda p: mpls(p.ip))
    yield over("gre-in-udp", 4754, "GRE in UDP", lambda p: gre(IPV4, p.ip, key=53))
    yield over("esp-in-udp", 4500, "", lambda p: u32(0x1001, p.number) + hidden(p.ip), skipped="IPsec ESP")
    yield over("wireguard", 51820, "", wireguard, 0, skipped="WireGuard")


def wireguard(packet) -> bytes:
    """An initiation, a response, then data."""
    kind, size = {1: (1, 148), 2: (2, 92)}.get(packet.number, (4, 32 + len(packet.ip) // 16 * 16))
    return u32_le(kind) + hidden((packet.ip * 3)[:size - 4])


def nested_cases():
    def vxlan_in_gre(p):
        inner = p.routed(p.ipv4(UDP, u16(49153, 4789, 8 + 8 + len(p.frame()), 0) + vxlan(p.frame()), SECOND4))
        return p.ipv6(GRE, gre(TEB, inner))

    both = ("GRE", "VXLAN"), (OUTER6, SECOND4)
    yield Case("nested-vxlan-gre-ipv6", ETHERNET, lambda p: p.routed(vxlan_in_gre(p)), both[0], outer=both[1])
    yield Case("nested-outer-fragments", ETHERNET,
               lambda p: [p.routed(piece) for piece in fragments6(vxlan_in_gre(p), 512, p.number)],
               both[0], outer=both[1])
    yield Case("nested-inner-fragments", ETHERNET,
               lambda p: [p.routed(p.ipv4(GRE, gre(IPV4, piece))) for piece in fragments4(p.ip, 512)], ("GRE",))
    yield Case("nested-both-fragments", ETHERNET, fragments_of_fragments, ("GRE",))
    yield Case("nested-both-fragments-backwards", ETHERNET, lambda p: fragments_of_fragments(p)[::-1], ("GRE",))
    yield Case("nested-gre-in-gre", ETHERNET,
               lambda p: p.routed(p.ipv4(GRE, gre(IPV4, p.ipv4(GRE, gre(TEB, p.frame()), SECOND4)))), ("GRE", "GRE"),
               outer=(OUTER4, SECOND4))
    yield Case("nested-five-ip", ETHERNET, five_deep, ("IP in IP",) * 4)
    yield Case("nested-qinq-mpls-pppoe", ETHERNET, lambda p: p.bridged(0x88A8, vlan(9, 0x8100, vlan(7, MPLS, mpls(
        CONTROL_WORD + p.ethernet(0x8864, pppoe(ppp(0x0021, p.ip, b""))), 2)))))


def fragments_of_fragments(packet) -> list:
    """The phone's datagram in pieces; the packet around each of them again in pieces."""
    frames = []
    for at, piece in enumerate(fragments4(packet.ip, 512)):
        around = ipv4_header(packet.ends(OUTER4), GRE, gre(IPV4, piece), 8 * packet.number + at)
        frames += [packet.routed(outer) for outer in fragments4(around, 256)]
    return frames


def five_deep(packet) -> bytes:
    """Deeper than addresses are kept for: the outermost four stay."""
    datagram = packet.ip
    for _ in range(5):
        datagram = packet.ipv4(4, datagram)
    return packet.routed(datagram)


# ---- what becomes of it

def packets_of(capture: Capture) -> list:
    return [Packet(number, frame.data) for number, frame in enumerate(capture.frames, 1)]


def cases():
    for group in (link_cases, serial_cases, tag_cases, wireless_cases, gre_cases, ip_cases, udp_cases, nested_cases):
        yield from group()


def frames_of(case: Case, packets):
    """(packet, frame) in the order of the capture."""
    if case.whole:
        return list(case.build(packets))
    out = []
    for packet in packets:
        built = case.build(packet)
        out += [(packet, frame) for frame in (built if isinstance(built, list) else [built])]
    note("link_types", case.link)
    return out


def image(case: Case, capture: Capture, packets) -> bytes:
    frames = [capture.frames[packet.number - 1].with_data(data) for packet, data in frames_of(case, packets)]
    return Capture(capture.order, capture.magic, capture.header[:-1] + (case.link,), frames).to_bytes()


def tunnel_text(case: Case) -> str:
    if case.skipped or not case.tunnels:
        return "-"
    pairs = case.outer + case.outer[-1:] * len(case.tunnels)
    return ",".join(f"{name} {pair[0]} {pair[1]}" for name, pair in zip(case.tunnels, pairs))


def rows_of_tables():
    """Every number in the tables of src/net, as (table, number)."""
    rows = set()
    for name in ("net.c", "ethertype.c", "serial.c", "tunnel.c"):
        text = re.sub(r"/\*.*?\*/", "", (ROOT / "src/net" / name).read_text(), flags=re.S)
        for table, body in re.findall(r"struct lp_layer_row (\w+)\[\] = \{(.*?)\n\};", text, re.S):
            rows |= {(table, int(number, 0)) for number in re.findall(r"\{\s*(\w+),", body)}
    text = (ROOT / "src/net/tunnel_udp.c").read_text()
    for ports in re.findall(r"^    \{\"[^\"]+\", \w+, \{([\d, ]+)\}", text, re.M):
        rows |= {("tunnels", int(port)) for port in ports.split(",") if int(port)}
    return rows


def refuse_missing_rows() -> None:
    """IEEE 802.1X carries no IP: a seed alone holds it."""
    missing = sorted(rows_of_tables() - reached - {("ethertypes", 0x888E)})
    if missing:
        raise SystemExit("in no capture: " + ", ".join(f"{table} {number:#x}" for table, number in missing))


def tshark_leaf(path, options) -> str:
    field = "tls.handshake.certificate"
    words = ["tshark", "-n", "-r", str(path), *options, "-Y", field, "-T", "fields", "-E", "occurrence=f", "-e", field]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    seen = {hashlib.sha1(bytes.fromhex(line)).hexdigest() for line in done.stdout.split()}
    return ",".join(sorted(seen)) or "-"


def row_of(capture: str, config: str, origin: str, **columns) -> dict:
    """A line of MANIFEST."""
    return {"capture": capture, "config": config, "options": "-", "verdict": "match", "reason": "-", "chain": "1",
            "origin": origin, "tshark": "-", "tunnels": "-", "skipped": "-"} | columns


def all_captures():
    """(file name, bytes, line of MANIFEST, tshark's options)"""
    capture = recorded("tls12")
    packets = packets_of(capture)
    leaf = tshark_leaf(HERE.parent / "tls12.pcap", ())
    unseen = {"verdict": "undecided", "reason": "no-tls", "leaf_sha1": "-", "chain": "-"}
    for case in cases():
        columns = unseen | {"skipped": case.skipped} if case.skipped else {"leaf_sha1": leaf}
        row = row_of(case.path, CONFIG6 if case.six else CONFIG4, "make.py, ../tls12.pcap", tunnels=tunnel_text(case),
                     **columns)
        yield case.path, image(case, capture, packets), row, case.tshark
    for name, data, source, what in disorder_files():
        for config in (CONFIG4, "-") if source == "phone-match" else (CONFIG4,):
            yield name, data, row_of(name, config, f"make.py, ../{source}.pcap: {what}", leaf_sha1=leaf), ()


def ask_tshark(table) -> list:
    """What tshark sees in each. A leaf that MANIFEST has for the same bytes is kept, as asking takes long."""
    manifest = HERE / "MANIFEST"
    lines = manifest.read_text().splitlines() if manifest.exists() else []
    known = {cells[0]: cells[COLUMNS.index("tshark")] for cells in (line.split("\t") for line in lines)}

    def ask(entry):
        name, data, _, options = entry
        if known.get(name, "-") != "-" and (HERE / name).exists() and (HERE / name).read_bytes() == data:
            return known[name]
        with tempfile.NamedTemporaryFile(suffix=name) as file:
            file.write(data)
            file.flush()
            return tshark_leaf(file.name, options)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        return list(pool.map(ask, table))


def write_all() -> None:
    """Nothing is put in place while tshark objects. (Of what must be skipped it may see more.)"""
    table = list(all_captures())
    refuse_missing_rows()
    seen = ask_tshark(table)
    for (name, _, row, _), other in zip(table, seen):
        if other not in ("-", row["leaf_sha1"]) and row["skipped"] == "-":
            raise SystemExit(f"{name}: tshark sees {other}, not {row['leaf_sha1']}")
    for path in [*HERE.glob("*.pcap"), *HERE.glob("*.pcapng")]:
        path.unlink()
    lines = ["#" + "\t".join(COLUMNS)]
    for (name, data, row, _), other in zip(table, seen):
        (HERE / name).write_bytes(data)
        lines.append("\t".join((row | {"tshark": other})[column] for column in COLUMNS))
    (HERE / "MANIFEST").write_text("\n".join(lines) + "\n")
    print(f"{len(table)} lines, {sum(1 for other in seen if other != '-')} read by tshark too")


def check_all() -> int:
    made = {name: data for name, data, _, _ in all_captures()}
    refuse_missing_rows()
    kept = {path.name: path.read_bytes() for suffix in ("pcap", "pcapng") for path in HERE.glob(f"*.{suffix}")}
    wrong = sorted(name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))
    for name in wrong:
        print(f"{name}: not what make.py makes", file=sys.stderr)
    return 1 if wrong else 0


def write_seeds() -> None:
    """Two of a case's packets, or those that are cut in pieces. An input of fuzz_net.c is a run of frames, each behind
    the index of its link type in that file's table, the bytes that the snap length took off, and its length."""
    packets = packets_of(recorded("tls12"))
    text = (ROOT / "tests/fuzz/fuzz_net.c").read_text()
    links = [int(number) for number in re.search(r"links\[\] = \{(.*?)\}", text, re.S)[1].split(",")]
    folder = ROOT / "tests/fuzz/corpus/net"
    for path in folder.glob("links-*"):
        path.unlink()
    for case in cases():
        chosen = packets if case.whole else packets[4:6] if "fragments" in case.name else [packets[0], packets[3]]
        seed = b"".join(struct.pack(">BBH", links.index(case.link), 0, len(data)) + data
                        for _, data in frames_of(case, chosen))
        (folder / f"links-{case.name}").write_bytes(seed)
    hello = packets[0].ethernet(0x888E, bytes.fromhex("0100 0005 02010005 01"))  # IEEE 802.1X 11.3: EAP, an identity
    (folder / "links-8021x").write_bytes(struct.pack(">BBH", links.index(ETHERNET), 0, len(hello)) + hello)
    refuse_missing_rows()


def main(arguments) -> int:
    if arguments == []:
        write_all()
        return 0
    if arguments == ["--check"]:
        return check_all()
    if arguments == ["--seeds"]:
        write_seeds()
        return 0
    print(__doc__)
    return 0 if arguments in (["-h"], ["--help"]) else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
