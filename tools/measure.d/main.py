"""Runs the parts, prints the table, writes docs/measurements.md."""

import argparse
import os
import platform
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common  # noqa: E402
import core  # noqa: E402
import durability  # noqa: E402
import footprint  # noqa: E402
import latency  # noqa: E402
import transport  # noqa: E402

PARTS = {"core": core, "transport": transport, "latency": latency, "durability": durability,
         "footprint": footprint}
DOCUMENT = os.path.join(common.SOURCE_DIR, "docs", "measurements.md")
HEAD = """# Measurements

<!-- Written by `tools/measure --write`: change the tool, or measure again. -->

What vnotch costs on one machine: {machine}.
mosquitto, the publishers and vnotchd share its cores, and other work does: each part tells its
load before it began. Throughput is the best of {runs} runs, so that what else the machine does
counts least. Bounds are those of the design; nothing here is a test. Numbers of your machine:
`tools/measure`.
"""


def machine():
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model}, {os.cpu_count()} cores, {common.distribution()}"


def table(rows):
    lines = ["| what | measured | bound |", "|---|---|---|"]
    return lines + [f"| {what} | {measured} | {bound or '-'} |" for what, measured, bound in rows]


def section(name, runs):
    """The lines of a part, measured now."""
    print(f"tools/measure: {name}", file=sys.stderr)
    part, load = PARTS[name], os.getloadavg()[0]
    return [f"## {part.TITLE}", "", *part.EXPLANATION.strip().splitlines(),
            f"Load average before: {load:.1f}.", "", *table(part.measure(runs))]


def written():
    """The sections of the document as it is, by their titles."""
    sections, lines = {}, None
    with open(DOCUMENT, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("## "):
                lines = sections.setdefault(line[3:], [])
            if lines is not None:
                lines.append(line)
    return sections


def document(head, measured):
    """What was measured, and the other parts as they are in the document."""
    old = written()
    text = list(head)
    for name, part in PARTS.items():
        lines = measured.get(name) or old.get(part.TITLE, [])
        text += ["", *"\n".join(lines).strip().splitlines()]
    return text


def main():
    parser = argparse.ArgumentParser(prog="tools/measure")
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    head = HEAD.format(machine=machine(), runs=options.runs).splitlines()
    measured = {name: section(name, options.runs) for name in options.parts or PARTS}
    text = head + [line for lines in measured.values() for line in ["", *lines]]
    print("\n".join(text))
    if options.write:
        whole = document(head, measured)
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write("\n".join(whole) + "\n")


if __name__ == "__main__":
    main()
