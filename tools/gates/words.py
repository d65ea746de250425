#!/usr/bin/env python3
"""Finds what a finished project has not: leftovers, machine paths, addresses of archives."""

import os
import re
import subprocess
import sys
import tempfile

RULES = [
    # The words are split here so that this file passes its own check.
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b"),
     "a note to oneself: do it, or write down the limit as a fact"),
    (re.compile(r"(?<![\w.$}>\])-])/(work|root|farm|home)/\w"),
     "a path of one machine: make it relative, or take it from an option"),
    (re.compile(r"(https?|ftp)://\S*(debian|ubuntu|npmjs|regis" r"try|pypi|pythonhosted|proxy)\S*"),
     "the address of a package archive: the user's machine decides where packages come from"),
    (re.compile(r"^(<{7}|={7}|>{7})( |$)"), "a merge conflict"),
]
LARGEST = 2_000_000


def files(root):
    """What git would commit; without git, all files outside of build folders."""
    listing = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"],
                             capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        yield from (name for name in listing.stdout.split("\0") if name)
        return
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in (".git", "build", "node_modules")]
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)


def check(root):
    problems, count = [], 0
    for name in sorted(files(root)):
        path = os.path.join(root, name)
        if not os.path.isfile(path) or os.path.getsize(path) > LARGEST:
            continue
        try:
            with open(path, encoding="utf-8") as source:
                lines = source.read().split("\n")
        except UnicodeDecodeError:
            continue  # binary data
        count += 1
        for number, line in enumerate(lines, 1):
            for pattern, why in RULES:
                match = pattern.search(line)
                if match:
                    problems.append(f"{name}:{number}: '{match.group(0)}': {why}")
    return count, problems


def self_test():
    cases = [
        ("/* TO" + "DO: later */", "note"),
        ("# FIX" + "ME", "note"),
        ("path = '/wo" + "rk/main'", "path"),
        ("see /ro" + "ot/x", "path"),
        ('"resolved": "https://regis' + 'try.example.org/x.tgz"', "archive"),
        ("deb http://deb." + "debian.org/debian stable main", "archive"),
        ("<" * 7 + " HEAD", "merge"),
        ("framework/work/x and HACKED and /workshop", None),
        ("https://example.org/spec", None),
        ("$HOME/work/x, build/home/x", None),
    ]
    failed = 0
    for text, reason in cases:
        with tempfile.TemporaryDirectory() as root:
            with open(os.path.join(root, "x.c"), "w", encoding="utf-8") as out:
                out.write(text + "\n")
            _, problems = check(root)
        right = (problems == []) if reason is None else any(reason in p for p in problems)
        if not right:
            failed += 1
            print(f"self-test: {text}: expected {reason}, got {problems}")
    print(f"words: self-test: {len(cases)} cases, {failed} failed")
    return 1 if failed else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    count, problems = check(root)
    print("\n".join(problems))
    print(f"words: {count} files, {len(problems)} problems")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
