"""Subscribers written from docs/messages.md, in Python and JavaScript, read what vnotchd sends.

The JavaScript one needs node, npm (tools/setup node) and the packages that its package.json names.
Where they can't be had, the test fails in CI (CI=true) and is skipped, with the reason, elsewhere.
"""

import json
import math
import os
import shutil
import subprocess
import sys
import threading
import unittest

from harness import BASE_MS, SOURCE_DIR, STUCK_S, Case, indented, wait_for

CONSUMERS = os.path.join(SOURCE_DIR, "tests", "consumers")
IN_CI = os.environ.get("CI", "") == "true"
SAMPLE = 4
# milli has an exponent below 0, mega one above, and sums of squares beyond 2^53.
RESOLUTIONS = {"milli": 0.001, "whole": 1, "mega": 1000000}
VALUES = {
    "milli": [21.375, -0.001, 40.5, 21.375, 99.999, -40],
    "whole": [5, -7, 0, 12, 3, 2000000000],
    "mega": [1000000, 2147483647000000, -3000000, 0, 7000000, 2000000],
}
# One per window, and the two alerts that fire and end.
MESSAGES = 2 * len(VALUES) + 4


def configuration(port, state):
    pipelines = "".join(f"""
- name: {name}
  match: "{name}/*"
  unit: V
  resolution: {RESOLUTIONS[name]}
  windows:
    - name: minute
      tumbling: 1m
      statistics: [count, sum, sum_sq, min, max, first, last, mean, variance, stddev, range]
      sample: {SAMPLE}
{'''  alerts:
    - {name: high, above: 90, hysteresis: 5, severity: warning}''' if name == "milli" else ""}
""" for name in VALUES)
    return (f"device: gw\nbroker: {{uri: 'mqtt://127.0.0.1:{port}'}}\ntopics: {{prefix: site/v}}\n"
            f"summaries: {{batch: 1, flush_every: 10ms}}\nstate: {{file: {state}}}\n"
            "inputs:\n" + indented("""
- topic: "in/{group}/{sensor}"
  format: json
  fields: [{path: v, series: "{group}/{sensor}"}]
  time: {path: t, unit: ms}
""", 2) + "pipelines:\n" + "".join(f"  {line}\n" for line in pipelines.splitlines() if line))


def readings():
    """(group, window, time, value): two windows of six readings and one that closes the second."""
    for group, values in VALUES.items():
        for window in range(2):
            for place, value in enumerate(values if window == 0 else reversed(values)):
                yield group, window, BASE_MS + 60000 * window + 9000 * place, value
        yield group, 2, BASE_MS + 120000, 0


def expected_summaries():
    windows = {}
    for group, window, time_ms, value in readings():
        windows.setdefault((group, window), []).append((time_ms, value))
    for (group, window), members in windows.items():
        if window < 2:
            yield group, BASE_MS + 60000 * window, members


class Consumer:
    """A subscriber as a process; its lines are ready when it has ended by itself."""

    def __init__(self, command, port, folder):
        self.command = [*command, "gw", "--port", str(port), "--prefix", "site/v", "--count",
                        str(MESSAGES)]
        self.process = subprocess.Popen(self.command, cwd=folder, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.errors = []
        self.reader = threading.Thread(target=self.read_errors, daemon=True)
        self.reader.start()

    def read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line)

    def wait_subscribed(self):
        wait_for(lambda: "subscribed\n" in self.errors or self.process.poll() is not None, 30,
                 f"{self.command} subscribes")
        assert self.process.poll() is None, "".join(self.errors)

    def lines(self):
        killer = threading.Timer(STUCK_S, self.process.kill)
        killer.start()
        output = self.process.stdout.read()
        self.process.wait()
        killer.cancel()
        self.reader.join()
        assert self.process.returncode == 0, "".join(self.errors)
        assert self.errors == ["subscribed\n"], self.errors
        return [json.loads(line) for line in output.splitlines()]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()


class Consumers(Case):
    def run_consumer(self, command, folder=None):
        broker = self.broker()
        daemon = self.daemon(configuration(broker.port, self.state_file())).start()
        consumer = Consumer(command, broker.port, folder or self.folder)
        self.addCleanup(consumer.close)
        consumer.wait_subscribed()
        client = self.client(broker, topics=("site/v/gw/stats",))
        client.publish_all([(f"in/{group}/x", json.dumps({"t": time_ms, "v": value}))
                            for group, _, time_ms, value in readings()])
        lines = consumer.lines()
        self.assertEqual(daemon.stop(), 0, daemon.log())
        self.check_summaries([line for line in lines if line["type"] == "summary"])
        self.check_alerts([line for line in lines if line["type"] == "alert"])
        self.assertEqual({line["boot"] for line in lines}, {self.boot(client)})
        self.assertEqual(len({line["seq"] for line in lines}), len(lines), "seq is used once")

    def boot(self, client):
        return self.wait_json(client, "site/v/gw/stats", lambda stats: True)["boot"]

    def check_summaries(self, lines):
        by_window = {(line["pipeline"], line["start"]): line for line in lines}
        self.assertEqual(len(by_window), len(lines))
        self.assertEqual(len(lines), 2 * len(VALUES))
        for group, start, members in expected_summaries():
            with self.subTest(group=group, start=start):
                self.check_summary(by_window[group, start], group, start, members)

    def check_summary(self, line, group, start, members):
        values = [value for _, value in members]
        self.assertEqual((line["device"], line["rev"], line["kind"]), ("gw", 0, "on_time"))
        self.assertEqual((line["window"], line["series"], line["unit"]),
                         ("minute", f"{group}/x", "V"))
        self.assertEqual((line["start"], line["end"]), (start, start + 60000))
        self.assertEqual((line["count"], line["min"], line["max"]),
                         (len(values), min(values), max(values)))
        self.assertEqual((line["first"], line["last"]), (values[0], values[-1]))
        mean = math.fsum(values) / len(values)
        variance = math.fsum((value - mean) ** 2 for value in values) / len(values)
        for name, exact in (("sum", math.fsum(values)), ("range", max(values) - min(values)),
                            ("sum_sq", math.fsum(value * value for value in values)),
                            ("mean", mean), ("variance", variance),
                            ("stddev", math.sqrt(variance))):
            self.assertTrue(math.isclose(line[name], exact, rel_tol=1e-14), (name, line, exact))
        self.assertEqual(len(line["sample"]), SAMPLE)
        for pair in line["sample"]:
            self.assertIn(tuple(pair), members)

    def check_alerts(self, lines):
        """The value 99.999 fires, the next one below 85 resolves it; in the second window again."""
        edges = [(line["phase"], line["episode"], line["value"], line["at"]) for line in lines]
        self.assertEqual(edges, [("firing", 1, 99.999, BASE_MS + 36000),
                                 ("resolved", 1, -40, BASE_MS + 45000),
                                 ("firing", 2, 99.999, BASE_MS + 69000),
                                 ("resolved", 2, 21.375, BASE_MS + 78000)])
        for line in lines:
            self.assertEqual((line["alert"], line["series"], line["severity"], line["unit"]),
                             ("high", "milli/x", "warning", "V"))

    def test_a_subscriber_in_python(self):
        script = os.path.join(CONSUMERS, "python", "subscriber.py")
        self.run_consumer([sys.executable, script])

    def unavailable(self, reason):
        if IN_CI:
            self.fail(reason)
        print(f"\nNOT TESTED: the JavaScript subscriber: {reason}", file=sys.stderr)
        self.skipTest(reason)

    def node_folder(self):
        """A copy of the JavaScript subscriber with its packages, which npm fetches."""
        for program in ("node", "npm"):
            if shutil.which(program) is None:
                self.unavailable(f"{program} is missing, tools/setup node installs it")
        folder = os.path.join(self.folder, "node")
        shutil.copytree(os.path.join(CONSUMERS, "node"), folder,
                        ignore=shutil.ignore_patterns("node_modules"))
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock",
                               "--ignore-scripts", "--prefer-offline", "--fetch-retries=3",
                               "--fetch-retry-maxtimeout=10000", "--logs-max=0"], cwd=folder,
                              capture_output=True, text=True, timeout=3 * STUCK_S, check=False)
        if done.returncode != 0:
            self.unavailable("npm can't install mqtt and cbor-x: "
                             + (done.stderr or done.stdout).strip()[-600:])
        return folder

    def test_a_subscriber_in_javascript(self):
        folder = self.node_folder()
        self.run_consumer(["node", "subscriber.mjs"], folder)


if __name__ == "__main__":
    unittest.main()
