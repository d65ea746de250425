"""The daemon's main job: readings in every format in, summaries, alerts and figures out."""

import json
import unittest

import cbor2
import paho.mqtt.client as mqtt
from harness import BASE_MS, Case, configuration, wait_for

INPUTS = """
- {topic: "n/{line}/{sensor}", format: number, series: "number/{line}/{sensor}"}
- topic: "j/{device}"
  format: json
  fields: [{path: temperature, series: "json/{device}"}]
  time: {path: t, unit: ms}
  sequence: {path: seq}
- topic: "c/{device}"
  format: cbor
  fields: [{path: temperature, series: "cbor/{device}"}]
  time: {path: t, unit: ms}
- {topic: "s/{node}", format: senml+json}
- {topic: "b/{node}", format: senml+cbor}
"""
PIPELINES = """
- name: arrivals
  match: "number/*"
  time: arrival
  resolution: 0.01
  idle_timeout: 200ms
  allowed_lateness: 2s
  windows:
    - {name: second, tumbling: 1s, statistics: [count, sum, min, max]}
- name: temperature
  match: "*"
  unit: Cel
  resolution: 0.01
  range: [-40, 125]
  windows:
    - {name: minute, tumbling: 1m, statistics: [count, sum, min, max, first, last, mean]}
  alerts:
    - {name: overheat, above: 80, hysteresis: 5, severity: critical}
"""
EVENT_SERIES = ["json/a", "cbor/a", "senml/j", "senml/c"]


def reading(series_kind, seconds, value, sequence):
    """(topic, payload) of one reading at BASE_MS + seconds in the given format."""
    at = BASE_MS + 1000 * seconds
    record = {"temperature": value, "t": at, "seq": sequence}
    if series_kind == "json/a":
        return "j/a", json.dumps(record)
    if series_kind == "cbor/a":
        return "c/a", cbor2.dumps(record)
    if series_kind == "senml/j":
        return "s/x", json.dumps([{"bn": "senml/", "bt": at / 1000, "n": "j", "v": value}])
    return "b/x", cbor2.dumps([{-2: "senml/", -3: at / 1000, 0: "c", 2: value}])


class MainJob(Case):
    def start(self, version):
        broker = self.broker()
        text = configuration(broker.port, INPUTS, PIPELINES, f"file: {self.state_file()}",
                             mqtt=version)
        client = self.client(broker)
        daemon = self.daemon(text).start()
        wait_for(lambda: client.on("vnotch/gw/status") == [b"online"], 10, "status online")
        return broker, client, daemon

    def check_summaries(self, client):
        values = [20.25, 21.5, 19, 22]
        for kind in EVENT_SERIES:
            client.publish_all([reading(kind, 10 * i, value, i) for i, value in enumerate(values)])
            client.publish_all([reading(kind, 61, 30, len(values))])
        rows = self.wait_summaries(client, len(EVENT_SERIES),
                                   where=lambda row: row["pipeline"] == "temperature")
        self.assertEqual(sorted(row["series"] for row in rows), sorted(EVENT_SERIES))
        for row in rows:
            with self.subTest(series=row["series"]):
                self.assertEqual(row["window"], "minute")
                self.assertEqual((row["start"], row["end"]), (BASE_MS, BASE_MS + 60000))
                self.assertEqual((row["kind"], row["rev"], row["count"]), ("on_time", 0, 4))
                self.assertEqual((row["sum"], row["min"], row["max"]), (82.75, 19.0, 22.0))
                self.assertEqual((row["first"], row["last"]), (20.25, 22.0))

    def check_numbers(self, client):
        """However long the pauses are between their arrivals: a window that silence has closed
        is told again with what comes after all."""
        client.publish_all([("n/one/temp", str(i)) for i in range(10)])
        def total():
            rows = self.wait_summaries(client, 1, where=lambda r: r["pipeline"] == "arrivals")
            newest = {row["start"]: row for row in sorted(rows, key=lambda row: row["rev"])}
            return (sum(row["count"] for row in newest.values()),
                    sum(row["sum"] for row in newest.values()))
        wait_for(lambda: total() == (10, 45.0), 15, lambda: f"all ten numbers, got {total()}")

    def check_alert(self, client):
        client.publish_all([reading("json/a", 70, 85.5, 10)])
        topic = "vnotch/gw/alert/overheat/json/a"
        alert = self.wait_json(client, topic, lambda a: a["state"] == "firing")
        self.assertEqual((alert["alert"], alert["series"]), ("overheat", "json/a"))
        self.assertEqual((alert["severity"], alert["episode"]), ("critical", 1))
        self.assertEqual((alert["value"], alert["limit"]), (85.5, 80))
        self.assertEqual(alert["starts_at"], BASE_MS + 70000)
        client.publish_all([reading("json/a", 75, 78, 11), reading("json/a", 80, 75, 12)])
        alert = self.wait_json(client, topic, lambda a: a["state"] == "normal")
        self.assertEqual(alert["ends_at"], BASE_MS + 80000)
        wait_for(lambda: len(client.on("vnotch/gw/event")) == 2, 10, "two events")
        events = [json.loads(payload) for payload in client.on("vnotch/gw/event")]
        self.assertEqual([event["phase"] for event in events], ["firing", "resolved"])
        self.assertEqual([event["episode"] for event in events], [1, 1])

    def check_dead_letters(self, client):
        client.publish_all([("j/broken", '{"temperature": 2')])
        letter = self.wait_json(client, "vnotch/gw/dead-letter", lambda l: True)
        self.assertEqual((letter["topic"], letter["reason"]), ("j/broken", "json"))
        client.publish_all([reading("json/a", 90, 1000, 13)])
        self.wait_json(client, "vnotch/gw/stats",
                       lambda s: s["reasons"].get("range") == 1 and s["reasons"].get("json") == 1)

    def check_stop(self, broker, client, daemon):
        """A clean stop says offline before it disconnects, and exits with 0."""
        self.assertEqual(daemon.stop(), 0, daemon.log())
        wait_for(lambda: client.on("vnotch/gw/status")[-1] == b"offline", 5, "offline")
        figures = self.wait_json(client, "vnotch/gw/stats", lambda s: True)
        readings = figures["readings"]
        parts = ("accepted", "late", "no_window", "duplicate", "limited", "quarantined", "rejected")
        self.assertEqual(readings["received"], sum(readings[part] for part in parts))
        self.assertEqual(readings["received"], 34)
        self.assertEqual(sum(series["received"] for series in figures["by_series"]), 34)
        self.assertEqual((readings["accepted"], readings["rejected"]), (33, 1))
        self.assertEqual(figures["messages"]["dropped"], 0)
        late = self.client(broker, name="late-subscriber")
        wait_for(lambda: late.on("vnotch/gw/status") == [b"offline"], 5, "retained offline")
        wait_for(lambda: late.on("vnotch/gw/alert/overheat/json/a"), 5, "retained alert")

    def run_all(self, version):
        broker, client, daemon = self.start(version)
        self.check_summaries(client)
        self.check_numbers(client)
        self.check_alert(client)
        self.check_dead_letters(client)
        self.check_stop(broker, client, daemon)

    def test_every_format_gives_the_same_summary_with_mqtt_5(self):
        self.run_all("5")

    def test_every_format_gives_the_same_summary_with_mqtt_3_1_1(self):
        self.run_all("3.1.1")

    def test_messages_carry_their_content_type_with_mqtt_5(self):
        broker, _, _ = self.start("5")
        reader = self.client(broker, version=mqtt.MQTTv5)
        reader.publish_all([reading("json/a", s, 20, s) for s in (0, 61)])
        wait_for(lambda: reader.on("vnotch/gw/summary"), 10, "a summary")
        types = {m.topic: (m.properties.ContentType, m.properties.PayloadFormatIndicator)
                 for m in reader.all_messages() if hasattr(m.properties, "ContentType")}
        self.assertEqual(types["vnotch/gw/summary"], ("application/cbor", 0))
        self.assertEqual(types["vnotch/gw/stats"], ("application/json", 1))
        self.assertEqual(types["vnotch/gw/status"], ("text/plain", 1))

    def test_a_killed_daemon_is_reported_offline_by_the_broker(self):
        _, client, daemon = self.start("5")
        daemon.kill()
        wait_for(lambda: client.on("vnotch/gw/status")[-1] == b"offline", 10, "the last will")


if __name__ == "__main__":
    unittest.main()
