"""Compares what the kernel's parser counted with the result lines of a KTAP file.

Usage: ktap.py FILE LOG, where LOG is the output of `kunit.py parse FILE`.
"""

import re
import sys

RESULT = re.compile(r"^\s*(ok|not ok) \d+ ([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?: # (\w+).*)?$")


def main(path, log):
    ours = {"passed": 0, "failed": 0, "skipped": 0}
    with open(path) as lines:
        for result, _, directive in (match.groups() for match in map(RESULT.match, lines) if match):
            if directive == "SKIP":
                ours["skipped"] += 1
            else:
                ours["passed" if result == "ok" else "failed"] += 1
    with open(log) as text:
        summary = re.search(r"Ran \d+ tests: (.*)", text.read())
    if not summary:
        sys.exit(f"{log}: the parser gives no summary")
    theirs = {"passed": 0, "failed": 0, "skipped": 0}
    for name, number in re.findall(r"(\w+): (\d+)", summary.group(1)):
        theirs[name] = int(number)
    if ours != theirs or not sum(ours.values()):
        sys.exit(f"{path}: the parser counts {theirs}, the file has {ours}")


main(*sys.argv[1:])
