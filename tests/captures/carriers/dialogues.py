#!/usr/bin/env python3
"""What stands before or around TLS, where no packaged program plays that end.

  dialogues.py serve PROTOCOL ADDRESS PORT CERTIFICATE KEY   answers one client
  dialogues.py call PROTOCOL ADDRESS PORT                    is the client

A dialogue is a list of steps: bytes to say, or a pattern to wait for. When it is through, TLS begins, by
Python's own ssl; under TDS and GSSAPI its bytes go on inside packets or lines. Standard library only.
"""
import base64
import re
import socket
import ssl
import struct
import sys

MOST = 16384


def heard(pattern):
    return re.compile(pattern, re.DOTALL)


MYSQL_GREETING = (b"\x0a8.0.0-example\0" + struct.pack("<I", 7) + b"saltsalt\0" + struct.pack("<H", 0xFFFF) + b"\x21" +
                  struct.pack("<HH", 2, 0xFFFF) + b"\x15" + bytes(10) + b"moresalthere\0")
LDAP_STARTED = bytes.fromhex("300c02010178070a010004000400")
RDP_REQUEST = bytes.fromhex("030000130ee000000000000100080001000000")  # TPKT, X.224 CR, RDP_NEG_REQ for TLS
RDP_CONFIRM = bytes.fromhex("030000130ed000001234000200080001000000")
AMQP_TLS = b"AMQP\x02\x01\x00\x00"
XMPP_FEATURES = (b"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' version='1.0' "
                 b"xmlns='jabber:client' from='vpn.example.com' id='1'><stream:features><starttls "
                 b"xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>")
XMPP_PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"

SERVER = {
    "smtp": [b"220 mail.example.com ESMTP\r\n", heard(rb"EHLO .*\r\n"),
             b"250-mail.example.com\r\n250-PIPELINING\r\n250 STARTTLS\r\n", heard(rb"STARTTLS\r\n"),
             b"220 2.0.0 Ready to start TLS\r\n"],
    "lmtp": [b"220 mail.example.com LMTP\r\n", heard(rb"LHLO .*\r\n"), b"250-mail.example.com\r\n250 STARTTLS\r\n",
             heard(rb"STARTTLS\r\n"), b"220 2.0.0 Ready to start TLS\r\n"],
    "pop3": [b"+OK POP3 ready\r\n", heard(rb"STLS\r\n"), b"+OK begin TLS\r\n"],
    "imap": [b"* OK IMAP4rev1 ready\r\n", heard(rb" CAPABILITY\r\n"),
             b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n. OK done\r\n", heard(rb" STARTTLS\r\n"),
             b". OK begin TLS\r\n"],
    "ftp": [b"220 ftp.example.com ready\r\n", heard(rb"AUTH TLS\r\n"), b"234 AUTH TLS successful\r\n"],
    "nntp": [b"200 news.example.com ready\r\n", heard(rb"CAPABILITIES\r\n"),
             b"101 Capability list:\r\nVERSION 2\r\nREADER\r\nSTARTTLS\r\n.\r\n", heard(rb"STARTTLS\r\n"),
             b"382 Continue with TLS negotiation\r\n"],
    "sieve": [b'"IMPLEMENTATION" "Example"\r\n"SIEVE" "fileinto"\r\n"STARTTLS"\r\nOK\r\n', heard(rb"STARTTLS\r\n"),
              b'OK "Begin TLS negotiation now."\r\n'],
    "irc": [heard(rb"STARTTLS\r\n"), b":irc.example.com 670 * :STARTTLS successful, go ahead\r\n"],
    "xmpp": [heard(rb"<stream:stream .*>"), XMPP_FEATURES, heard(rb"<starttls .*/>"), XMPP_PROCEED],
    "ldap": [heard(rb"1\.3\.6\.1\.4\.1\.1466\.20037"), LDAP_STARTED],
    "mysql": [struct.pack("<I", len(MYSQL_GREETING)) + MYSQL_GREETING, heard(rb".{36}")],
    "postgresql": [heard(rb"\0\0\0\x08\x04\xd2\x16\x2f"), b"S"],
    "socks4": [heard(rb"\x04\x01.{6}.*\0"), bytes.fromhex("005a01bbc6336401")],
    "rdp": [heard(rb"\x03\0\0\x13.{15}"), RDP_CONFIRM],
    "amqp": [heard(re.escape(AMQP_TLS)), AMQP_TLS],
    "http-upgrade": [heard(rb"Upgrade: TLS/1.2.*\r\n\r\n"),
                     b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.2, HTTP/1.1\r\nConnection: Upgrade\r\n\r\n"],
    "tds": [],
    "ftp-gssapi": [b"220 ftp.example.com ready\r\n", heard(rb"AUTH GSSAPI\r\n"),
                   b"334 Using authentication type; ADAT must follow.\r\n"],
}

CLIENT = {
    "rdp": [RDP_REQUEST, heard(rb"\x03\0\0\x13.{15}")],
    "amqp": [AMQP_TLS, heard(re.escape(AMQP_TLS))],
    "http-upgrade": [b"OPTIONS * HTTP/1.1\r\nHost: vpn.example.com\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade\r\n\r\n",
                     heard(rb"101 .*\r\n\r\n")],
    "ftp-gssapi": [heard(rb"220 .*\r\n"), b"AUTH GSSAPI\r\n", heard(rb"334 .*\r\n")],
}


def talk(connection, steps):
    for step in steps:
        if isinstance(step, bytes):
            connection.sendall(step)
            continue
        got = b""
        while not step.search(got):
            part = connection.recv(1)  # no more than the dialogue: TLS may follow at once
            if not part:
                raise SystemExit(f"hung up while {step.pattern!r} was awaited")
            got += part


def read_exactly(connection, n):
    got = b""
    while len(got) < n:
        part = connection.recv(n - len(got))
        if not part:
            raise EOFError
        got += part
    return got


class Tds:
    """MS-TDS 2.2.3.1: packets with a header of eight bytes, of at most 4,096."""

    PRELOGIN, RESPONSE, LAST, ROOM = 0x12, 0x04, 1, 4096 - 8

    def __init__(self, connection, server):
        self.connection = connection
        assert server
        self.read()  # the client's options
        options = b"".join([struct.pack(">BHH", 0, 16, 6), struct.pack(">BHH", 1, 22, 1), struct.pack(">BHH", 2, 23, 1)])
        self.send(self.RESPONSE, options + b"\xff" + b"\x0f\x00\x10\x00\x00\x00" + b"\x01" + b"\x00")

    def send(self, kind, payload):
        parts = [payload[i:i + self.ROOM] for i in range(0, len(payload), self.ROOM)]
        for i, part in enumerate(parts):
            status = self.LAST if i == len(parts) - 1 else 0
            self.connection.sendall(struct.pack(">BBHHBB", kind, status, len(part) + 8, 0, i + 1, 0) + part)

    def read(self):
        payload, status = b"", 0
        while status != self.LAST:
            _, status, length, _, _, _ = struct.unpack(">BBHHBB", read_exactly(self.connection, 8))
            payload += read_exactly(self.connection, length - 8)
        return payload

    def put(self, token):
        self.send(self.PRELOGIN, token)


class Gssapi:
    """RFC 2228: a token per line, in Base64."""

    def __init__(self, connection, server):
        self.connection, self.server, self.pending = connection, server, b""

    def put(self, token):
        line = base64.b64encode(token)
        self.connection.sendall((b"335 ADAT=" if self.server else b"ADAT ") + line + b"\r\n")

    def read(self):
        while b"\r\n" not in self.pending:
            part = self.connection.recv(MOST)
            if not part:
                raise EOFError
            self.pending += part
        line, self.pending = self.pending.split(b"\r\n", 1)
        return base64.b64decode(re.split(b"ADAT[ =]", line)[1])


WRAPPED = {"tds": Tds, "ftp-gssapi": Gssapi}


def shake_wrapped(way, context, server):
    """TLS whose bytes travel as tokens."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=server)
    done = False
    while not done:
        try:
            tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            pass
        if outgoing.pending:
            way.put(outgoing.read())
        if not done:
            incoming.write(way.read())


def shake(connection, protocol, context, server):
    if protocol in WRAPPED:
        shake_wrapped(WRAPPED[protocol](connection, server), context, server)
        if server:
            connection.recv(MOST)  # what the client has to say next needs no answer
        return
    with context.wrap_socket(connection, server_side=server) as tls:
        if server:
            tls.recv(MOST)
        else:
            tls.sendall(b"\r\n")


def serve(protocol, address, port, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    with socket.create_server((address, int(port))) as listener:
        print("listening", flush=True)
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(8)
            talk(connection, SERVER[protocol])
            shake(connection, protocol, context, True)


def call(protocol, address, port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((address, int(port)), timeout=8) as connection:
        talk(connection, CLIENT[protocol])
        shake(connection, protocol, context, False)


def main():
    roles = {"serve": (serve, 5), "call": (call, 3)}
    if len(sys.argv) < 2 or sys.argv[1] not in roles or len(sys.argv) - 2 != roles[sys.argv[1]][1]:
        raise SystemExit(__doc__)
    try:
        roles[sys.argv[1]][0](*sys.argv[2:])
    except (EOFError, OSError) as gone:  # the handshake is what counts
        print(gone, file=sys.stderr)


if __name__ == "__main__":
    main()
