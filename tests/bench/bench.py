#!/usr/bin/env python3
"""What leafprint costs: ratios of CPU time (user and system) to that of libpcap counting the packets.

Every figure is the median over rounds in which all commands take turns, so that a noisy machine
troubles them alike. Before a capture is measured, all of its certificates must have been found.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
KINDS = ("bulk", "noise", "handshakes", "reorder")
PEERS = {
    "tshark": ["tshark", "-n", "-r", "{}", "-Y", "tls.handshake.type == 11", "-T", "fields",
               "-e", "tls.handshake.certificate"],
    "ssldump": ["ssldump", "-n", "-N", "-r", "{}"],
    "tcpflow": ["tcpflow", "-r", "{}", "-o", "/dev/null", "-c"],
}


RUNNER = None  # bench-run


class Run:
    """One run of a command: seconds of CPU and of the wall clock, peak memory in MB."""

    def __init__(self, command):
        shown = subprocess.run([RUNNER, *command], capture_output=True, text=True).stdout.split()
        if len(shown) != 4 or shown[3] not in ("0", "1"):
            sys.exit(f"{' '.join(command)[:200]}: {' '.join(shown) or 'did not end'}")
        self.cpu, self.wall = float(shown[0]), float(shown[1])
        self.peak = int(shown[2]) / 1024


class HundredRuns:
    """The mean of a hundred in a row, for what takes no longer than the clock ticks."""

    def __init__(self, command):
        runs = [Run(command) for _ in range(100)]
        self.wall = statistics.mean(run.wall for run in runs)
        self.cpu = statistics.mean(run.cpu for run in runs)


def rounds(commands, count, kind=Run):
    """All commands in turn, `count` times: for each its runs."""
    table = {name: [] for name in commands}
    for _ in range(count):
        for name, command in commands.items():
            table[name].append(kind(command))
    return table


def median(runs, what="cpu"):
    return statistics.median(getattr(run, what) for run in runs)


def ratio(runs, base, what="cpu"):
    return statistics.median(getattr(a, what) / max(getattr(b, what), 1e-4)
                             for a, b in zip(runs, base))


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = pathlib.Path(options.work or tempfile.mkdtemp(prefix="leafprint-bench-"))
        self.work.mkdir(parents=True, exist_ok=True)

    def make(self, kind, amount, name=None):
        """A capture, or the batch: its path, and what the generator says of it."""
        path = self.work / (name or (kind if kind == "batch" else f"{kind}.pcap"))
        made = subprocess.run([f"{self.options.programs}/mkcaptures", HERE / "chains.pem", kind, path,
                               str(amount)], check=True, capture_output=True, text=True)
        return path, json.loads(made.stdout)

    def inspect(self, *arguments):
        return [self.options.leafprint, "inspect", "-f", "jsonl", *map(str, arguments)]

    def check(self, paths, sessions):
        """Every session is found, each with a leaf of its own."""
        out = subprocess.run(self.inspect(*paths), check=True, capture_output=True, text=True).stdout
        leaves = [session["chain"][0]["sha1"] for line in out.splitlines()
                  for session in json.loads(line)["sessions"] if session["chain"]]
        if len(leaves) != sessions or len(set(leaves)) != sessions or None in leaves:
            sys.exit(f"{paths[0]}: {sessions} leaves sent, {len(set(leaves))} found")

    # ------------------------------------------------------------ what is measured

    def kinds(self):
        scale = self.options.scale
        for kind in KINDS:
            path, made = self.make(kind, (100 if kind in ("bulk", "noise") else 20000) * scale)
            self.check([path], made["sessions"])
            commands = {"count": [f"{self.options.programs}/bench-count", str(path)],
                        "cat": ["cat", str(path)],
                        "leafprint": self.inspect("-j", 1, path)}
            if self.options.peers:
                commands |= {name: [word.format(path) for word in peer] for name, peer in PEERS.items()
                             if shutil.which(name)}
            table = rounds(commands, self.options.rounds)
            self.say_ratios(kind, made, table)
            path.unlink()

    def say_ratios(self, kind, made, table):
        print(f"\n{kind}: {made['packets']} packets, {made['bytes'] / 1e6:.0f} MB, "
              f"{made['sessions']} sessions with certificates")
        for name, runs in table.items():
            print(f"  {name:10} {median(runs):8.3f} s  ratio {ratio(runs, table['count']):7.2f}  "
                  f"peak {max(run.peak for run in runs):7.1f} MB", flush=True)

    def make_batch(self, captures):
        """The folder, the list of its captures, what the generator says of them."""
        folder, made = self.make("batch", captures)
        names = self.work / "captures"
        names.write_text("".join(f"{path}\n" for path in sorted(folder.glob("*.pcap"))))
        return folder, names, made

    def batch(self):
        folder, names, made = self.make_batch(self.options.captures)
        self.check(["--files-from", names], made["sessions"])
        table = rounds({"cat": ["cat", *names.read_text().split()],
                        "leafprint": self.inspect("-j", 1, "--files-from", names)},
                       self.options.rounds)
        print(f"\nbatch: {made['sessions']} captures, ratio to cat of them")
        for name, runs in table.items():
            print(f"  {name:10} {median(runs):8.3f} s  ratio {ratio(runs, table['cat']):7.2f}",
                  flush=True)
        shutil.rmtree(folder)

    def verify(self, captures=None):
        """All of the batch against all configurations; what takes minutes is not repeated."""
        folder, names, made = self.make_batch(captures or self.options.captures)
        command = [self.options.leafprint, "verify", "-f", "jsonl", "-c", str(folder / "cnf"),
                   "--files-from", str(names)]
        start = time.monotonic()
        out = subprocess.run(command, capture_output=True, text=True).stdout
        first = time.monotonic() - start
        verdicts = [json.loads(line)["verdict"] for line in out.splitlines()]
        if (verdicts.count("mismatch") != made["mismatches"] or
                verdicts.count("match") != made["sessions"] - made["mismatches"]):
            sys.exit(f"verify: {made['mismatches']} mismatches made, {verdicts.count('mismatch')} found")
        if first < 30:
            first = median([Run(command) for _ in range(self.options.rounds)], "wall")
        print(f"\nverify: {made['sessions']} captures, as many configurations of 20 KB, "
              f"{os.cpu_count()} cores\n  leafprint  {first:8.3f} s of the wall clock", flush=True)
        shutil.rmtree(folder)

    def memory(self):
        print("\nmemory: peak by the number of sessions")
        for sessions in (5000, 60000, 200000):
            path, _ = self.make("handshakes", sessions)
            run = Run(self.inspect("-j", 1, path))
            print(f"  {sessions:7} {run.peak:7.1f} MB", flush=True)
            path.unlink()

    def cores(self):
        paths = [str(self.make("handshakes", 20000 * self.options.scale, f"{n}.pcap")[0])
                 for n in (1, 2)]
        table = rounds({"one": self.inspect("-j", 1, *paths), "two": self.inspect("-j", 2, *paths)},
                       self.options.rounds)
        print(f"\ncores: two files, -j 1 {median(table['one'], 'wall'):.3f} s, -j 2 "
              f"{median(table['two'], 'wall'):.3f} s: {ratio(table['one'], table['two'], 'wall'):.2f} "
              "times as fast", flush=True)
        for path in paths:
            os.unlink(path)

    def start(self):
        """One small capture, from exec to exit."""
        path, _ = self.make("handshakes", 1)
        table = rounds({"true": ["/bin/true"], "count": [f"{self.options.programs}/bench-count", str(path)],
                        "leafprint": self.inspect(path)}, self.options.rounds, HundredRuns)
        print("\nstart: one capture of one handshake")
        for name, runs in table.items():
            print(f"  {name:10} {median(runs, 'wall') * 1000:6.2f} ms, {median(runs) * 1000:6.2f} ms of "
                  f"CPU, ratio to count {ratio(runs, table['count'], 'wall'):5.2f}", flush=True)
        path.unlink()

    def smoke(self):
        """Whether every session is found, on captures that take no time."""
        for kind, amount in zip(KINDS, (1, 2, 300, 300)):
            path, made = self.make(kind, amount)
            self.check([path], made["sessions"])
            print(f"{kind}: {made['sessions']} sessions, all found")
        self.verify(60)


def main():
    global RUNNER
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=1, help="1: captures of 100 MB, 10: of 1 GB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--captures", type=int, default=10000, help="in the batch")
    parser.add_argument("--peers", action="store_true", help="measure tshark, ssldump and tcpflow too")
    parser.add_argument("--only", default="kinds,batch,verify,memory,cores,start", help="of these, with commas")
    parser.add_argument("--work", help="a directory for the captures, up to 1 GB each")
    parser.add_argument("--smoke", action="store_true", help="measure nothing, but find all")
    parser.add_argument("leafprint")
    parser.add_argument("programs", help="where mkcaptures, bench-count and bench-run are")
    options = parser.parse_args()
    RUNNER = f"{options.programs}/bench-run"
    bench = Bench(options)
    try:
        for part in ["smoke"] if options.smoke else options.only.split(","):
            getattr(bench, part)()
    finally:
        if not options.work:
            shutil.rmtree(bench.work)


if __name__ == "__main__":
    main()
