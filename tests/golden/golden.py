#!/usr/bin/env python3
"""Holds the program against the MANIFESTs of tests/captures and against the outputs kept here.

  golden.py LEAFPRINT            compare; exit 1 and a report on standard error when anything differs
  UPDATE=1 golden.py LEAFPRINT   rewrite the kept outputs (read the diff before committing it)

For every line of a MANIFEST: verdict, reason, leaf and chain of `verify -f jsonl`, its exit status, and
every JSON line against docs/*.schema.json. A MANIFEST may have columns beyond the common ones; those that
`Golden.compare_further` knows are held against the JSON as well. For every capture that lies in
tests/captures itself, not in a folder below: a transcript of verify and inspect as people see them
(CAPTURE.txt) and the JSON of inspect and of its first verify (CAPTURE.jsonl).

PENDING lists the lines of MANIFEST that ask for what is not built yet, with what the program says
meanwhile. A line there must never be a match or a mismatch, and must go as soon as it is reached.
"""
import concurrent.futures
import difflib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import jsonschema  # Debian: python3-jsonschema; without it this test fails, it is not skipped

HERE = pathlib.Path(__file__).resolve().parent
CAPTURES = HERE.parent / "captures"
DOCS = HERE.parent.parent / "docs"
EXIT_STATUS = {"match": 0, "match-issuer": 0, "mismatch": 1, "mixed": 1, "error": 2, "undecided": 3}
INSPECT_ONLY_WITHOUT = ("verdict", "reason", "configs")
MANIFEST_COLUMNS = ["capture", "config", "options", "verdict", "reason", "leaf", "chain", "origin"]


# A certificate made to be large holds hundreds of names; the kept output needs only some of them.
LONG_SAN = re.compile(r'("san":\[)([^]]{400,})\]')


def shorten(match):
    names = match[2].split(",")
    return f'{match[1]}{",".join(names[:3])},"... {len(names) - 3} more"]'


class Checks:
    """Counts, and remembers what failed."""

    def __init__(self):
        self.count = 0
        self.failures = []

    def equal(self, what, expected, found):
        self.count += 1
        if expected != found:
            self.failures.append(f"{what}: expected {expected!r}, found {found!r}")

    def fail(self, what):
        self.count += 1
        self.failures.append(what)


def read_table(path, columns):
    """The rows of a tab-separated file; '#' starts a comment line."""
    rows = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise SystemExit(f"{path}:{number}: {len(cells)} columns instead of {len(columns)}")
        rows.append(dict(zip(columns, cells)))
    return rows


def read_manifest(path):
    """Its rows, each with the folder that it speaks of; the first line names the columns beyond the common ones."""
    names = path.read_text().split("\n", 1)[0].lstrip("#").split("\t")
    rows = read_table(path, MANIFEST_COLUMNS + names[len(MANIFEST_COLUMNS):])
    return [row | {"folder": path.parent} for row in rows]


def arguments(row):
    """The arguments of `leafprint verify` for a line of MANIFEST."""
    configs = [] if row["config"] == "-" else row["config"].split(",")
    options = [] if row["options"] == "-" else shlex.split(row["options"])
    return [word for config in configs for word in ("-c", config)] + options + [row["capture"]]


def run(program, folder, *words):
    """Standard output, standard error and exit status, in the captures' directory."""
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "America/Caracas"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"):
        if name in os.environ:
            environment[name] = os.environ[name]
    done = subprocess.run([program, *words], cwd=folder, env=environment, timeout=120,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.stdout.decode("utf-8", "strict"), done.stderr.decode("utf-8", "strict"), done.returncode


def readable(text, name):
    """The lines to be shown of a kept output: of JSON, one member each."""
    if not name.endswith(".jsonl"):
        return text.splitlines()
    return [row for line in text.splitlines() for row in json.dumps(json.loads(line), indent=1).splitlines()]


def first_difference(expected, found, name):
    lines = difflib.unified_diff(readable(expected, name), readable(found, name), f"kept/{name}", "now",
                                 lineterm="", n=1)
    return "\n".join(line[:200] for line in list(lines)[:30])


def leaves(record):
    """The leaves seen, in order of the wire, each once in a row."""
    seen = []
    for session in record["sessions"]:
        leaf = next((cert["sha1"] for cert in session["chain"] if cert["depth"] == 0), None)
        if leaf and leaf not in seen:
            seen.append(leaf)
    return seen


def first_chain(record):
    chains = [session["chain"] for session in record["sessions"] if session["chain_complete"] and session["chain"]]
    return len(chains[0]) if chains else None


class Golden:
    def __init__(self, program):
        self.program = program
        self.checks = Checks()
        self.update = os.environ.get("UPDATE") == "1"
        schema = json.loads((DOCS / "leafprint.capture.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        self.validator = jsonschema.Draft202012Validator(schema)
        self.manifest = read_manifest(CAPTURES / "MANIFEST")
        self.folders = [row for path in sorted(CAPTURES.glob("*/MANIFEST")) for row in read_manifest(path)]
        pending = read_table(HERE / "PENDING", ["capture", "config", "options", "verdict", "reason", "missing"])
        self.pending = {(row["capture"], row["config"], row["options"]): row for row in pending}

    def run_all(self, captures):
        """Every command that will be asked for, as many at a time as there are processors."""
        commands = []
        for capture, rows in captures.items():
            commands += [("inspect", "-f", "jsonl", capture), ("inspect", "-v", capture)]
            for row in rows:
                commands += [("verify", "-f", "jsonl", *arguments(row)), ("verify", *arguments(row))]
        commands = [(CAPTURES, *words) for words in commands]
        commands += [(row["folder"], "verify", "-f", "jsonl", *arguments(row)) for row in self.folders]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            self.results = dict(zip(commands, pool.map(lambda words: run(self.program, *words), commands)))

    def record(self, what, line):
        """One JSON line, held against the schema."""
        record = json.loads(line)
        for error in self.validator.iter_errors(record):
            self.checks.fail(f"{what}: schema: {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")
        return record

    def verify(self, row):
        """What one line of MANIFEST demands. Returns the JSON line."""
        words = arguments(row)
        within = "" if row["folder"] == CAPTURES else f"{row['folder'].name}/"
        what = f"{within}verify " + " ".join(words)
        pending = self.pending.pop((within + row["capture"], row["config"], row["options"]), None)
        wanted = pending or row
        out, err, status = self.results[row["folder"], "verify", "-f", "jsonl", *words]
        if pending and (pending["verdict"], pending["reason"]) == (row["verdict"], row["reason"]):
            self.checks.fail(f"{what}: listed in PENDING, but that is what MANIFEST demands")
        if wanted["verdict"] == "usage":
            self.checks.equal(f"{what}: exit status", 2, status)
            self.checks.equal(f"{what}: output", "", out)
            return ""
        if pending and pending["verdict"] in ("match", "match-issuer", "mismatch"):
            self.checks.fail(f"{what}: PENDING excuses a wrong answer")
        if out.count("\n") != 1:
            self.checks.fail(f"{what}: {out.count(chr(10))} lines, exit status {status}: {err.strip()}")
            return ""
        record = self.record(what, out)
        self.checks.equal(f"{what}: verdict", wanted["verdict"], record["verdict"])
        self.checks.equal(f"{what}: reason", wanted["reason"], record["reason"] or "-")
        self.checks.equal(f"{what}: exit status", EXIT_STATUS[wanted["verdict"]], status)
        self.checks.equal(f"{what}: standard error", "", err)
        if not pending:
            self.compare_certificates(what, row, record)
            self.compare_further(what, row, record)
        return out

    def compare_certificates(self, what, row, record):
        expected = [] if row["leaf"] == "-" else row["leaf"].split(",")
        self.checks.equal(f"{what}: leaves", expected, leaves(record))
        if row["chain"] != "-":
            self.checks.equal(f"{what}: chain", int(row["chain"]), first_chain(record))

    def compare_further(self, what, row, record):
        """`tunnels`: name and addresses of each, from the outside in, as the first session has them; `skipped`: a part
        of the finding that names what could not be looked into; `carrier`, `transport`: of every session;
        `findings`: the codes of all findings, in the order of the alphabet; `client`: the client's own certificate."""
        if "tunnels" in row:
            session = record["sessions"][0] if record["sessions"] else {}
            found = ",".join(f'{way["tunnel"]} {way["src"]} {way["dst"]}' for way in session.get("tunnels") or [])
            self.checks.equal(f"{what}: tunnels", row["tunnels"], found or "-")
        for name in ("carrier", "transport"):
            if name in row:
                found = sorted({session[name] for session in record["sessions"]})
                self.checks.equal(f"{what}: {name}", row[name], ",".join(found) or "-")
        if "findings" in row:
            found = ",".join(sorted({finding["code"] for finding in record["findings"]}))
            self.checks.equal(f"{what}: findings", row["findings"], found or "-")
        if "client" in row:
            found = sorted({session["client_chain"][0]["sha1"] for session in record["sessions"] if session["client_chain"]})
            self.checks.equal(f"{what}: client", row["client"], ",".join(found) or "-")
        if "skipped" in row:
            found = [finding["message"] for finding in record["findings"] if finding["code"] == "skipped"]
            self.checks.equal(f"{what}: skipped", row["skipped"] != "-", bool(found))
            for message in found:
                self.checks.equal(f"{what}: skipped: {message}", True, row["skipped"] in message)

    def inspect(self, capture):
        out, err, status = self.results[CAPTURES, "inspect", "-f", "jsonl", capture]
        what = f"inspect {capture}"
        if out.count("\n") != 1:
            self.checks.fail(f"{what}: {out.count(chr(10))} lines, exit status {status}: {err.strip()}")
            return ""
        record = self.record(what, out)
        self.checks.equal(f"{what}: exit status", 0 if record["sessions"] else 1, status)
        for name in INSPECT_ONLY_WITHOUT:
            self.checks.equal(f"{what}: {name}", False, name in record)
        for session in record["sessions"]:
            self.checks.equal(f"{what}: compared", False, "compared" in session or "verdict" in session)
        return out

    def transcript(self, words):
        out, err, status = self.results[CAPTURES, *words]
        return f"$ leafprint {' '.join(words)}\n{out}{err}[{status}]\n"

    def keep(self, name, found):
        path = HERE / name
        found = LONG_SAN.sub(shorten, found)
        if self.update:
            path.write_text(found)
            return
        kept = path.read_text() if path.exists() else ""
        self.checks.count += 1
        if kept != found:
            self.checks.failures.append(f"{name} differs (UPDATE=1 rewrites it)\n{first_difference(kept, found, name)}")

    def capture(self, capture, rows):
        inspected = self.inspect(capture)
        verified = [self.verify(row) for row in rows]
        text = "".join(self.transcript(["verify", *arguments(row)]) for row in rows)
        text += self.transcript(["inspect", "-v", capture])
        self.keep(f"{capture}.txt", text)
        self.keep(f"{capture}.jsonl", inspected + verified[0])

    def all(self):
        captures = {}
        for row in self.manifest:
            captures.setdefault(row["capture"], []).append(row)
        self.run_all(captures)
        for capture, rows in captures.items():
            self.capture(capture, rows)
        for row in self.folders:
            self.verify(row)
        for key in self.pending:
            self.checks.fail(f"PENDING: {' '.join(key)} is no line of MANIFEST")
        kept = {path.name for suffix in ("*.txt", "*.jsonl") for path in HERE.glob(suffix)}
        for name in sorted(kept - {f"{capture}.{kind}" for capture in captures for kind in ("txt", "jsonl")}):
            self.checks.fail(f"{name}: there is no such capture any more")


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    golden = Golden(os.path.abspath(sys.argv[1]))
    golden.all()
    for failure in golden.checks.failures:
        print(failure, file=sys.stderr)
    print(f"{golden.checks.count} checks, {len(golden.checks.failures)} failed")
    return 1 if golden.checks.failures else 0


if __name__ == "__main__":
    sys.exit(main())
