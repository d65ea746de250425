"""What a reading costs, in instructions under callgrind: the same between closes for any number of
panes; a window that closes folds each of its panes once; an alert that stays as it is adds little.
"""
import os
import pathlib
import platform
import re
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("VN_BIN_DIR", ROOT / "build" / "release" / "bin"))
SERIES = 100
READINGS_PER_PANE = 100      # of each series
READING_MAX = 400            # instructions for a reading that closes nothing: the design's bound
FOLD_MAX = 500               # instructions for a pane of a closing window, its sample with it
PANES = (1, 6, 60)
ALERTS = 8                   # of one kind, in each of the bench cases
ALERT_MAX = 60               # instructions for an alert that a reading doesn't change
IN_ORDER_MAX = 120           # with its eighth of the buffer that the readings of a series share


def is_optimised_for_x86_64():
    cache = BIN.parent / "CMakeCache.txt"
    return (platform.machine() == "x86_64" and cache.exists()
            and "CMAKE_BUILD_TYPE:STRING=RelWithDebInfo" in cache.read_text(encoding="utf-8"))


def executed(case, readings):
    """Instructions of a run; None where callgrind cannot run the program (sanitizers)."""
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                           str(BIN / "vnotch-bench"), "--readings", str(readings), case],
                          capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    return int(found[1]) if done.returncode == 0 and found else None


def taken(readings):
    """With those before, which warm up."""
    return readings + readings // 8 + 1


def per_reading(case, few, many):
    return (executed(case, many) - executed(case, few)) / (taken(many) - taken(few))


def is_optimised():
    """Only then a number of instructions says anything; those of a coverage build vary."""
    build = pathlib.Path(os.environ.get("VN_BUILD_DIR", BIN.parent))
    cache = (build / "CMakeCache.txt").read_text()
    return not re.search("^(CMAKE_BUILD_TYPE:STRING=Debug|VN_COVERAGE:BOOL=ON)$", cache, re.M)


@unittest.skipIf(shutil.which("valgrind") is None, "valgrind is missing: tools/setup test")
class Cost(unittest.TestCase):
    def setUp(self):
        if not is_optimised():
            self.skipTest("instructions are counted in optimised builds")
        if executed("panes_1", 1) is None:
            self.skipTest("this build does not run under valgrind")

    def test_between_closes_panes_cost_nothing(self):
        first_pane = SERIES * READINGS_PER_PANE
        few, many = first_pane // 8, first_pane * 7 // 8
        self.assertLess(taken(many), first_pane)
        costs = {panes: per_reading(f"panes_{panes}", few, many) for panes in PANES}
        print("instructions per reading between closes:", costs)
        self.assertLess(max(costs.values()) - min(costs.values()), 1, costs)
        if is_optimised_for_x86_64():
            self.assertLessEqual(max(costs.values()), READING_MAX,
                                 "see tools/measure core, and callgrind_annotate for the reasons")

    def test_a_close_costs_one_fold_of_each_pane(self):
        few, many = 20000, 60000
        costs = {panes: per_reading(f"panes_{panes}", few, many) for panes in PANES}
        print("instructions per reading with closes:", costs)
        for less, more in zip(PANES, PANES[1:]):
            fold = (costs[more] - costs[less]) * READINGS_PER_PANE / (more - less)
            self.assertLess(fold, FOLD_MAX, costs)

    def test_an_alert_that_stays_as_it_is_adds_little(self):
        listed = subprocess.run([str(BIN / "vnotch-bench"), "--list"], capture_output=True,
                                text=True, check=True).stdout.split()
        kinds = [name for name in listed if name.startswith("alerts_")]
        costs = {kind: per_reading(kind, 500, 2500) for kind in kinds}
        none = costs.pop("alerts_none")
        added = {kind: (cost - none) / ALERTS for kind, cost in costs.items()}
        print("instructions per reading without alerts:", none, "added by an alert:", added)
        self.assertGreater(len(added), 10)
        for kind, instructions in added.items():
            most = IN_ORDER_MAX if kind == "alerts_in_order" else ALERT_MAX
            if is_optimised_for_x86_64():
                self.assertLessEqual(instructions, most, kind)


if __name__ == "__main__":
    unittest.main()
