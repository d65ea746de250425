#!/usr/bin/env python3
"""Checks the sizes that keep files readable: lines, columns, functions, branches, #if."""

import os
import re
import sys

LIMITS = {"c_lines": 500, "h_lines": 400, "py_lines": 500, "columns": 100, "function": 60,
          "complexity": 10, "nesting": 4, "conditionals": 2}
FOLDERS = ("firmware-agnostic-core", "config", "platform", "tests", "tools", "cmake", "toolchains")
# What isn't written by hand; `tables` are made by vnotch compile.
LEFT_OUT = ("node_modules", "__pycache__", "tables")
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
BRANCH = re.compile(r"\b(?:if|for|while|switch)\b|&&|\|\||[?;{}]")
NAME = re.compile(r"(\w+)\s*\([^;{}]*\)\s*$", re.S)


def blank(match):
    """The same number of lines, nothing else."""
    return re.sub(r"[^\n]", " ", match.group(0))


def complexity(body):
    """Decisions + 1; a run of equal && or || reads as one decision and counts as one."""
    count, run = 1, None
    for token in BRANCH.findall(body):
        logical = token in ("&&", "||")
        if token not in ";{}" and not (logical and token == run):
            count += 1
        if logical or token in ";{}":
            run = token
    return count


def functions(text):
    """Yields (name, line of the opening brace, lines, complexity, nesting) of C source."""
    text = DIRECTIVE.sub(blank, NOISE.sub(blank, text))
    depth, start, deepest, head = 0, None, 0, 0
    for place, char in enumerate(text):
        if char == "{":
            if depth == 0:
                match = NAME.search(text[head:place])
                start, name, deepest = place if match else None, match and match.group(1), 0
            depth += 1
            deepest = max(deepest, depth - 1)
        elif char == "}":
            depth -= 1
            if depth == 0:
                head = place + 1
                if start is not None:
                    body = text[start:place + 1]
                    yield (name, text.count("\n", 0, start) + 1, body.count("\n") + 1,
                           complexity(body), deepest)
        elif char == ";" and depth == 0:
            head = place + 1


def check_c(file, text, limits):
    for name, line, *sizes in functions(text):
        for what, value in zip(("function", "complexity", "nesting"), sizes):
            if value > limits[what]:
                unit = "lines" if what == "function" else what
                yield f"{file}:{line}: {name}: {unit} {value}, at most {limits[what]}"
    if file.startswith("firmware-agnostic-core") and file.endswith(".c"):
        count = len(re.findall(r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef)\b", text, re.M))
        if count > limits["conditionals"]:
            yield f"{file}:1: #if {count} times, at most {limits['conditionals']}"


def check_file(file, text, limits):
    kind = os.path.splitext(file)[1][1:]
    lines = text.split("\n")
    most = limits.get(kind + "_lines")
    count = len(lines) - 1
    if most and count > most:
        yield f"{file}:{count}: {count} lines, at most {most}: split it by what it does"
    for number, line in enumerate(lines, 1):
        if len(line) > limits["columns"]:
            yield f"{file}:{number}: {len(line)} columns, at most {limits['columns']}"
    if kind in ("c", "h"):
        yield from check_c(file, text, limits)


def sources(root):
    for top in FOLDERS:
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders[:] = sorted(f for f in folders if f not in LEFT_OUT)
            for name in sorted(files):
                if name.endswith((".c", ".h", ".py", ".cmake")) or name == "CMakeLists.txt":
                    yield os.path.relpath(os.path.join(folder, name), root)


def self_test():
    limits = dict(LIMITS, c_lines=12, h_lines=8, columns=40, function=5, complexity=3, nesting=1)
    core = "firmware-agnostic-core/src/x.c"
    cases = [
        (core, "int a;\n" * 13, "13 lines"),
        ("x.h", "int a;\n" * 9, "9 lines"),
        (core, "int " + "a" * 40 + ";\n", "columns"),
        (core, "int f(void) {\n\n\n\n\n}\n", "lines 6"),
        (core, "int f(int a,\n      int b) { /* { */\n  return a ? b : a && b || a;\n}\n",
         "complexity 4"),
        (core, "int f(int a) {\n  if (a && a && a && a) return 1; return a || a || a;\n}\n",
         "complexity 4"),
        (core, "int f(int a) {\n  return (a && a && a && a) || a || a;\n}\n", None),
        (core, 'void f(void) {\n  if (1) {\n    if ("}") {\n    }\n  }\n}\n', "nesting 2"),
        (core, "#if A\n#endif\n#ifdef B\n#endif\n#ifndef C\n#endif\n", "#if 3"),
        ("tests/x.c", "#if A\n#endif\n#ifdef B\n#endif\n#ifndef C\n#endif\n", None),
        (core, "#define F(x) \\\n  do { g(x); } \\\n  while (0)\nint f(void) {\n  return '{';\n}\n",
         None),
        (core, "static const int a[] = {\n1,\n2,\n3,\n4,\n5,\n6,\n};\n", None),
    ]
    failed = 0
    for file, text, reason in cases:
        problems = list(check_file(file, text, limits))
        right = (problems == []) if reason is None else any(reason in p for p in problems)
        if not right:
            failed += 1
            print(f"self-test: expected {reason}, got {problems} for:\n{text}")
    return failed, len(cases)


def main():
    if sys.argv[1:] == ["--self-test"]:
        failed, count = self_test()
        print(f"sizes: self-test: {count} cases, {failed} failed")
        return 1 if failed else 0
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    problems = []
    count = 0
    for file in sources(root):
        count += 1
        with open(os.path.join(root, file), encoding="utf-8") as source:
            problems.extend(check_file(file, source.read(), LIMITS))
    print("\n".join(problems))
    print(f"sizes: {count} files, {len(problems)} above the limits")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
