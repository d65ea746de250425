"""Journal mode on a disk that gets full or breaks: no acknowledgement, exit 74, nothing lost."""

import collections
import json
import os
import unittest

from harness import (BASE_MS, BIN_DIR, NUMBERED_INPUT, Case, configuration, decode_summaries,
                     wait_for)

SHIM = os.path.join(os.path.dirname(BIN_DIR), "tests", "lib", "vnotch-disk-faults.so")
DEVICES = ["a", "b", "c"]
STEP_MS = 100
WINDOW_MS = 1000
# The receiver tries again for half of it, then gives up; the rest is for a machine that is busy.
KEEP_ALIVE = "4s"
ENDS_WITHIN_S = 30
ACKNOWLEDGED = "Received PUBACK from vnotch-gw-in"
SUBSCRIBES = "Received SUBSCRIBE from vnotch-gw-in"

PIPELINES = f"""
- name: load
  resolution: 1
  windows: [{{name: w, tumbling: {WINDOW_MS}ms, statistics: [count, sum]}}]
"""
SILENCE = "  alerts: [{name: silent, absent_for: 5s}]\n"  # no sooner than the disk is broken


class DiskFails(Case):
    def prepare(self, pipelines=PIPELINES, commit_every="300ms"):
        self.mosquitto = self.broker(extra="log_type all")
        port = self.mosquitto.port
        self.watcher = self.client(self.mosquitto)
        broker = f"{{uri: 'mqtt://127.0.0.1:{port}', keep_alive: {KEEP_ALIVE}}}"
        state = (f"file: {self.state_file()}, durability: journal, "
                 f"checkpoint_every: {commit_every}")
        self.vnotchd = self.daemon(
            configuration(port, NUMBERED_INPUT, pipelines, state, broker=broker))
        self.faults = {name: os.path.join(self.folder, name.lower())
                       for name in ("VN_FAIL_WRITE", "VN_FAIL_SYNC")}
        self.published = collections.Counter()  # by device
        self.windows = collections.defaultdict(lambda: [0, 0])  # (device, start): count, sum

    def start(self, wait=True):
        self.assertTrue(os.path.exists(SHIM), "build it: vnotch-disk-faults")
        self.vnotchd.start(wait=wait, environment=dict(self.faults, LD_PRELOAD=SHIM))

    def break_disk(self, fault):
        with open(self.faults[fault], "wb"):
            pass

    def heal_disk(self):
        for path in self.faults.values():
            if os.path.exists(path):
                os.unlink(path)

    def publish(self, readings):
        """So many of each device; the broker has them all when it returns."""
        messages = []
        for _ in range(readings):
            for device in DEVICES:
                number = self.published[device]
                self.published[device] += 1
                t_ms = BASE_MS + STEP_MS * number
                window = self.windows[device, t_ms - t_ms % WINDOW_MS]
                window[0] += 1
                window[1] += number + 1
                messages.append((f"j/{device}",
                                 json.dumps({"v": number + 1, "t": t_ms, "seq": number})))
        self.watcher.publish_all(messages)

    def in_log(self, words):
        return self.mosquitto.log().count(words)

    def settle(self):
        """All that was published is acknowledged, and all that follows from it is told."""
        self.acknowledged = sum(self.published.values())
        wait_for(lambda: self.in_log(ACKNOWLEDGED) >= self.acknowledged, 15,
                 f"{self.acknowledged} acknowledgements")
        last_ms = max(start for _, start in self.windows)
        over = sum(start < last_ms for _, start in self.windows)
        self.wait_summaries(self.watcher, over)
        self.told = len(self.results())

    def results(self):
        """What may be told only once it is durable."""
        return [message for message in self.watcher.all_messages()
                if message.topic.split("/")[2] in ("summary", "event", "alert")]

    def ends_with_74(self, words):
        """Nothing was acknowledged or told since all was settled."""
        self.assertEqual(self.vnotchd.wait(ENDS_WITHIN_S), 74, self.vnotchd.log())
        self.assertIn(words, self.vnotchd.log())
        self.assertNotIn("no free sector", self.vnotchd.log())
        wait_for(lambda: self.watcher.on("vnotch/gw/status")[-1] == b"offline", 15, "the will")
        self.assertEqual(self.in_log(ACKNOWLEDGED), self.acknowledged)
        self.assertEqual(len(self.results()), self.told)

    def check_books(self):
        """A healthy disk again: each window that is over holds what was published into it."""
        self.heal_disk()
        self.start()
        self.publish(1)
        total = sum(self.published.values())
        figures = self.wait_json(self.watcher, "vnotch/gw/stats",
                                 lambda s: s["readings"]["accepted"] >= total)
        self.assertEqual(figures["readings"]["accepted"], total)
        self.assertEqual(figures["readings"]["missing"], 0)
        self.assertEqual(self.vnotchd.stop(), 0, self.vnotchd.log())
        wait_for(lambda: self.watcher.on("vnotch/gw/status")[-1] == b"offline", 15,
                 "the last word, behind all summaries")
        newest = {}
        for payload in self.watcher.on("vnotch/gw/summary"):
            for row in decode_summaries(payload):
                key = (row["series"], row["start"])
                newest[key] = max(newest.get(key, (0, 0, 0, 0)),
                                  (row["boot"], row["rev"], row["count"], row["sum"]))
        last_ms = max(start for _, start in self.windows)
        self.assertEqual({key: list(row[2:]) for key, row in newest.items()},
                         {key: sums for key, sums in self.windows.items() if key[1] < last_ms})
        return figures["readings"]["duplicate"]

    def fails(self, fault, commit_every, readings):
        """How many repeats there were when everything had come again."""
        self.prepare(commit_every=commit_every)
        self.start()
        self.publish(15)
        self.settle()
        self.break_disk(fault)
        self.publish(readings)
        self.ends_with_74("check the disk")
        return self.check_books()

    def test_a_full_disk_acknowledges_nothing_and_everything_comes_again(self):
        """Under load: commits fail as well."""
        self.assertEqual(self.fails("VN_FAIL_WRITE", "300ms", 25), 0)

    def test_a_message_that_cannot_be_synced_is_not_acknowledged(self):
        """No commit is due. It may be on the disk all the same: then it comes again twice."""
        self.assertLessEqual(self.fails("VN_FAIL_SYNC", "1h", 1), 1)

    def test_an_alert_that_cannot_be_written_is_not_told(self):
        self.prepare(PIPELINES + SILENCE)
        self.start()
        self.publish(5)
        self.settle()
        self.break_disk("VN_FAIL_WRITE")
        self.ends_with_74("the state cannot be written")
        self.assertEqual(self.watcher.on("vnotch/gw/event"), [])
        self.heal_disk()
        self.start()
        wait_for(lambda: len(self.watcher.on("vnotch/gw/event")) >= len(DEVICES), 15, "the alerts")
        self.publish(5)
        wait_for(lambda: self.in_log(ACKNOWLEDGED) >= 10 * len(DEVICES), 15, "acknowledgements")
        self.assertEqual(self.vnotchd.stop(), 0)
        self.check_books()

    def test_a_start_on_a_full_disk_subscribes_to_nothing(self):
        self.prepare()
        self.start()
        self.publish(15)
        self.settle()
        self.vnotchd.kill()
        self.publish(5)
        self.break_disk("VN_FAIL_WRITE")
        subscribed = self.in_log(SUBSCRIBES)
        self.start(wait=False)
        self.ends_with_74("free space")
        self.assertEqual(self.in_log(SUBSCRIBES), subscribed)
        self.check_books()


if __name__ == "__main__":
    unittest.main()
