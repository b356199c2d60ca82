#!/usr/bin/env python3
"""A TURN client (RFC 8656) in front of a program that knows nothing of TURN.

  turn_client.py udp|tcp channel|indication RELAY PORT PEER PORT LOCAL_PORT

Datagrams that come in on 127.0.0.1:LOCAL_PORT go to the peer by way of the relay, and the peer's come back,
in ChannelData or in Send and Data indications. Without authentication; IPv4. Standard library only.
"""
import os
import selectors
import socket
import struct
import sys

COOKIE = 0x2112A442
ALLOCATE, PERMIT, BIND, SEND, DATA = 0x0003, 0x0008, 0x0009, 0x0016, 0x0017
CHANNEL_NUMBER, PEER_ADDRESS, DATA_ATTRIBUTE, TRANSPORT = 0x000C, 0x0012, 0x0013, 0x0019
CHANNEL = 0x4001
MOST = 65535


def padded(data):
    return data + bytes(-len(data) % 4)


def attribute(kind, value):
    return struct.pack(">HH", kind, len(value)) + padded(value)


def message(kind, *attributes):
    body = b"".join(attributes)
    return struct.pack(">HHI", kind, len(body), COOKIE) + os.urandom(12) + body


def veiled(address, port):
    number, = struct.unpack(">I", socket.inet_aton(address))
    return attribute(PEER_ADDRESS, struct.pack(">HHI", 1, port ^ COOKIE >> 16, number ^ COOKIE))


def attributes_of(frame):
    at = 20
    while at < len(frame):
        kind, length = struct.unpack_from(">HH", frame, at)
        yield kind, frame[at + 4:at + 4 + length]
        at += 4 + length + -length % 4


class Relay:
    """The connection to the relay; frames in both directions are whole."""

    def __init__(self, transport, address):
        self.tcp = transport == "tcp"
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM if self.tcp else socket.SOCK_DGRAM)
        self.socket.settimeout(8)
        self.socket.connect(address)

    def read_exactly(self, n):
        got = b""
        while len(got) < n:
            part = self.socket.recv(n - len(got))
            if not part:
                raise SystemExit("the relay hung up")
            got += part
        return got

    def read(self):
        if not self.tcp:
            return self.socket.recv(MOST)
        head = self.read_exactly(4)
        kind, length = struct.unpack(">HH", head)
        # ChannelData is padded over TCP; the length of a STUN message leaves its header out.
        return head + self.read_exactly(length + -length % 4 if kind >> 14 else length + 16)

    def ask(self, kind, *attributes):
        self.socket.sendall(message(kind, *attributes))
        answer, = struct.unpack_from(">H", self.read())
        if answer != kind | 0x0100:
            raise SystemExit(f"the relay answers {answer:#06x} to {kind:#06x}")

    def send(self, frame):
        self.socket.sendall(padded(frame) if self.tcp else frame)


def carried(frame):
    """The peer's datagram in a frame of the relay, or None."""
    kind, length = struct.unpack_from(">HH", frame)
    if kind == CHANNEL:
        return frame[4:4 + length]
    if kind == DATA:
        return dict(attributes_of(frame)).get(DATA_ATTRIBUTE)
    return None


def main():
    if len(sys.argv) != 8:
        raise SystemExit(__doc__)
    transport, way, relay_address, relay_port, peer, peer_port, local_port = sys.argv[1:]
    relay = Relay(transport, (relay_address, int(relay_port)))
    peer_attribute = veiled(peer, int(peer_port))
    relay.ask(ALLOCATE, attribute(TRANSPORT, bytes([socket.IPPROTO_UDP, 0, 0, 0])))
    relay.ask(PERMIT, peer_attribute)
    if way == "channel":
        relay.ask(BIND, attribute(CHANNEL_NUMBER, struct.pack(">HH", CHANNEL, 0)), peer_attribute)
    local = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    local.bind(("127.0.0.1", int(local_port)))
    print("listening", flush=True)
    user = None
    ready = selectors.DefaultSelector()
    ready.register(local, selectors.EVENT_READ)
    ready.register(relay.socket, selectors.EVENT_READ)
    while True:
        for key, _ in ready.select():
            if key.fileobj is local:
                datagram, user = local.recvfrom(MOST)
                relay.send(struct.pack(">HH", CHANNEL, len(datagram)) + datagram if way == "channel" else
                           message(SEND, peer_attribute, attribute(DATA_ATTRIBUTE, datagram)))
            else:
                datagram = carried(relay.read())
                if datagram is not None and user:
                    local.sendto(datagram, user)


if __name__ == "__main__":
    main()
