"""What a disk does to single messages in journal mode, one fault at a time."""

import errno
import json
import os
import sys
import unittest

from harness import BASE_MS, Case, NUMBERED_INPUT, SOURCE_DIR, configuration

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "support"))
from torn_disk import TornDisk

EXIT_IO = 74
SERIES = 300
PIPELINES = """
- name: load
  resolution: 1
  windows:
    - {name: minute, tumbling: 1m, statistics: [count, sum]}
"""


def reading(sequence, seconds):
    return "j/a", json.dumps({"v": 1 << sequence, "t": BASE_MS + 1000 * seconds, "seq": sequence})


class Disk(Case):
    def setUp(self):
        super().setUp()
        self.feed = self.broker()
        state = f"file: {self.state_file()}, durability: journal, checkpoint_every: 1h"
        self.program = self.daemon(configuration(self.feed.port, NUMBERED_INPUT, PIPELINES, state,
                                                 capacity=f"{{series: {SERIES}}}"))
        self.disk = TornDisk(self.state_file(), os.path.join(self.folder, "page"))
        self.addCleanup(self.disk.close)
        self.start()
        self.talk = self.client(self.feed)

    def start(self):
        self.program.start(environment=self.disk.environment())

    def take(self, *sequences):
        """Publishes readings and waits until they are counted."""
        for sequence in sequences:
            self.talk.publish_all([reading(sequence, sequence)])
            self.wait_json(self.talk, "vnotch/gw/stats",
                           lambda s, n=sequence: s["readings"]["received"] > n)

    def restart(self):
        self.disk.cut_power(None, self.program.process)
        self.start()

    def check_window(self, sequences):
        """Closes the window; it holds these readings, each once."""
        self.talk.publish_all([reading(max(sequences) + 1, 100)])
        row = self.wait_summaries(self.talk, 1)[0]
        self.assertEqual((row["count"], row["sum"]),
                         (len(sequences), sum(1 << n for n in sequences)))

    def test_what_is_acknowledged_survives_a_power_cut(self):
        self.take(0, 1, 2)
        self.restart()
        self.check_window([0, 1, 2])

    def test_what_a_failed_sync_left_in_memory_is_not_relied_upon(self):
        """A commit of many blocks, and the system says at the next start that all are written."""
        names = [f"s{i:03}" for i in range(SERIES)]
        def send(sequence, seconds):
            self.talk.publish_all([(f"j/{name}", reading(sequence, seconds)[1]) for name in names])
        send(0, 0)
        self.wait_json(self.talk, "vnotch/gw/stats",
                       lambda s: s["readings"]["received"] == SERIES)
        self.disk.fail("sync", errno.EIO, 1)
        self.assertEqual(self.program.stop(), EXIT_IO, self.program.log())
        self.assertIn(os.strerror(errno.EIO), self.program.log())
        self.assertGreater(self.disk.get("forgotten"), SERIES // 10)
        self.start()
        self.restart()
        send(1, 100)
        rows = self.wait_summaries(self.talk, SERIES)
        self.assertEqual({(row["series"], row["count"]) for row in rows},
                         {(name, 1) for name in names})

    def test_a_disk_that_lies_is_found_out_by_these_tests(self):
        self.take(0)
        self.disk.set("lies", 1)
        self.take(1)
        self.restart()
        self.disk.set("lies", 0)
        with self.assertRaises(AssertionError):
            self.check_window([0, 1])


if __name__ == "__main__":
    unittest.main()
