#!/usr/bin/env python3
"""The README must be true: what it shows of a command is what the command says.

    readme.py LEAFPRINT BUILD_DIRECTORY
"""

import pathlib
import re
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def blocks():
    """The indented blocks, each as its lines."""
    return [textwrap.dedent(block).rstrip("\n") for block in re.findall(r"(?:^    .*\n)+", README, re.M)]


def shown_after(command):
    found = blocks()
    return found[found.index(command) + 1]


def check(what, expected, seen):
    if expected != seen:
        sys.exit(f"README.md shows of {what}:\n{expected}\nbut it is:\n{seen}")
    print(f"{what}: as the README shows it")


def main():
    leafprint, build = sys.argv[1:]

    command = next(block for block in blocks() if block.startswith("./run.sh verify"))
    run = subprocess.run([leafprint, *command.split()[1:]], cwd=ROOT, capture_output=True, text=True)
    check("verify", shown_after(command), run.stdout.rstrip("\n"))

    tests = subprocess.run(["ctest", "--test-dir", build, "-N"], capture_output=True, text=True, check=True)
    count = re.search(r"^Total Tests: (\d+)$", tests.stdout, re.M)[1]
    # Runs only where it is asked for by an option of the build.
    live = len(re.findall(r"Test +#\d+: e2e\.live$", tests.stdout, re.M))
    check("test", shown_after("./run.sh test"),
          f"100% tests passed, 0 tests failed out of {int(count) - live}")


if __name__ == "__main__":
    main()
