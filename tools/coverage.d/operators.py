#!/usr/bin/env python3
"""Checks that the suites take every branch of the operators, or that it is explained why not.

usage: operators.py REPORT.json    (of gcovr --json)

The operators are the layer of that name in tools/gates/layers.txt. tools/coverage.d/exceptions.txt
holds the branches that no input can reach: FILE | source line | why. A line of that list that is
not needed is an error too.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = "firmware-agnostic-core/src/"


def modules():
    """Module -> whether it is an operator."""
    found = {}
    for line in (ROOT / "tools/gates/layers.txt").read_text().splitlines():
        layer = re.match(r"layer (\w+):(.*)", line)
        if layer:
            found.update((name, layer[1] == "operators") for name in layer[2].split())
    return found


def is_operator(file, known):
    """By the longest name that fits: alert_message is no part of alert."""
    stem = pathlib.PurePath(file).stem
    fits = [name for name in known if stem == name or stem.startswith(name + "_")]
    return file.startswith(FOLDER) and bool(fits) and known[max(fits, key=len)]


def assert_lines(text):
    """Numbers of the lines that belong to an assert: its other branch is a programmer's error."""
    lines = set()
    for match in re.finditer(r"VN_ASSERT\([^;]*;", text):
        first = text.count("\n", 0, match.start()) + 1
        lines.update(range(first, first + match.group(0).count("\n") + 1))
    return lines


def exceptions():
    table = {}
    path = ROOT / "tools/coverage.d/exceptions.txt"
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            file, _, rest = line.partition(" | ")
            source, _, why = rest.rpartition(" | ")
            if not (source and why):
                sys.exit(f"{path}:{number}: not FILE | source line | why")
            table[file, source] = number
    return table


def untaken(report, modules):
    """Yields (file, number, source line, branches not taken, branches)."""
    for entry in report["files"]:
        if not is_operator(entry["file"], modules):
            continue
        text = (ROOT / entry["file"]).read_text()
        source, skipped = text.splitlines(), assert_lines(text)
        for line in entry["lines"]:
            number = line["line_number"]
            counts = [branch["count"] for branch in line["branches"] if not branch["throw"]]
            if number not in skipped and counts:
                yield (entry["file"], number, source[number - 1].strip(), counts.count(0),
                       len(counts))


def main():
    report = json.loads(pathlib.Path(sys.argv[1]).read_text())
    allowed, used = exceptions(), set()
    wrong = total = explained = 0
    for file, number, source, missed, branches in untaken(report, modules()):
        total += branches
        key = pathlib.PurePath(file).name, source
        if missed and key in allowed:
            used.add(key)
            explained += missed
        elif missed:
            wrong += missed
            print(f"{file}:{number}: {missed} of {branches} branches are never taken: {source}")
    for key in set(allowed) - used:
        wrong += 1
        print(f"tools/coverage.d/exceptions.txt:{allowed[key]}: no longer needed: {key[1]}")
    taken = total - wrong - explained
    print(f"operators: {taken} of {total} branches taken, {explained} explained")
    if total == 0 or wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
