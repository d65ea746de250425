#!/usr/bin/env python3
"""Checks the core archive: what it calls, what it exports, and that it has no mutable data.

usage: symbols.py [--nm NM] [--max-text BYTES] ARCHIVE    or    symbols.py --self-test [CC]
"""

import os
import re
import subprocess
import sys
import tempfile

# The five functions of libc, libcbor's, assertion and stack protector, the compiler's own routines.
ALLOWED = re.compile(r"^(memcpy|memset|memmove|memcmp|strlen|cbor_\w+|__stack_chk_(fail|guard)"
                     r"|_GLOBAL_OFFSET_TABLE_|__aeabi_\w+|__gnu_thumb1_case_\w+"
                     r"|__(u?(div|mod|divmod)|[al]sh[lr]|mul|clz|ctz|popcount|bswap)[sdt]i[234]?)$")
MUTABLE = re.compile(r"^\.(data(?!\.rel\.ro)|bss|tdata|tbss|sdata|sbss)")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols(nm, archive):
    """Returns {undefined: member} and {exported: (member, type)}."""
    undefined, exported, member = {}, {}, ""
    for line in run(nm, "-g", archive).splitlines():
        if line.endswith(":"):
            member = line[:-1]
            continue
        parts = line.split()
        if len(parts) == 2:
            undefined.setdefault(parts[1], member)
        elif len(parts) == 3:
            exported[parts[2]] = (member, parts[1])
    return {n: m for n, m in undefined.items() if n not in exported}, exported


def sections(size, archive):
    """Yields (member, section, bytes) of the archive."""
    member = ""
    for line in run(size, "-A", archive).splitlines():
        parts = line.split()
        if "(ex " in line:
            member = parts[0]
        elif len(parts) == 3 and parts[1].isdigit():
            yield member, parts[0], int(parts[1])


def check(nm, archive, most_text=None):
    undefined, exported = symbols(nm, archive)
    problems = [f"{member}: calls {name}, which the core may not use"
                for name, member in sorted(undefined.items()) if not ALLOWED.match(name)]
    problems += [f"{member}: exports {name}: public names start with vn_, others are static"
                 for name, (member, _) in sorted(exported.items()) if not name.startswith("vn_")]
    text = 0
    for member, section, size in sections(re.sub(r"nm$", "size", nm), archive):
        if MUTABLE.match(section) and size > 0:
            problems.append(f"{member}: {size} B in {section}: the core keeps no state of its own")
        if re.match(r"^\.(text|rodata|data\.rel\.ro)", section):
            text += size
    if most_text is not None and text > most_text:
        problems.append(f"{archive}: {text} B of code and constants, at most {most_text}")
    return len(exported), text, problems


SELF_TEST = [
    ("int vn_a(int x) { return x; }", None),
    ('const char *vn_a(int x) { static const char *const t[] = {"a", "b"}; return t[x]; }', None),
    ("#include <stdlib.h>\nvoid *vn_a(void) { return malloc(7); }", "calls malloc"),
    ("#include <stdio.h>\nvoid vn_a(int x) { printf(\"%d\", x); }", "calls printf"),
    ("#include <math.h>\ndouble vn_a(double x) { return log(x); }", "calls log"),
    ("int helper(int x) { return x; }", "exports helper"),
    ("int vn_a(void) { static int n; return ++n; }", "in .bss"),
    ("int vn_a(void) { static int n = 3; return ++n; }", "in .data"),
    ("int vn_a(int x) { return x * 3; }", "at most 1"),
]


def self_test(cc):
    failed = 0
    for source, reason in SELF_TEST:
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "x.c")
            with open(file, "w", encoding="utf-8") as out:
                out.write(source + "\n")
            run(cc, "-O1", "-c", file, "-o", file[:-1] + "o")
            run("ar", "rc", os.path.join(folder, "x.a"), file[:-1] + "o")
            most = 1 if reason == "at most 1" else None
            _, _, problems = check("nm", os.path.join(folder, "x.a"), most)
        right = (problems == []) if reason is None else any(reason in p for p in problems)
        if not right:
            failed += 1
            print(f"self-test: expected {reason}, got {problems} for: {source}")
    print(f"symbols: self-test: {len(SELF_TEST)} cases, {failed} failed")
    return 1 if failed else 0


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["--self-test"]:
        return self_test((arguments + ["cc"])[1])
    nm, most = "nm", None
    while len(arguments) > 2 and arguments[0].startswith("--"):
        option, value, *arguments = arguments
        if option == "--nm":
            nm = value
        elif option == "--max-text":
            most = int(value)
        else:
            sys.exit(__doc__)
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.exit(__doc__)
    exported, text, problems = check(nm, arguments[0], most)
    print("\n".join(problems))
    print(f"symbols: {exported} exported, {text} B of code and constants, {len(problems)} problems")
    return 1 if problems or exported == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
