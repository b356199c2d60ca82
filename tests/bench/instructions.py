#!/usr/bin/env python3
"""What a packet, a session and the start of the program cost in instructions, which no busy machine
changes: fails when one costs more than the limits in instructions.txt allow.

    instructions.py LEAFPRINT MKCAPTURES           compare
    instructions.py --renew LEAFPRINT MKCAPTURES   write instructions.txt anew

Two captures of each kind are read under valgrind; what the larger costs beyond the smaller is
divided by what it holds beyond it, so that the start of the program is not in the figure. That is
a row of its own: a capture of one session, from exec to exit. For LEAFPRINT an optimized build is
needed.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LIMITS = HERE / "instructions.txt"
# Libraries choose their code by the processor, and hash tables are seeded anew in every run.
TOLERANCE = 0.05
# kind, amounts of the generator, what is counted
MEASURES = (("bulk", 1, 5, "packets"), ("noise", 1, 5, "packets"),
            ("handshakes", 100, 600, "sessions"), ("reorder", 100, 600, "sessions"))
START = ("handshakes", 1)


def instructions(leafprint, capture):
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                          leafprint, "inspect", "-f", "jsonl", "-j", "1", capture],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", run.stderr)[1])


def measure(leafprint, mkcaptures, work):
    """For each kind: what is counted, and the instructions for one of it."""
    def one(kind, amount):
        path = f"{work}/{kind}-{amount}.pcap"
        made = subprocess.run([mkcaptures, HERE / "chains.pem", kind, path, str(amount)],
                              check=True, capture_output=True, text=True)
        return json.loads(made.stdout), instructions(leafprint, path)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {(kind, amount): pool.submit(one, kind, amount)
                for kind, few, many, _ in MEASURES for amount in (few, many)}
        start = pool.submit(one, *START)
    for kind, few, many, what in MEASURES:
        (less, low), (more, high) = runs[kind, few].result(), runs[kind, many].result()
        yield kind, what, round((high - low) / (more[what] - less[what]))
    yield "start", "runs", start.result()[1]


def main():
    renew = sys.argv[1] == "--renew"
    with tempfile.TemporaryDirectory() as work:
        found = list(measure(*sys.argv[1 + renew:], work))
    if renew:
        LIMITS.write_text("".join(f"{kind}\t{what}\t{count}\n" for kind, what, count in found))
        return
    limits = {row[0]: int(row[2]) for row in map(str.split, LIMITS.read_text().splitlines())}
    above = [kind for kind, _, count in found if count > limits[kind] * (1 + TOLERANCE)]
    for kind, what, count in found:
        print(f"{kind}: {count} instructions for one of the {what}, limit {limits[kind]} + "
              f"{TOLERANCE:.0%}{', above it' * (kind in above)}")
    if above:
        sys.exit(f"{', '.join(above)}: dearer than before. Where that is worth it, write the limits anew "
                 f"with: {HERE.name}/instructions.py --renew LEAFPRINT MKCAPTURES")


if __name__ == "__main__":
    main()
