#!/usr/bin/env python3
"""A configuration inside the capture is worth as much as the same one beside it.

    carried.py LEAFPRINT

For every capture of a MANIFEST that is verified without -c: the configurations are extracted, given by -c, and
verdict, reason and the handshakes' verdicts must stay. Passed over, and counted, is what -c cannot say: that a
phone had one file first and another later, or none yet.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import golden

LEAST = 25  # captures that must be compared, so that the test cannot pass by passing over


def verify(program, capture, *words):
    out, _, status = golden.run(program, capture.parent, "verify", "-f", "jsonl", *words, capture.name)
    record = json.loads(out)
    sessions = [(session["id"], session["compared"], session["verdict"]) for session in record["sessions"]]
    return (record["verdict"], record["reason"], sessions, status), {one["code"] for one in record["findings"]}


def compare(program, capture):
    """None: passed over. Otherwise a text, empty if all is well."""
    without, findings = verify(program, capture)
    if "config-newer" in findings:
        return None
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "extract", "--configs", "-q", "-o", folder, capture.name], cwd=capture.parent,
                       capture_output=True, check=False)
        files = sorted(path for path in pathlib.Path(folder).iterdir() if ".cnf.xml" in path.name)
        phones = [path.name.split("_")[0] for path in files]
        if not files or len(set(phones)) != len(phones):
            return None
        given, _ = verify(program, capture, *[word for path in files for word in ("-c", str(path))])
    return "" if given == without else f"{capture}: without -c {without}, with it {given}"


def main():
    program = os.path.abspath(sys.argv[1])
    paths = [golden.CAPTURES / "MANIFEST", *sorted(golden.CAPTURES.glob("*/MANIFEST"))]
    rows = [row for path in paths for row in golden.read_manifest(path)]
    captures = sorted({row["folder"] / row["capture"] for row in rows
                       if row["config"] == "-" and row["options"] == "-"})
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda capture: compare(program, capture), captures))
    compared = [text for text in results if text is not None]
    failures = [text for text in compared if text]
    print(*failures, sep="\n", file=sys.stderr)
    print(f"{len(compared)} captures compared, {len(results) - len(compared)} passed over, {len(failures)} failed")
    return 1 if failures or len(compared) < LEAST else 0


if __name__ == "__main__":
    sys.exit(main())
