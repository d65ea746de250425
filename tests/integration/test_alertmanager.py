"""The bridge of docs/messages.md puts alerts into the words of Alertmanager's API: what it posts is
checked by the rules of that API (version 2), on a server of our own."""

import json
import os
import re
import subprocess
import sys
import threading
import unittest
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

from harness import BASE_MS, SOURCE_DIR, Case, configuration, wait_for

BRIDGE = os.path.join(SOURCE_DIR, "tests", "consumers", "python", "alertmanager_bridge.py")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
MEMBERS = {"labels", "annotations", "startsAt", "endsAt", "generatorURL"}

INPUTS = """
- topic: "in/{sensor}"
  format: json
  fields: [{path: v, series: "{sensor}"}]
  time: {path: t, unit: ms}
"""
PIPELINES = """
- name: plant
  match: "*"
  unit: Cel
  resolution: 0.1
  windows: [{name: minute, tumbling: 1m}]
  alerts:
    - name: hot
      levels: [{above: 80, severity: warning}, {above: 90, severity: critical}]
      hysteresis: 5
      labels: {team: heating, line: "1"}
      annotations: {runbook: "close the valve"}
"""


def instant(text):
    """ms since 1970 of an RFC 3339 time."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def problems_of(alert):
    """What the API would refuse."""
    found = [f"unknown member {name}" for name in alert.keys() - MEMBERS]
    if not alert.get("labels", {}).get("alertname"):
        found.append("no alertname")
    for kind in ("labels", "annotations"):
        for name, text in alert.get(kind, {}).items():
            if not LABEL_NAME.fullmatch(name):
                found.append(f"{kind}: {name} is no name")
            if not isinstance(text, str) or (kind == "labels" and text == ""):
                found.append(f"{kind}: {name} has no text")
    for name in ("startsAt", "endsAt"):
        if name in alert and not RFC3339.fullmatch(alert[name]):
            found.append(f"{name} is no time of RFC 3339: {alert[name]}")
    return found


class Alertmanager:
    """Takes what is posted; refuses the first request, as one that is just starting."""

    def __init__(self):
        self.posts, self.refused = [], 0
        taker = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                first = taker.refused == 0
                taker.refused += first
                if not first:
                    taker.posts.append((self.path, self.headers["Content-Type"], body))
                self.send_response(503 if first else 200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def alerts(self):
        return [alert for _, _, body in list(self.posts) for alert in json.loads(body)]

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Bridge(Case):
    def start_bridge(self, broker, url):
        errors = open(os.path.join(self.folder, "bridge.log"), "wb")
        self.addCleanup(errors.close)
        process = subprocess.Popen([sys.executable, BRIDGE, "127.0.0.1", str(broker.port), url],
                                   stderr=errors)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

    def test_an_episode_in_the_words_of_alertmanager(self):
        broker = self.broker()
        daemon = self.daemon(configuration(broker.port, INPUTS, PIPELINES)).start()
        alertmanager = Alertmanager()
        self.addCleanup(alertmanager.close)
        client = self.client(broker)
        client.publish_all([("in/a", json.dumps({"t": BASE_MS + 1000 * i, "v": v}))
                            for i, v in enumerate((20, 81, 82))])
        self.start_bridge(broker, alertmanager.url)  # later than the alert: it is retained
        wait_for(lambda: len(alertmanager.alerts()) >= 1, 20, "the alert that fires is posted")
        client.publish_all([("in/a", json.dumps({"t": BASE_MS + 1000 * i, "v": v}))
                            for i, v in enumerate((91, 70), 3)])
        wait_for(lambda: len(alertmanager.alerts()) >= 4, 20,
                 lambda: f"all changes are posted, of {alertmanager.alerts()}")
        self.assertEqual(daemon.stop(), 0, daemon.log())
        self.check(alertmanager)

    def check(self, alertmanager):
        for path, content, _ in alertmanager.posts:
            self.assertEqual((path, content), ("/api/v2/alerts", "application/json"))
        alerts = alertmanager.alerts()
        for alert in alerts:
            self.assertEqual(problems_of(alert), [])
        told = [(alert["labels"]["severity"], instant(alert["startsAt"]) - BASE_MS,
                 instant(alert["endsAt"]) - BASE_MS if "endsAt" in alert else None)
                for alert in alerts]
        # The severity is a label: for Alertmanager another one is another alert.
        self.assertEqual(told, [("warning", 1000, None), ("critical", 1000, None),
                                ("warning", 1000, 3000), ("critical", 1000, 4000)])
        self.assertEqual(alerts[0]["labels"],
                         {"alertname": "hot", "severity": "warning", "series": "a",
                          "device": "gw", "team": "heating", "line": "1"})
        self.assertEqual(alerts[0]["annotations"]["runbook"], "close the valve")
        self.assertIn("hot firing, warning: a value 81 Cel, limit above 80 Cel",
                      alerts[0]["annotations"]["summary"])

    def test_what_the_api_would_refuse_is_seen(self):
        good = {"labels": {"alertname": "a"}, "startsAt": "2026-11-21T01:47:52.000+00:00"}
        self.assertEqual(problems_of(good), [])
        for bad in ({"labels": {}}, {"labels": {"alertname": "a", "1st": "x"}},
                    {"labels": {"alertname": "a", "empty": ""}}, {**good, "startsAt": "1795225672"},
                    {**good, "starts_at": 0}, {**good, "annotations": {"n": 7}}):
            self.assertNotEqual(problems_of(bad), [], bad)


if __name__ == "__main__":
    unittest.main()
