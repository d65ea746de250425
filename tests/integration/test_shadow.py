"""Other rules beside the first ones: they tell nobody, and what comes out differently is told."""
import json
import os
import subprocess
import unittest

from harness import BASE_MS, Case, configuration, wait_for

INPUTS = """
- topic: "plant/{device}"
  format: json
  fields: [{path: v, series: "{device}"}]
  time: {path: t, unit: ms}
  sequence: {path: seq}
"""
PIPELINES = """
- name: temperature
  match: "*"
  resolution: 0.1
  windows:
    - {name: minute, tumbling: 1m, statistics: [count, max]}
    - {name: only_here, tumbling: 2m}
  alerts:
    - {name: hot, above: 80, hysteresis: 1}
"""
OTHER = """
- name: temperature
  match: "*"
  resolution: 0.1
  RANGE
  windows:
    - {name: minute, tumbling: 1m, statistics: [count, max]}
  alerts:
    - {name: hot, above: 60, hysteresis: 1}
    - {name: cold, below: 10, hysteresis: 1}
"""
VALUES = [20, 70, 90, 70, 30, 5, 20]  # one every 20 s
TOPIC = "vnotch/gw/shadow"


class Shadow(Case):
    def run_beside(self, other, last):
        broker = self.broker()
        shadow = "shadow:\n  pipelines:\n" + "".join(
            f"    {line}\n" for line in other.strip().splitlines())
        text = configuration(broker.port, INPUTS, PIPELINES,
                             f"file: {self.state_file()}") + shadow
        client = self.client(broker)
        daemon = self.daemon(text).start()
        wait_for(lambda: client.on("vnotch/gw/status") == [b"online"], 10, "status online")
        for i, value in enumerate(VALUES + [20]):
            at = BASE_MS + (20000 * i if i < len(VALUES) else 300000)
            client.publish_all([("plant/a", json.dumps({"v": value, "t": at, "seq": i}))])
        self.wait_json(client, "vnotch/gw/stats",
                       lambda stats: stats["readings"]["received"] == len(VALUES) + 1)
        wait_for(lambda: last(self.notices(client)), 10, lambda: str(self.notices(client)))
        return client, daemon

    def notices(self, client):
        return [json.loads(payload) for payload in client.on(TOPIC)]

    def alerts(self, client):
        return [(n["alert"], n["series"], (n["at"] - BASE_MS) // 20000, n["live"], n["shadow"],
                 n["differs"]) for n in self.notices(client) if n["type"] == "shadow_alert"]

    def test_alerts_that_differ_are_told_and_nothing_else_is(self):
        client, daemon = self.run_beside(OTHER.replace("RANGE", ""), lambda found: len(found) == 6)
        self.assertEqual(self.alerts(client), [
            ("hot", "a", 1, "normal", "firing", True),
            ("hot", "a", 2, "firing", "firing", False),
            ("hot", "a", 3, "normal", "firing", True),
            ("hot", "a", 4, "normal", "normal", False),
            ("cold", "a", 5, "normal", "firing", True),
            ("cold", "a", 6, "normal", "normal", False)])
        events = [json.loads(payload) for payload in client.on("vnotch/gw/event")]
        self.assertEqual([(e["alert"], e["phase"]) for e in events],
                         [("hot", "firing"), ("hot", "resolved")])
        stats = self.wait_json(client, "vnotch/gw/stats",
                               lambda found: found["shadow"]["results_equal"] == 3)
        self.assertEqual(stats["shadow"], {
            "alerts_differ": 0, "results_equal": 3, "results_differ": 0, "results_alone": 0,
            "results_uncompared": 0, "notices": 6, "notices_dropped": 0})
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_results_that_differ_are_told_with_both_sides(self):
        other = OTHER.replace("RANGE", "range: [0, 85]")
        client, daemon = self.run_beside(
            other, lambda found: any(n["type"] == "shadow_result" for n in found))
        results = [n for n in self.notices(client) if n["type"] == "shadow_result"]
        self.assertEqual(len(results), 1, results)
        live, shadow = results[0]["live"], results[0]["shadow"]
        self.assertEqual((live["window"], live["series"], live["start"]), ("minute", "a", BASE_MS))
        self.assertEqual((live["count"], live["max"]), (3, 90))
        self.assertEqual((shadow["count"], shadow["max"]), (2, 70))
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_the_budget_tells_what_they_take(self):
        rules = "shadow:\n  pipelines:\n    - {name: t, match: '*', resolution: 0.1}\n"
        told = []
        for extra in ("", rules):
            path = os.path.join(self.folder, "budget.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(configuration(1, INPUTS, PIPELINES) + extra)
            program = os.path.join(os.environ["VN_BIN_DIR"], "vnotch")
            out = subprocess.run([program, "budget", path, "--json"], check=True,
                                 capture_output=True).stdout
            told.append(json.loads(out))
        self.assertEqual(told[0]["shadow_bytes"], 0)
        self.assertGreater(told[1]["shadow_bytes"], 200000)
        self.assertEqual(told[0]["total_bytes"], told[1]["total_bytes"])

    def test_what_is_wrong_with_the_other_rules_is_said(self):
        text = configuration(1, INPUTS, PIPELINES) + (
            "shadow:\n  pipelines:\n    - name: temperature\n      match: '*'\n"
            "      resolution: 0.1\n      windows:\n"
            "        - {name: w, tumbling: 1m, sloding: 2m}\n")
        daemon = self.daemon(text)
        with self.assertRaises(Exception):
            daemon.start()
        self.assertIn("sloding", daemon.log())


if __name__ == "__main__":
    unittest.main()
