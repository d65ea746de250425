"""How long a reading takes to become an alert on the wire, where a pause is what can be slow."""

import json
import os
import statistics
import sys
import time
import unittest

from harness import BASE_MS, SOURCE_DIR, STUCK_S, Broker, Case, configuration

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "support"))
from mqtt_packets import Publisher, Subscriber  # noqa: E402

INPUTS = """
- {topic: "in/{s}", format: json, fields: [{path: v, series: "{s}"}], time: {path: t, unit: ms}}
"""
PIPELINES = """
- name: all
  unit: Cel
  windows: [{name: minute, tumbling: 1m}]
  alerts: [{name: hot, above: 80}]
"""
# The library's receive thread sleeps for 100 ms when nothing came for a second.
GAPS_S = [1.01 + 0.01 * step for step in range(8)]
LIMIT_MS = 40


class Latency(Case):
    def start_broker(self, name, no_delay=True):
        broker = Broker(os.path.join(self.folder, name), no_delay=no_delay).start()
        self.addCleanup(broker.stop)
        return broker

    def after_gaps(self, broker, results, **options):
        """Milliseconds from the publisher's send to the arrival of the alert's event."""
        options["broker"] = f"{{uri: 'mqtt://127.0.0.1:{broker.port}', latency: low}}"
        text = configuration(broker.port, INPUTS, PIPELINES, **options)
        self.daemon(text.replace("stats_every: 1s", "stats_every: 1h")).start()
        events = Subscriber(results.port, "events", "vnotch/gw/event")
        self.addCleanup(events.close)
        publisher = Publisher(broker.port, "readings")
        self.addCleanup(publisher.close)
        times_ms = []
        for number, gap_s in enumerate(GAPS_S):
            time.sleep(gap_s)
            reading = {"t": BASE_MS + number, "v": 90 if number % 2 == 0 else 20}
            begun_ns = time.perf_counter_ns()
            publisher.publish_all([("in/a", json.dumps(reading).encode())])
            times_ms.append((self.arrival(events, number) - begun_ns) / 1e6)
        return times_ms

    def arrival(self, events, number):
        deadline = time.monotonic() + STUCK_S
        while len(events.messages) <= number:
            self.assertLess(time.monotonic(), deadline, f"event {number} doesn't come")
            time.sleep(0.001)
        arrived_ns, _, payload = events.messages[number]
        self.assertEqual(json.loads(payload)["at"], BASE_MS + number)
        return arrived_ns

    def test_an_alert_is_fast_after_a_quiet_second_with_a_broker_as_installed(self):
        broker = self.start_broker("one", no_delay=False)
        times_ms = self.after_gaps(broker, broker)
        self.assertLess(statistics.median(times_ms), LIMIT_MS, times_ms)

    def test_it_is_fast_as_well_where_results_go_to_another_broker(self):
        inner, outer = self.start_broker("inner"), self.start_broker("outer")
        upstream = f"{{uri: 'mqtt://127.0.0.1:{outer.port}'}}"
        times_ms = self.after_gaps(inner, outer, upstream=upstream)
        self.assertLess(statistics.median(times_ms), LIMIT_MS, times_ms)


if __name__ == "__main__":
    unittest.main()
