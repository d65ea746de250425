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
sample of 8 per series; CPU time. `by_name`: the names come in the same order again, as from a
gateway that polls; `by_name_shuffled`: in no order. `panes_N`: windows of N panes. `alerts_KIND`:
a pane, and eight alerts of one kind that no reading changes.
What one would write instead, without sample, alert, watermark or late readings: `naive_map_N`, a
hash map of the N open windows of each series, each of doubles and from `malloc`;
`naive_buckets`, the same 6 windows in an array. Instructions: `valgrind --tool=callgrind
build/release/bin/vnotch-bench --readings N CASE`, the difference of two runs; between closes as
`tests/conformance/test_cost.py` counts them.
"""
BOUNDS = {
    "known_series_100": ">= 20 M/s", "known_series_10k": ">= 10 M/s, <= 20 ns",
    "known_series_1M": ">= 2 M/s", "by_name_10k": "<= 45 ns",
}
INSTRUCTIONS = {"known_series_100": "<= 400", "by_name_100": "", "number_single": "",
                "json_single": "", "json_pack_of_100": "", "senml_json_pack_of_100": "",
                "senml_cbor_pack_of_100": ""}
PANES = (1, 6, 60)
ALERTS = 8  # of one kind, in each of the cases `alerts_KIND`
FEW, MANY = 8000, 72000
BETWEEN_CLOSES = 1000, 8000  # all in the first pane of each series


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


def instructions(name, few=FEW, many=MANY):
    """A run of N readings is preceded by N / 8 + 1 for warming up."""
    taken = many + many // 8 - few - few // 8
    return (executed(name, many) - executed(name, few)) / taken


def against_a_map(best):
    """Both from this run: the ratio depends less on the machine than the times."""
    rows = []
    for panes in PANES:
        ratio = best[f"naive_map_{panes}"] / best[f"panes_{panes}"]
        rows.append((f"`naive_map_{panes}` / `panes_{panes}`", f"{ratio:.2f} times the CPU time",
                     ""))
    return rows


def by_panes():
    return [(f"`panes_{panes}`",
             f"{instructions(f'panes_{panes}', *BETWEEN_CLOSES):.0f} instructions per reading "
             f"between closes, {instructions(f'panes_{panes}'):.0f} with them",
             "<= 400" if panes == 6 else "")
            for panes in PANES]


def by_alerts(cases):
    """What each of eight alerts adds to a reading that changes none of them."""
    costs = {name: instructions(name, *BETWEEN_CLOSES)
             for name in cases if name.startswith("alerts_")}
    none = costs.pop("alerts_none")
    return [(f"`{name}`", f"{(cost - none) / ALERTS:.0f} instructions per alert and reading",
             "" if name == "alerts_in_order" else "<= 60") for name, cost in costs.items()]


def measure(runs):
    rows = []
    times = {}
    cases = subprocess.run([program(), "--list"], capture_output=True, text=True, check=True)
    for name in cases.stdout.split():
        best = min((run_case(name) for _ in range(runs)), key=lambda one: one["ns_per_reading"])
        times[name] = best["ns_per_reading"]
        rows.append((f"`{name}`", f"{common.millions(best['readings_per_s'])} readings/s, "
                     f"{best['ns_per_reading']:.1f} ns", BOUNDS.get(name, "")))
    rows += against_a_map(times)
    if shutil.which("valgrind") is None:
        return rows + [("instructions", "valgrind is missing: tools/setup test", "")]
    for name, bound in INSTRUCTIONS.items():
        if name in cases.stdout.split():
            rows.append((f"`{name}`", f"{instructions(name):.0f} instructions per reading", bound))
    return rows + by_panes() + by_alerts(cases.stdout.split())
