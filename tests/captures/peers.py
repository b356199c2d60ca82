#!/usr/bin/env python3
"""Peers that no stock program plays: they stay silent, leave early, speak plain HTTP or just DNS.

usage: peers.py silent ADDRESS PORT               accept and never answer
       peers.py http ADDRESS PORT                 a web server without TLS
       peers.py leave ADDRESS PORT SOURCE_PORT    send a TLS 1.2 ClientHello, take the server's
                                                  flight, reset the connection
       peers.py ask ADDRESS PORT PATH             GET /PATH in clear
       peers.py dns ADDRESS PORT ANSWER           a name server: every name has the address ANSWER
       peers.py resolve ADDRESS PORT NAME         ask a name server for NAME

A listener prints "listening" once it is ready and runs until it is killed.
"""
import http.server
import socket
import ssl
import struct
import sys

FLIGHT_PAUSE = 0.4  # seconds without a byte: the server's flight is over and it waits for us


def family_of(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def silent(address: str, port: int) -> None:
    listener = socket.create_server((address, port), family=family_of(address))
    print("listening", flush=True)
    kept = []  # a collected socket would be closed, and a close is an answer
    while True:
        kept.append(listener.accept())


class Page(http.server.BaseHTTPRequestHandler):
    server_version = "headend"
    sys_version = ""

    def do_GET(self) -> None:
        body = b"<html><body>It works, but not over TLS.</body></html>\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments) -> None:
        """Quiet: the capture is the log."""


def serve_http(address: str, port: int) -> None:
    server = http.server.HTTPServer((address, port), Page)
    print("listening", flush=True)
    server.serve_forever()


def client_hello() -> bytes:
    """OpenSSL's own ClientHello, limited to TLS 1.2 so that the certificate comes in clear."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    outgoing = ssl.MemoryBIO()
    session = context.wrap_bio(ssl.MemoryBIO(), outgoing)
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def leave(address: str, port: int, source_port: str) -> None:
    with socket.socket(family_of(address)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("", int(source_port)))
        sock.connect((address, port))
        sock.sendall(client_hello())
        sock.settimeout(FLIGHT_PAUSE)
        try:
            while sock.recv(65536):
                pass
        except TimeoutError:
            pass
        # Linger on with no time: close() sends RST instead of FIN.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def ask(address: str, port: int, path: str) -> None:
    with socket.create_connection((address, port), timeout=5) as sock:
        sock.sendall(f"GET /{path} HTTP/1.1\r\nHost: {address}:{port}\r\n\r\n".encode())
        while sock.recv(65536):
            pass


def serve_dns(address: str, port: int, answer: str) -> None:
    """RFC 1035, as far as one question of type A needs it."""
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as sock:
        sock.bind((address, port))
        print("listening", flush=True)
        while True:
            query, client = sock.recvfrom(512)
            header = query[:2] + struct.pack(">HHHHH", 0x8580, 1, 1, 0, 0)
            record = struct.pack(">HHHIH", 0xC00C, 1, 1, 3600, 4) + socket.inet_aton(answer)
            sock.sendto(header + query[12:] + record, client)


def resolve(address: str, port: int, name: str) -> None:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = struct.pack(">HHHHHH", 0x2A17, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(query, (address, port))
        sock.recv(512)


ROLES = {  # name: (function, number of words, role included)
    "silent": (silent, 3),
    "http": (serve_http, 3),
    "leave": (leave, 4),
    "ask": (ask, 4),
    "dns": (serve_dns, 4),
    "resolve": (resolve, 4),
}


def main(arguments: list) -> int:
    role, count = ROLES.get(arguments[0] if arguments else "", (None, 0))
    if role is None or len(arguments) != count:
        print(__doc__, file=sys.stderr)
        return 2
    role(arguments[1], int(arguments[2]), *arguments[3:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
