"""Hostile messages through a real broker: each has its verdict, and none costs memory or log."""

import json
import os
import re
import sys
import time
import unittest

from harness import BASE_MS, Case, SOURCE_DIR, configuration, wait_for

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "support"))
from mqtt_packets import Publisher  # noqa: E402

TABLE = os.path.join(SOURCE_DIR, "tests", "data", "hostile", "messages.txt")
MESSAGE_MAX = 300000
FLOOD = 20000
GROWTH_MAX_KIB = 256
LETTERS_AT_ONCE = 10

INPUTS = """
- {topic: "n/{s}", format: number, series: "{s}"}
- {topic: "j/{s}", format: json, fields: [{path: v, series: "{s}"}], sequence: {path: seq},
   time: {path: t, unit: ms}}
- {topic: "k/{s}", format: json, fields: [{path: v, series: "{s}"}], time: {path: t, unit: s}}
- {topic: "r/{s}", format: json, fields: [{path: v, series: "{s}"}],
   time: {path: t, unit: rfc3339}}
- {topic: "m/{s}", format: json, fields: [{path: v, series: "{s}", missing: -200}],
   sequence: {path: seq}}
- {topic: "c/{s}", format: cbor, fields: [{path: v, series: "{s}"}]}
- {topic: "p/#", format: senml+json}
- {topic: "b/#", format: senml+cbor}
"""
PIPELINES = """
- name: other
  match: "other*"
  resolution: 0.01
  out_of_order: 2s
  windows: [{name: ten, tumbling: 10s, statistics: [sum]}]
- name: same
  match: "same*"
  resolution: 0.01
  out_of_order: 2s
  deduplicate: 4
  same_time: conflict
  windows: [{name: ten, tumbling: 10s, statistics: [sum]}]
- name: plant
  match: "*"
  resolution: 0.01
  range: [-40, 125]
  out_of_order: 2s
  allowed_lateness: 5s
  max_future: 1m
  windows: [{name: ten, tumbling: 10s, statistics: [count, sum]}]
"""


def unescape(text, now_ms):
    """Text of the table as bytes."""
    text = re.sub(r"<now([+-]\d+)?>", lambda m: str(now_ms + int(m.group(1) or 0)), text)
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m.group(1), 16)]), text.encode())


def payload_of(text, now_ms):
    if text.startswith("text:"):
        return unescape(text[5:], now_ms)
    pieces = (piece.partition("*") for piece in text[4:].split(" "))
    return b"".join(bytes.fromhex(digits) * int(times or 1) for digits, _, times in pieces)


def verdict_of(text):
    """(reason or None, refused, accepted)"""
    words = text.split()
    if words[0] == "A":
        return None, 0, int(words[1])
    counts = [int(word) for word in words[2:]] or [1]
    return words[1], counts[0], counts[1] if len(counts) > 1 else 0


def read_table(now_ms):
    """Rows (line, topic, payload, reason, refused, accepted) that a broker hands over unchanged."""
    rows = []
    with open(TABLE, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            _, topic, rest = line.split(" | ", 2)
            payload, verdict = rest.rsplit(" | ", 1)
            if topic[:2] not in "n/ j/ k/ r/ m/ c/ p/ b/".split():
                continue # the broker, or the clock, would have to do something
            rows.append((number, unescape(topic, now_ms).decode(), payload_of(payload, now_ms),
                         *verdict_of(verdict)))
    return [row for row in rows if row[1].count("/") == 1]


class HostilePayloads(Case):
    def start(self, before=lambda broker: None):
        self.broker_now = self.broker()
        before(self.broker_now)
        self.watcher = self.client(self.broker_now)
        text = configuration(self.broker_now.port, INPUTS, PIPELINES,
                             f"file: {self.state_file()}",
                             capacity="{series: 100, name: 16B, outbox: 256KiB, "
                                      f"message: {MESSAGE_MAX}B}}")
        self.daemon_now = self.daemon(text).start()
        self.addCleanup(self.check_log)
        return self.daemon_now

    def check_log(self):
        self.assertNotIn("\x1b", self.daemon_now.log())

    def publisher(self, name):
        publisher = Publisher(self.broker_now.port, name)
        self.addCleanup(publisher.close)
        return publisher

    def stats(self, messages):
        """The retained figures once so many messages have been taken or dropped."""
        return self.wait_json(
            self.watcher, "vnotch/gw/stats",
            lambda s: s["messages"]["received"] + s["messages"]["dropped"] >= messages, 30)

    def check_books(self, stats):
        readings = stats["readings"]
        parts = ("accepted", "late", "no_window", "duplicate", "limited", "quarantined", "rejected")
        self.assertEqual(readings["received"], sum(readings[part] for part in parts))

    def resident_kib(self):
        with open(f"/proc/{self.daemon_now.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))

    def letters(self):
        return [json.loads(payload) for payload in self.watcher.on("vnotch/gw/dead-letter")]

    def test_every_message_of_the_table_has_its_verdict(self):
        daemon = self.start()
        rows = read_table(int(time.time() * 1000))
        self.assertGreater(len(rows), 300)
        self.publisher("table").publish_all([(topic, payload) for _, topic, payload, *_ in rows])
        stats = self.stats(len(rows))
        expected = {}
        for _, _, _, reason, refused, _ in rows:
            if reason is not None:
                expected[reason] = expected.get(reason, 0) + refused
        self.assertEqual({reason: count for reason, count in stats["reasons"].items() if count},
                         expected)
        self.assertEqual(stats["readings"]["accepted"], sum(row[5] for row in rows))
        self.assertEqual(stats["messages"]["dropped"], 0)
        self.check_books(stats)
        self.assertEqual(daemon.stop(), 0)

    def test_a_dead_letter_tells_reason_topic_place_and_first_bytes(self):
        daemon = self.start()
        sent = [("n/a", b"21,5", "number", 2), ("j/a", b'{"t":1,"v":01}', "json", 12),
                ("c/a", bytes.fromhex("9a40000000"), "limit", 0),
                ("b/x", bytes.fromhex("81a20061610219"), "cbor", 6),
                ("p/x", b'[{"n":"a b","v":1}]', "charset", None),
                ("n/a b", b"1", "charset", None), ("n/a", b"1e400", "range", None),
                ("j/a", b"[" * 1000, "depth", 16)]
        for topic, payload, _, _ in sent:
            self.watcher.publish(topic, payload)
        wait_for(lambda: len(self.letters()) >= len(sent), 10, lambda: self.letters())
        for letter, (topic, payload, reason, offset) in zip(self.letters(), sent):
            with self.subTest(topic=topic, reason=reason):
                self.assertEqual((letter["reason"], letter["topic"]), (reason, topic))
                self.assertEqual(letter["payload_bytes"], len(payload))
                shown = bytes.fromhex(letter["payload_hex"])
                self.assertEqual(shown, payload[:len(shown)])
                self.assertGreaterEqual(len(shown), min(16, len(payload)))
                if offset is not None:
                    self.assertEqual(letter["offset"], offset)
        self.assertEqual(daemon.stop(), 0)

    def test_a_flood_costs_neither_memory_nor_log(self):
        started = time.monotonic()
        daemon = self.start()
        rows = [(topic, payload) for _, topic, payload, reason, _, _
                in read_table(int(time.time() * 1000))
                if reason not in (None, "duplicate") and len(payload) < 1000]
        flood = [rows[i % len(rows)] if i % 4 else (f"n/flood-{i}", b"1") for i in range(FLOOD)]
        self.watcher.publish_all([(f"j/by{i}", json.dumps({"t": BASE_MS, "v": 1}))
                                  for i in range(90)])
        publisher = self.publisher("flood")
        # Every page of the input queue is in use before memory is looked at.
        publisher.publish_all([("n/a", b"[" * (MESSAGE_MAX - 10))] * 20 + flood[:1980])
        self.stats(2090)
        log_before = daemon.log().count("\n")
        memory_before = self.resident_kib()
        publisher.publish_all(flood)
        stats = self.stats(2090 + FLOOD)
        grown = self.resident_kib() - memory_before
        self.assertLessEqual(grown, GROWTH_MAX_KIB)
        self.assertGreater(stats["reasons"]["series_full"], FLOOD // 5)
        self.assertLessEqual(stats["outputs"]["dead_letters"],
                             LETTERS_AT_ONCE + time.monotonic() - started)
        self.check_books(stats)
        self.assertLessEqual(daemon.log().count("\n") - log_before, 40)
        self.watcher.publish_all([("j/by7", json.dumps({"t": BASE_MS + 20000, "v": 1}))])
        row = self.wait_summaries(self.watcher, 1, where=lambda r: r["series"] == "by7")[0]
        self.assertEqual((row["count"], row["start"]), (1, BASE_MS))
        self.assertEqual(daemon.stop(), 0)

    def test_a_message_above_the_limit_is_counted_and_the_next_one_taken(self):
        daemon = self.start()
        self.watcher.publish_all([("n/a", b"1" * (MESSAGE_MAX + 1)),
                                  ("n/a", b" " * (MESSAGE_MAX - 4) + b"5"), ("n/a", b"6")])
        stats = self.stats(3)
        self.assertEqual(stats["reasons"], {"too_big": 1})
        self.assertEqual(stats["readings"]["accepted"], 2)
        self.assertEqual(daemon.stop(), 0)

    def test_retained_readings_without_a_time_are_stale_and_deletions_no_fault(self):
        def retain(broker):
            client = self.client(broker, topics=())
            now_ms = int(time.time() * 1000)
            for topic, payload in (("n/a", b"99"), ("m/b", b'{"v":99}'),
                                   ("j/c", json.dumps({"t": now_ms, "v": 9}).encode())):
                client.publish(topic, payload, retain=True).wait_for_publish(10)
        daemon = self.start(retain)
        stats = self.stats(3)
        self.assertEqual(stats["reasons"], {"stale": 2})
        self.assertEqual(stats["readings"]["accepted"], 1)
        self.assertEqual(self.letters(), [])
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main()
