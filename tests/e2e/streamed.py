#!/usr/bin/env python3
"""A capture of so many handshakes that their line of JSON is not in memory at once.

  streamed.py LEAFPRINT

Builds it from one recording of tests/captures, each copy with a client address of its own, the
copies' packets mixed; the line must be what the handshakes by themselves say, in the order of their
frames. The status is 1 if a check fails.
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

COPIES, STEP = 1500, 7  # copies begin STEP packets apart
leafprint = sys.argv[1]
captures = pathlib.Path(__file__).resolve().parent.parent / "captures"
failures = 0


def check(what, good):
    global failures
    if not good:
        failures += 1
        print("FAILED:", what, file=sys.stderr)


def records(path):
    """The file header, and (seconds, fraction, frame) of each packet of a classic pcap."""
    data = path.read_bytes()
    little = data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1")
    form = "<IIII" if little else ">IIII"
    packets, at = [], 24
    while at < len(data):
        sec, fraction, captured, _ = struct.unpack_from(form, data, at)
        packets.append((sec, fraction, data[at + 16:at + 16 + captured]))
        at += 16 + captured
    return data[:24], form, packets


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def readdressed(frame, old, new):
    """The TCP frame with another client address and right checksums."""
    ip = bytearray(frame[14:])
    header, total = (ip[0] & 15) * 4, struct.unpack_from(">H", ip, 2)[0]
    for at in (12, 16):
        if ip[at:at + 4] == old:
            ip[at:at + 4] = new
    ip[10:12] = b"\0\0"
    ip[10:12] = struct.pack(">H", checksum(bytes(ip[:header])))
    tcp = ip[header:total]
    tcp[16:18] = b"\0\0"
    pseudo = bytes(ip[12:20]) + struct.pack(">HH", 6, len(tcp))
    tcp[16:18] = struct.pack(">H", checksum(pseudo + bytes(tcp)))
    ip[header:total] = tcp
    return frame[:14] + bytes(ip)


def run(*args, **more):
    return subprocess.run([leafprint, *map(str, args)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, **more)


def build(path, source):
    header, form, packets = records(source)
    tcp = [(s, f, p) for s, f, p in packets if p[12:14] == b"\x08\0" and p[23] == 6]
    alone = json.loads(run("inspect", "-f", "jsonl", source).stdout)["sessions"]
    alone = [s for s in alone if s["client"] == alone[0]["client"]]
    client = bytes(map(int, alone[0]["client"]["ip"].split(".")))
    port = struct.pack(">H", alone[0]["client"]["port"])
    tcp = [(s, f, p) for s, f, p in tcp
           if (client, port) in ((p[26:30], p[34:36]), (p[30:34], p[36:38]))]
    queue = []
    for copy in range(COPIES):
        new = bytes((10, 77, copy >> 8, copy & 255))
        queue += [(copy * STEP + 3 * i, copy, readdressed(p, client, new))
                  for i, (_, _, p) in enumerate(tcp)]
    queue.sort(key=lambda row: row[:2])
    with open(path, "wb") as out:
        out.write(header)
        for at, _, frame in queue:
            out.write(struct.pack(form, 1700000000 + at // 100, at % 100, len(frame), len(frame)))
            out.write(frame)
    return alone[0]


with tempfile.TemporaryDirectory() as folder:
    capture = pathlib.Path(folder) / "many.pcap"
    alone = build(capture, captures / "chain3.pcap")
    result = run("inspect", "-f", "jsonl", capture)
    check("status 0: %s" % result.stderr, result.returncode == 0)
    check("one line", result.stdout.count(b"\n") == 1)
    check("more than fits in memory: %d bytes" % len(result.stdout), len(result.stdout) > 2 << 20)
    found = json.loads(result.stdout)
    sessions = found["sessions"]
    check("all: %d" % len(sessions), len(sessions) == COPIES)
    check("numbered from 0", [s["id"] for s in sessions] == list(range(COPIES)))
    frames = [s["first_frame"] for s in sessions]
    check("in the order of their frames", frames == sorted(frames) and len(set(frames)) == COPIES)
    check("each client once", len({s["client"]["ip"] for s in sessions}) == COPIES)
    check("the same certificates", all(s["chain"] == alone["chain"] for s in sessions))
    check("the key order of small lines", list(found) == list(json.loads(
        run("inspect", "-f", "jsonl", captures / "chain3.pcap").stdout)))

    # The same behind a pipe's other jobs, and appended by several at a time.
    pair = run("inspect", "-f", "jsonl", "-j", "2", capture, captures / "chain3.pcap", capture)
    lines = pair.stdout.splitlines(keepends=True)
    check("three lines in order", len(lines) == 3 and lines[0] == lines[2] == result.stdout)
    together = pathlib.Path(folder) / "together.jsonl"
    with open(together, "ab") as out:
        both = [subprocess.Popen([leafprint, "inspect", "-f", "jsonl", str(capture)], stdout=out)
                for _ in range(3)]
        for process in both:
            check("appending ends well", process.wait() == 0)
    check("no line is torn", together.read_bytes() == result.stdout * 3)

    out_file = pathlib.Path(folder) / "out.jsonl"
    check("--out", run("inspect", "-f", "jsonl", "--out", out_file, capture).returncode == 0)
    check("--out holds the line", out_file.read_bytes().startswith(result.stdout))

    nowhere = dict(os.environ, TMPDIR=folder + "/nowhere")
    result = run("inspect", "-f", "jsonl", capture, env=nowhere)
    check("status 2 without a place for the temporary file", result.returncode == 2)
    check("which is said", b"temporary file" in result.stderr)

sys.exit(1 if failures else 0)
