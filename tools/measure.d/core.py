"""The core alone: bench cases, and instructions per reading."""

import json
import os
import re
import shutil
import subprocess

import common

TITLE = "Core"
EXPLANATION = """
`build/release/bin/vnotch-bench CASE`: one thread, a sliding window of 6 panes, an alert and a
sample of 8 per series; CPU time. `naive_buckets` is what one would write first: a bucket of
doubles per open window, without sample, alert, watermark or late readings. Instructions:
`valgrind --tool=callgrind build/release/bin/vnotch-bench --readings N CASE`, the difference of
two runs.
"""
BOUNDS = {
    "known_series_100": ">= 20 M/s", "known_series_10k": ">= 10 M/s, <= 20 ns",
    "known_series_1M": ">= 2 M/s", "by_name_10k": "<= 45 ns",
}
INSTRUCTIONS = {"known_series_100": "<= 400", "by_name_100": "", "number_single": "",
                "json_single": "", "json_pack_of_100": "", "senml_json_pack_of_100": "",
                "senml_cbor_pack_of_100": ""}
FEW, MANY = 8000, 72000


def program():
    return os.path.join(common.BIN_DIR, "vnotch-bench")


def run_case(name):
    done = subprocess.run([program(), name], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def executed(name, readings):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                           program(), "--readings", str(readings), name],
                          capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def instructions(name):
    """A run of N readings is preceded by N / 8 + 1 for warming up."""
    taken = MANY + MANY // 8 - FEW - FEW // 8
    return (executed(name, MANY) - executed(name, FEW)) / taken


def measure(runs):
    rows = []
    cases = subprocess.run([program(), "--list"], capture_output=True, text=True, check=True)
    for name in cases.stdout.split():
        best = min((run_case(name) for _ in range(runs)), key=lambda one: one["ns_per_reading"])
        rows.append((f"`{name}`", f"{common.millions(best['readings_per_s'])} readings/s, "
                     f"{best['ns_per_reading']:.1f} ns", BOUNDS.get(name, "")))
    if shutil.which("valgrind") is None:
        return rows + [("instructions", "valgrind is missing: tools/setup test", "")]
    for name, bound in INSTRUCTIONS.items():
        if name in cases.stdout.split():
            rows.append((f"`{name}`", f"{instructions(name):.0f} instructions per reading", bound))
    return rows
