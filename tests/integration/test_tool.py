"""vnotch as users call it: exit codes, where its output goes, and what it says."""

import json
import os
import re
import subprocess
import tempfile
import unittest

SOURCE_DIR = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN_DIR = os.environ.get("VN_BIN_DIR", os.path.join(SOURCE_DIR, "build", "release", "bin"))
VNOTCH = os.path.join(BIN_DIR, "vnotch")
EXAMPLES = os.path.join(SOURCE_DIR, "config", "examples")


def run(*arguments, **options):
    return subprocess.run([VNOTCH, *arguments], capture_output=True, text=True, timeout=60,
                          check=False, **options)


class Tool(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vnotch-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, text, name="c.yaml"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_help_and_version(self):
        self.assertEqual(run("--help").returncode, 0)
        self.assertIn("vnotch check FILE", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^vnotch \d+\.\d+\.\d+\n$")

    def test_wrong_use_is_64(self):
        for arguments in ([], ["chekc"], ["check"], ["check", "a", "b"], ["check", "--all"],
                          ["budget"], ["budget", "--jsn", "x"], ["budget", "a", "b"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 64, arguments)
            self.assertIn("usage: vnotch", result.stderr)
            self.assertEqual(result.stdout, "")

    def test_examples_are_checked_and_have_a_budget(self):
        names = [name for name in os.listdir(EXAMPLES) if name.endswith(".yaml")]
        self.assertGreaterEqual(len(names), 4)
        for name in names:
            path = os.path.join(EXAMPLES, name)
            result = run("check", path)
            self.assertEqual((result.returncode, result.stderr), (0, ""), name)
            self.assertEqual(result.stdout, path + ": no errors\n")
            self.assertEqual(run("budget", path).returncode, 0, name)

    def test_errors_go_to_stderr_and_exit_with_78(self):
        path = self.write("device: a b\npipelines: [{name: p, hop: 1s}]\n")
        result = run("check", path)
        self.assertEqual(result.returncode, 78)
        self.assertEqual(result.stdout, "")
        self.assertIn(path + ":1:9: error: ", result.stderr)
        self.assertIn(path + ":2:23: error: ", result.stderr)
        self.assertTrue(result.stderr.endswith(path + ": 2 errors\n"))
        self.assertEqual(run("budget", path).returncode, 78)
        self.assertEqual(run("check", os.path.join(self.folder, "none")).returncode, 78)

    def test_a_warning_is_no_error(self):
        result = run("check", self.write("pipelines: [{name: p, unit: furlong}]\n"))
        self.assertEqual(result.returncode, 0)
        self.assertIn(":1:29: warning: ", result.stderr)

    def test_the_parts_of_a_budget_are_its_sum(self):
        for example in ("plant.yaml", "alerts.yaml"):
            with self.subTest(example):
                self.check_parts(example)

    def check_parts(self, example):
        budget = json.loads(run("budget", os.path.join(EXAMPLES, example), "--json").stdout)
        parts = sum(value for key, value in budget.items()
                    if key.endswith("_bytes") and key != "total_bytes")
        pipelines = sum(pipeline["bytes"] for pipeline in budget["pipelines"])
        self.assertEqual(parts + pipelines, budget["total_bytes"])
        for pipeline in budget["pipelines"]:
            own = sum(value for key, value in pipeline.items()
                      if key.endswith("_bytes") and key != "series_bytes")
            self.assertEqual(own, pipeline["series_bytes"])
            windows = sum(window["series_bytes"] for window in pipeline["windows"])
            self.assertEqual(windows + pipeline["alert_bytes"] + pipeline["guard_bytes"], own)
            self.assertEqual(pipeline["series"] * own, pipeline["bytes"])
        self.assertLess(budget["state"]["life_worst"]["years"],
                        budget["state"]["life_usual"]["years"])

    def test_the_bytes_of_alerts_are_told_apart(self):
        lines = run("budget", os.path.join(EXAMPLES, "alerts.yaml")).stdout.splitlines()
        parts = [re.findall(r"(?<= )\d[\d,]*(?= B(?:,|$))", line)
                 for line in lines if "of the alerts" in line]
        budget = json.loads(run("budget", os.path.join(EXAMPLES, "alerts.yaml"), "--json").stdout)
        power, temperature = (pipeline["alerts"] for pipeline in budget["pipelines"])
        self.assertEqual([[number.replace(",", "") for number in line] for line in parts],
                         [[str(value) for value in alerts.values()]
                          for alerts in (power, temperature)])
        for pipeline in budget["pipelines"]:
            self.assertEqual(sum(pipeline["alerts"].values()), pipeline["alert_bytes"])
        self.assertEqual(power["evidence_bytes"] + power["waiting_bytes"], 0)
        self.assertGreater(temperature["evidence_bytes"], 0)
        self.assertGreater(temperature["waiting_bytes"], 0)

    def test_a_budget_in_words_relates_series_to_bytes(self):
        text = run("budget", os.path.join(EXAMPLES, "plant.yaml")).stdout
        match = re.search(r"^temperature: ([\d,]+) series x ([\d,]+) B = ([\d,]+) B$", text, re.M)
        series, each, total = (int(group.replace(",", "")) for group in match.groups())
        self.assertEqual(series * each, total)

    def test_a_longer_interval_makes_the_flash_live_longer(self):
        years = []
        for interval in ("1s", "100s"):
            path = self.write("state: {file: x, size: 32MiB, checkpoint_every: %s}\n"
                              "capacity: {series: 100}\n"
                              "pipelines: [{name: p, windows: [{name: w, tumbling: 1h}]}]\n"
                              % interval)
            budget = json.loads(run("budget", path, "--json").stdout)
            years.append(budget["state"]["life_usual"]["years"])
        self.assertGreater(years[1], 10 * years[0])

    def test_the_parts_of_a_days_writes_are_their_sum(self):
        plant = os.path.join(EXAMPLES, "plant.yaml")
        state = json.loads(run("budget", plant, "--json").stdout)["state"]
        for life in (state["life_worst"], state["life_usual"]):
            parts = {key: value for key, value in life.items()
                     if key.endswith("_bytes_per_day")}
            self.assertAlmostEqual(sum(parts.values()), life["bytes_per_day"], delta=4)
            self.assertEqual(max(parts, key=parts.get), life["greatest"] + "_bytes_per_day")
            self.assertAlmostEqual(life["years"], 100000 / 365.25 / life["cycles_per_day"], 1)
        self.assertGreater(state["helps"]["size_bytes"]["value"], state["region_bytes"])

    def test_a_flash_that_would_not_last_is_refused_by_all(self):
        text = ("broker: {uri: 'mqtt://127.0.0.1'}\n"
                "state: {file: x, size: 8MiB, flash: {endurance: %d, lifetime: 5y}}\n"
                "capacity: {series: 100}\n"
                "pipelines: [{name: p, windows: [{name: w, tumbling: 1m}]}]\n")
        good = self.write(text % 100000, "good.yaml")
        bad = self.write(text % 1000, "bad.yaml")
        daemon = os.path.join(os.path.dirname(VNOTCH), "vnotchd")
        for command in ([VNOTCH, "check", good], [VNOTCH, "budget", good],
                        [daemon, "--config", good, "--check-config"]):
            self.assertEqual(subprocess.run(command, capture_output=True, timeout=60,
                                            check=False).returncode, 0, command)
        for command in ([VNOTCH, "check", bad], [VNOTCH, "budget", bad],
                        [daemon, "--config", bad, "--check-config"], [daemon, "--config", bad]):
            result = subprocess.run(command, capture_output=True, text=True, timeout=60,
                                    check=False)
            self.assertEqual(result.returncode, 78, command)
            self.assertIn(bad + ":2:65: error: `lifetime`: the flash lasts ", result.stderr)
            self.assertIn(" 5.0 are asked for, which is ", result.stderr)
            self.assertIn("`checkpoint_every: ", result.stderr)

    def test_output_that_cant_be_written_is_74(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = subprocess.run([VNOTCH, "budget", os.path.join(EXAMPLES, "plant.yaml")],
                                    stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(result.returncode, 74)


if __name__ == "__main__":
    unittest.main()
