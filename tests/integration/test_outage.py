"""An outage that an outbox cannot hold: results come in coarser windows, each number is named."""

import json
import os
import signal
import sys
import time
import unittest

import cbor2

from harness import BASE_MS, SOURCE_DIR, Broker, Case, configuration, decode_summaries, wait_for

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "consumers", "python"))
import subscriber  # noqa: E402

INPUTS = """
- topic: "j/{device}"
  format: json
  fields: [{path: v, series: "{device}"}]
  time: {path: t, unit: ms}
"""
PIPELINES = """
- name: level
  resolution: 0.01
  windows:
    - {name: minute, tumbling: 1m, statistics: [count, sum, min, max, mean]}
"""
MINUTES = 900
COARSENED = 2


def seq_of(payload):
    """The number of any message that has one."""
    if payload[:1] == b"{":
        return json.loads(payload).get("seq")
    return cbor2.loads(payload)[3]


def table_of(payloads):
    """What a consumer keeps (docs/messages.md), by (series, start, end)."""
    rows = {}
    for payload in payloads:
        flags = [record.get(17, 0) for record in cbor2.loads(payload)[5]]
        for row, bits in zip(decode_summaries(payload), flags):
            if bits & COARSENED:
                inside = [key for key in rows if key[0] == row["series"] and
                          row["start"] <= key[1] and key[2] <= row["end"]]
                for key in inside:
                    del rows[key]
            rows[row["series"], row["start"], row["end"]] = dict(row, coarse=bool(bits & COARSENED))
    return rows


class Outage(Case):
    def test_all_of_it_arrives_and_each_missing_number_is_named(self):
        broker = self.broker()
        upstream = Broker(os.path.join(self.folder, "upstream")).start()
        self.addCleanup(lambda: upstream.stop())
        cloud = self.client(upstream, name="cloud")
        config = configuration(
            broker.port, INPUTS, PIPELINES, f"file: {self.state_file()}, durability: journal",
            upstream=f"{{uri: 'mqtt://127.0.0.1:{upstream.port}'}}",
            capacity="{series: 10, outbox: 24KiB}")
        daemon = self.daemon(config).start()
        wait_for(lambda: cloud.on("vnotch/gw/stats"), 15, "the device is heard upstream")
        upstream.stop()
        values = [100 + (37 * minute) % 500 for minute in range(MINUTES + 2)]
        sensor = self.client(broker, topics=())
        sensor.publish_all([("j/a", json.dumps({"v": value, "t": BASE_MS + 60000 * minute}))
                            for minute, value in enumerate(values)], seconds=60)
        self.wait_taken(daemon, len(values))
        upstream.start()
        done = BASE_MS + 60000 * MINUTES
        def arrived():
            return max((row["end"] for payload in cloud.on("vnotch/gw/summary")
                        for row in decode_summaries(payload)), default=0) >= done
        wait_for(arrived, 60, lambda: daemon.log())
        stats = self.wait_json(cloud, "vnotch/gw/stats",
                               lambda s: s["readings"]["accepted"] == len(values) and
                               s["outputs"]["waiting"] == 0, seconds=30)
        self.assertEqual(stats["outputs"]["dropped"], 0)
        self.assertGreater(stats["outputs"]["coarsened"], 10)
        self.check(cloud, values)

    def wait_taken(self, daemon, count):
        """Its log tells, while nobody is there for its figures; asked too often it would not."""
        for pause_s in (0.1 * 2 ** n for n in range(10)):
            daemon.process.send_signal(signal.SIGUSR1)
            time.sleep(pause_s)
            if f" accepted={count} " in daemon.log():
                return
        self.fail(f"{count} readings are not taken:\n{daemon.log()}")

    def check(self, cloud, values):
        rows = table_of(cloud.on("vnotch/gw/summary"))
        covered = sorted((start, end) for _, start, end in rows)
        self.assertEqual(covered[0][0], BASE_MS)
        for (_, end), (start, _) in zip(covered, covered[1:]):
            self.assertEqual(end, start)
        for (_, start, end), row in rows.items():
            part = values[(start - BASE_MS) // 60000:(end - BASE_MS) // 60000]
            self.assertEqual((row["count"], row["sum"], row["min"], row["max"]),
                             (len(part), float(sum(part)), min(part), max(part)))
        self.assertGreater(sum(row["coarse"] for row in rows.values()), 10)
        payloads = [payload for kind in ("summary", "gap", "dead-letter", "event")
                    for payload in cloud.on(f"vnotch/gw/{kind}")]
        come = {seq_of(payload) for payload in payloads}
        missing = set(range(max(come) + 1)) - come
        gaps = [gap for payload in cloud.on("vnotch/gw/gap")
                for gap in subscriber.notice(payload)["gaps"]]
        named = {seq for gap in gaps for seq in range(gap["first"], gap["last"] + 1)}
        self.assertEqual(missing - named, set())
        self.assertEqual(sum(gap["messages"] for gap in gaps), len(missing))
        self.assertEqual({gap["why"] for gap in gaps}, {"coarsened"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
