"""Checkpoint mode on a disk that fails: it works on, says so, and a start tells the loss."""

import errno
import json
import os
import sys
import time
import unittest

from harness import BASE_MS, Case, NUMBERED_INPUT, SOURCE_DIR, STUCK_S, configuration, wait_for

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "support"))
from torn_disk import TornDisk

EXIT_IO = 74
PIPELINES = """
- name: load
  resolution: 1
  windows: [{name: minute, tumbling: 1m, statistics: [count, sum]}]
"""
FAILED = "the state file cannot be written any more"
FROM_MEMORY = "working on from memory"


class DiskGone(Case):
    def setUp(self):
        super().setUp()
        self.feed = self.broker()
        state = f"file: {self.state_file()}, durability: checkpoint, checkpoint_every: 100ms"
        self.program = self.daemon(configuration(self.feed.port, NUMBERED_INPUT, PIPELINES, state))
        self.disk = TornDisk(self.state_file(), os.path.join(self.folder, "page"))
        self.addCleanup(self.disk.close)
        self.talk = self.client(self.feed)
        self.start()

    def start(self):
        self.program.start(environment=self.disk.environment(), seconds=STUCK_S)

    def figures(self, condition):
        return self.wait_json(self.talk, "vnotch/gw/stats", condition, STUCK_S)

    def take(self, *numbers, seconds=0):
        """Publishes readings with these numbers and waits until the device has counted them."""
        for number in numbers:
            payload = {"v": 1 << number, "t": BASE_MS + 1000 * (seconds or number), "seq": number}
            self.talk.publish_all([("j/a", json.dumps(payload))])
        count = self.taken = self.taken + len(numbers)
        return self.figures(lambda s: s["readings"]["received"] == count)

    def fails(self, kind, error):
        """The disk fails once; vnotchd lives on. Then it is well again, and vnotchd starts anew."""
        self.taken = 0
        self.take(0, 1, 2)
        self.assertEqual(self.program.stop(STUCK_S), 0)  # they are on the disk
        self.start()
        self.disk.fail(kind, error, 1)
        self.take(3)
        wait_for(lambda: FROM_MEMORY in self.program.log(), STUCK_S, self.program.log)
        self.assertIn(FAILED, self.program.log())
        self.assertIn(os.strerror(error), self.program.log())
        failed_at = time.time()
        self.take(4)  # the disk is well again, and the file stays given up
        self.take(5, seconds=100)
        row = self.wait_summaries(self.talk, 1, seconds=STUCK_S)[0]
        self.assertEqual((row["count"], row["sum"]), (5, 0b11111))
        self.assertEqual(self.program.log().count(FAILED), 1)
        self.assertEqual(self.program.stop(STUCK_S), EXIT_IO, self.program.log())
        stopped_at = time.time()
        self.start()
        self.taken = 3
        figures = self.take(6, seconds=100)
        self.assertEqual(figures["readings"]["missing"], 3)
        low, high = self.program.lost_spans()[-1]
        self.assertLessEqual(low, failed_at)
        self.assertGreaterEqual(high, stopped_at)
        row = self.wait_summaries(self.talk, 2, seconds=STUCK_S)[1]
        self.assertEqual((row["count"], row["sum"]), (3, 0b111))
        self.assertEqual(self.program.stop(STUCK_S), 0, self.program.log())

    def test_a_sync_that_fails(self):
        self.fails("sync", errno.EIO)

    def test_a_write_that_fails(self):
        self.fails("write", errno.EIO)

    def test_a_disk_that_is_full(self):
        self.fails("write", errno.ENOSPC)


if __name__ == "__main__":
    unittest.main()
