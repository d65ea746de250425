#!/usr/bin/env python3
"""Checks every #include of the project against the layer table beside this file."""

import os
import re
import sys
import tempfile

CORE = "firmware-agnostic-core"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Table:
    """The machine form of layers.txt."""

    def __init__(self, path):
        self.rank = {}  # module -> (layer number, place in the table)
        self.layer_names = []
        self.allowed = set()
        self.system = set()
        self.libraries = []  # (prefixes, places)
        self.folders = {}
        self.apart = []  # folders that must not know the core
        for number, line in enumerate(open(path, encoding="utf-8"), 1):
            line = line.split("#")[0].strip()
            if line and not self.read(line):
                sys.exit(f"{path}:{number}: not understood: {line}")

    def read(self, line):
        word, _, rest = line.partition(" ")
        head, _, tail = (part.strip() for part in rest.partition(":"))
        if word == "layer":
            if head not in self.layer_names:
                self.layer_names.append(head)
            for module in tail.split():
                self.rank[module] = (len(self.layer_names) - 1, len(self.rank))
        elif word == "allow":
            self.allowed.add(tuple(head.split()))
        elif word == "system":
            self.system.update(rest.split())
        elif word == "library":
            self.libraries.append((tuple(head.split()), tuple(tail.split())))
        elif word == "folder":
            self.folders[head] = tail.split()
        elif word == "apart":
            self.apart.append(head)
        else:
            return False
        return True

    def module(self, name):
        """The module of a file by the longest fitting name; None when there is none."""
        stem = re.sub(r"(_priv)?\.[ch]$", "", os.path.basename(name))
        fits = [m for m in self.rank if stem == m or stem.startswith(m + "_")]
        return max(fits, key=len) if fits else None


def sources(root):
    for top in (CORE, "config", "platform", "tests"):
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders[:] = sorted(f for f in folders if f not in ("build", "node_modules"))
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def check_core(table, file, kind, header):
    """What is wrong with one include in the core, or None."""
    if kind == "<":
        known = header in table.system or any(
            header.startswith(prefixes) for prefixes, _ in table.libraries)
        return None if known else "the core may include only the system headers of the table"
    own, theirs = table.module(file), table.module(header)
    if own is None or theirs is None:
        return f"module of {file if own is None else header} unknown: add it to layers.txt"
    if own == theirs or (os.path.basename(file), os.path.basename(header)) in table.allowed:
        return None
    if table.rank[theirs] < table.rank[own]:
        return None
    names = table.layer_names
    return (f"{own} (layer {names[table.rank[own][0]]}) looks up to {theirs} "
            f"(layer {names[table.rank[theirs][0]]}): move the shared part down")


def check_outside(table, root, file, kind, header):
    """What is wrong with one include outside of the core, or None."""
    if kind == "<":
        return None
    if header.startswith("vn/"):
        if any(file.startswith(f + "/") for f in table.apart):
            return "this folder is apart from the core: its headers are not for it"
        return None if os.path.exists(f"{root}/{CORE}/include/{header}") else "no such core header"
    folder = max((f for f in table.folders if file.startswith(f + "/")), key=len, default=None)
    if folder is None:
        return "the folder of this file is not in layers.txt: add a line `folder`"
    places = [os.path.dirname(file), folder] + table.folders[folder]
    if any(os.path.exists(os.path.join(root, place, header)) for place in places):
        return None
    if (os.path.basename(file), header) in table.allowed:  # made by the build
        return None
    if os.path.exists(f"{root}/{CORE}/src/{header}"):
        return "a private header of the core: use its public headers"
    return f"found in none of: {' '.join(dict.fromkeys(places))}"


def check_library(table, file, header):
    for prefixes, places in table.libraries:
        if header.startswith(prefixes):
            fits = any(file.startswith(p) if p.endswith("/") else file == p for p in places)
            if not fits:
                return f"only {' '.join(places)} may include this library's headers"
    return None


def check(root, table):
    problems = []
    count = 0
    for file in sources(root):
        count += 1
        for number, line in enumerate(open(os.path.join(root, file), encoding="utf-8"), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            kind, header = match.groups()
            why = check_library(table, file, header) if kind == "<" else None
            if why is None and file.startswith(CORE):
                why = check_core(table, file, kind, header)
            elif why is None:
                why = check_outside(table, root, file, kind, header)
            if why:
                problems.append(f"{file}:{number}: {header}: {why}")
    return count, problems


def self_test(table):
    """Each line breaks one rule; the gate must name it. The last ones are right."""
    core = CORE + "/src/"
    cases = [
        (core + "ring.c", '#include "vn/engine.h"', "looks up"),
        (core + "aggregate.c", '#include "vn/window.h"', "looks up"),
        (core + "window_fold.c", '#include "engine_priv.h"', "looks up"),
        (core + "mystery.c", '#include "vn/time.h"', "module of"),
        (core + "json.c", "#include <stdio.h>", "system headers"),
        (core + "cbor.c", "#include <cbor.h>", "only"),
        ("platform/linux/clock.c", "#include <MQTTAsync.h>", "only"),
        ("platform/linux/clock.c", "#include <yaml.h>", "only"),
        ("config/loader.c", '#include "clock.h"', "found in none"),
        ("platform/posix-sim/oracle/oracle.c", '#include "vn/time.h"', "apart"),
        ("config/loader.c", '#include "window_priv.h"', "private header"),
        ("elsewhere/x.c", "", None),
        (core + "engine_step.c", '#include "vn/ring.h"', None),
        (core + "window_fold.c", '#include "window_priv.h"', None),
        (core + "cbor_codec_libcbor.c", "#include <cbor.h>", None),
        ("platform/linux/mqtt_paho.c", "#include <MQTTAsync.h>", None),
        ("platform/linux/main.c", '#include "configuration.h"', None),
    ]
    failed = 0
    for file, line, reason in cases:
        with tempfile.TemporaryDirectory() as root:
            for name in (core + "window_priv.h", "config/configuration.h",
                         "platform/linux/clock.h"):
                os.makedirs(os.path.dirname(f"{root}/{name}"), exist_ok=True)
                open(f"{root}/{name}", "w", encoding="utf-8").close()
            os.makedirs(os.path.dirname(f"{root}/{file}"), exist_ok=True)
            with open(f"{root}/{file}", "w", encoding="utf-8") as out:
                out.write(line + "\n")
            _, problems = check(root, table)
        right = (problems == []) if reason is None else any(reason in p for p in problems)
        if not right:
            failed += 1
            print(f"self-test: {file} with {line}: expected {reason}, got {problems}")
    return failed, len(cases)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    table = Table(os.path.join(here, "layers.txt"))
    if sys.argv[1:] == ["--self-test"]:
        failed, count = self_test(table)
        print(f"layers: self-test: {count} cases, {failed} failed")
        return 1 if failed else 0
    count, problems = check(os.path.dirname(os.path.dirname(here)), table)
    print("\n".join(problems))
    print(f"layers: {count} files, {len(problems)} includes against the table")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
