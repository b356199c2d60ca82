#!/usr/bin/env python3
"""What a phone fetched within the capture is worth as much as the same beside it.

    carried.py LEAFPRINT

For every capture of a MANIFEST that is verified without -c: configurations and trust lists are extracted and given
by -c. Verdict, reason and the handshakes' verdicts must stay. Where a phone fetched several configurations in turn, each
is given by itself, and the verdicts of the handshakes that it was in force for must stay.

Where there is nothing to give, or no handshake that it was in force for, there is nothing to compare: the capture is
passed over, the reason is printed, and without -c it must be undecided.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import golden

LEAST = 40  # captures that must be compared, so that the test cannot pass by passing over


class PassedOver(Exception):
    """Why."""


def verify(program, capture, files=()):
    words = [word for path in files for word in ("-c", str(path))]
    out, _, status = golden.run(program, capture.parent, "verify", "-f", "jsonl", *words, capture.name)
    return json.loads(out), status


def verdicts(record, ids):
    return [(record["sessions"][i]["compared"], record["sessions"][i]["verdict"]) for i in ids]


def extract(program, capture, folder):
    subprocess.run([program, "extract", "--configs", "-q", "-o", folder, capture.name], cwd=capture.parent,
                   capture_output=True, check=False)
    return sorted(pathlib.Path(folder).iterdir())


def compare_in_force(program, capture, files, without):
    """One phone, one file after the other: each speaks for the handshakes that followed it."""
    failures = []
    for path in files:
        record, _ = verify(program, capture, [path])
        given = record["configs"][0]
        fetched = [config for config in without["configs"] if config["cert_hashes"] == given["cert_hashes"]]
        if len(fetched) != 1:
            return [f"{path.name} is {len(fetched)} of the configurations that were fetched"]
        ids = fetched[0]["sessions"]
        if verdicts(record, ids) != verdicts(without, ids):
            failures.append(f"{path.name}: handshakes {ids}: {verdicts(without, ids)}, with -c {verdicts(record, ids)}")
    return failures


def compare(program, capture):
    """What differs."""
    without, status = verify(program, capture)
    findings = {one["code"] for one in without["findings"]}
    with tempfile.TemporaryDirectory() as folder:
        files = extract(program, capture, folder)
        if not files:
            raise PassedOver("no whole file was fetched" if "config-incomplete" in findings else "no file was fetched")
        if "config-newer" in findings:
            raise PassedOver("the handshake came before the configuration")
        kinds = [path.name.split("_")[0] + path.name[path.name.index("."):] for path in files]
        if len(set(kinds)) != len(kinds):
            return compare_in_force(program, capture, files, without)
        record, given_status = verify(program, capture, files)
    ids = range(len(without["sessions"]))
    before = without["verdict"], without["reason"], verdicts(without, ids), status
    after = record["verdict"], record["reason"], verdicts(record, ids), given_status
    return [] if before == after else [f"without -c {before}, with it {after}"]


def judge(program, capture):
    """Why it was passed over, or None; and what failed."""
    try:
        return None, compare(program, capture)
    except PassedOver as why:
        record, _ = verify(program, capture)
        return str(why), [] if record["verdict"] == "undecided" else [f"{record['verdict']}, although {why}"]


def main():
    program = os.path.abspath(sys.argv[1])
    paths = [golden.CAPTURES / "MANIFEST", *sorted(golden.CAPTURES.glob("*/MANIFEST"))]
    rows = [row for path in paths for row in golden.read_manifest(path)]
    captures = sorted({row["folder"] / row["capture"] for row in rows
                       if row["config"] == "-" and row["options"] == "-"})
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda capture: judge(program, capture), captures))
    compared = failed = 0
    for capture, (why, failures) in zip(captures, results):
        name = capture.relative_to(golden.CAPTURES)
        compared += why is None
        failed += bool(failures)
        if why:
            print(f"{name}: passed over: {why}")
        for failure in failures:
            print(f"{name}: {failure}", file=sys.stderr)
    print(f"{compared} captures compared, {len(results) - compared} passed over, {failed} failed")
    return 1 if failed or compared < LEAST else 0


if __name__ == "__main__":
    sys.exit(main())
