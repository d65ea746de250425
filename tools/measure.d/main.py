"""Runs the parts, prints the table, writes docs/measurements.md."""

import argparse
import os
import platform
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common  # noqa: E402
import core  # noqa: E402
import footprint  # noqa: E402
import latency  # noqa: E402
import transport  # noqa: E402

PARTS = {"core": core, "transport": transport, "latency": latency, "footprint": footprint}
DOCUMENT = os.path.join(common.SOURCE_DIR, "docs", "measurements.md")
HEAD = """# Measurements

<!-- Written by `tools/measure --write`: change the tool, or measure again. -->

What vnotch costs on one machine: {machine},
with a load average of {load:.1f} from other work before it began. mosquitto, the publishers and
vnotchd share its cores. Throughput is the best of {runs} runs, so that what else the machine does
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


def main():
    parser = argparse.ArgumentParser(prog="tools/measure")
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    names = list(PARTS) if options.write or not options.parts else options.parts
    load = os.getloadavg()[1]
    text = HEAD.format(machine=machine(), runs=options.runs, load=load).splitlines()
    for name in names:
        print(f"tools/measure: {name}", file=sys.stderr)
        part = PARTS[name]
        rows = part.measure(options.runs)
        text += ["", f"## {part.TITLE}", "", *part.EXPLANATION.strip().splitlines(), "",
                 *table(rows)]
    print("\n".join(text))
    if options.write:
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
