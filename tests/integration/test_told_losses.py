"""Checkpoint mode: what a crash costs is what the device says, not a reading more."""

import json
import os
import sys
import time
import unittest

from harness import (BASE_MS, Case, NUMBERED_INPUT, SOURCE_DIR, Stalls, configuration,
                     wait_for)

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "support"))
from flaky_link import Link

CHECKPOINT_MS = 200
SLACK_MS = 1000
RATION = 20000  # bytes: some results and their acknowledgements
PIPELINES = """
- name: load
  resolution: 1
  windows:
    - {name: hour, tumbling: 1h, statistics: [count, sum]}
  alerts:
    - {name: odd, above: 0}
"""


def reading(sequence):
    return "j/a", json.dumps({"v": sequence % 2, "t": BASE_MS + sequence, "seq": sequence})


class ToldLosses(Case):
    def start(self, outbox, upstream=None):
        self.feed = self.broker()
        self.line = Link(self.feed.port, observe=True)  # what it took, and when
        self.link = Link(self.feed.port)
        for link in (self.line, self.link):
            self.addCleanup(link.close)
            link.start()
        state = f"file: {self.state_file()}, checkpoint_every: {CHECKPOINT_MS}ms"
        options = {"capacity": f"{{series: 10, outbox: {outbox}, input_queue: 4096}}"}
        if upstream:
            options["upstream"] = f"{{uri: 'mqtt://127.0.0.1:{self.link.port}', keep_alive: 60s}}"
        self.program = self.daemon(
            configuration(self.line.port, NUMBERED_INPUT, PIPELINES, state, **options)).start()
        self.talk = self.client(self.feed)

    def figures(self, condition):
        return self.wait_json(self.talk, "vnotch/gw/stats", condition, 30)

    def kill(self):
        """Returns when, and the numbers that were acknowledged before, with their times."""
        self.program.kill()
        killed_at = time.time()
        wait_for(lambda: not self.line.pairs, 60, "its connection ends")
        return killed_at, [(number, at) for _, at, _, number in self.line.acknowledged]

    def check(self, published, killed_at, acknowledged):
        """What is missing was acknowledged in the span that is told; returns the figures."""
        self.talk.publish_all([reading(published)])
        figures = self.figures(lambda s: s["readings"]["accepted"] + s["readings"]["missing"]
                               == published + 1)
        lost = figures["readings"]["missing"]
        recovery = figures["recovery"]
        print(f"lost {lost} of {published}, told {recovery['lost_to'] - recovery['lost_from']} ms")
        self.assertFalse(recovery["clean"])
        # They come in order: the last ones are lost, and what had no acknowledgement comes again.
        self.assertEqual([number for number, _ in acknowledged], list(range(len(acknowledged))))
        self.assertLessEqual(lost, len(acknowledged))
        for number, at in acknowledged[len(acknowledged) - lost:]:
            self.assertLessEqual(recovery["lost_from"], 1000 * at + 1, number)
        self.assertGreaterEqual(recovery["lost_to"], 1000 * killed_at)
        return figures

    def test_what_a_kill_costs_lies_in_the_span_that_is_told(self):
        self.start("256KiB")
        stalls = Stalls()
        self.addCleanup(stalls.close)
        until = time.monotonic() + 1
        infos = []
        while time.monotonic() < until:
            infos.append(self.talk.publish(*reading(len(infos))))
            time.sleep(0.001)
        for info in infos:
            info.wait_for_publish(60)
        killed_at, acknowledged = self.kill()
        self.program.start()
        figures = self.check(len(infos), killed_at, acknowledged)
        span = 1000 * killed_at - figures["recovery"]["lost_from"]
        longest = CHECKPOINT_MS + SLACK_MS
        if stalls.was_quiet(killed_at - longest / 1000, killed_at):
            self.assertLessEqual(span, longest, "more than an interval")
        else:
            self.assertLessEqual(figures["recovery"]["lost_from"], 1000 * killed_at)
            print("the machine wasn't quiet: how long an interval takes is not judged")

    def test_messages_that_waited_for_room_are_told_as_well(self):
        """Results leave slowly: messages wait in the queue, acknowledged, over many checkpoints."""
        self.start("16KiB", upstream=True)
        self.talk.publish_all([reading(0)])
        self.figures(lambda s: s["readings"]["accepted"] == 1)
        self.link.silent = True
        self.talk.publish_all([reading(n) for n in range(1, 3000)])
        for _ in range(10):
            time.sleep(CHECKPOINT_MS / 1000)
            self.link.let_pass(RATION)
            wait_for(lambda: self.link.silent, 60, "results go on leaving")
        killed_at, acknowledged = self.kill()
        self.link.cut()
        self.link.silent = False
        self.program.start()
        figures = self.check(3000, killed_at, acknowledged)
        self.assertGreater(figures["readings"]["accepted"], 50, "nothing went on")
        self.assertGreater(figures["readings"]["missing"], 0, "nothing waited")


if __name__ == "__main__":
    unittest.main()
