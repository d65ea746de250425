"""What a broker sends again or forgets, and a device that has forgotten: nothing counts twice.

The broker of the readings is a script, so that a message comes again whatever was acknowledged.
"""

import itertools
import json
import os
import sys
import time
import unittest

from harness import BASE_MS, Case, SOURCE_DIR, configuration, free_port, wait_for

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "support"))
from scripted_broker import ScriptedBroker
from torture_books import Books

INPUTS = """
- topic: "seq/{device}"
  format: json
  fields: [{path: v, series: "seq/{device}"}]
  time: {path: t, unit: ms}
  sequence: {path: seq}
- topic: "time/{device}"
  format: json
  fields: [{path: v, series: "time/{device}"}]
  time: {path: t, unit: ms}
"""
PIPELINES = """
- name: bits
  resolution: 1
  deduplicate: 8
  windows:
    - {name: minute, tumbling: 1m, statistics: [count, sum]}
  alerts:
    - {name: high, above: 8}
"""


def reading(number, seconds=None):
    """The values are powers of two: the sum of a window tells which readings are in it."""
    seconds = number if seconds is None else seconds
    return json.dumps({"v": 1 << number, "t": BASE_MS + 1000 * seconds, "seq": number})


class Redelivery(Case):
    def setUp(self):
        super().setUp()
        self.script = ScriptedBroker(free_port())
        self.addCleanup(self.script.close)
        self.upstream = self.broker()
        self.talk = self.client(self.upstream)
        self.subscriptions = 1

    def start(self, durability="journal", wipe=False):
        if wipe:
            os.unlink(self.state_file())
        state = f"file: {self.state_file()}, durability: {durability}, checkpoint_every: 1h"
        self.program = self.daemon(configuration(
            self.script.port, INPUTS, PIPELINES, state, mqtt="3.1.1",
            upstream=f"{{uri: 'mqtt://127.0.0.1:{self.upstream.port}'}}"))
        self.program.start()
        self.script.wait_subscribed(self.subscriptions)

    def again(self):
        """Waits for the client that was disconnected."""
        self.subscriptions += 1
        self.script.wait_subscribed(self.subscriptions)

    def reconnect(self):
        self.script.drop()
        self.again()

    def broker_restart(self):
        self.script.restart()
        self.again()

    def kill(self):
        self.subscriptions += 1
        self.program.kill()
        self.program.start()
        self.script.wait_subscribed(self.subscriptions)

    def last_figures(self):
        self.assertEqual(self.program.stop(), 0, self.program.log())
        wait_for(lambda: self.talk.on("vnotch/gw/status")[-1:] == [b"offline"], 10, "the end")
        return json.loads(self.talk.on("vnotch/gw/stats")[-1])

    def books(self):
        books = Books()
        for message in self.talk.all_messages():
            books.take(message.topic, message.payload)
        self.assertEqual((books.problems, books.holes()), ([], []))
        return books

    def rows(self):
        return {(series, start - BASE_MS): content
                for (series, start), content in self.books().windows().items()}

    def redeliver(self, durability):
        """All that was sent so far comes again after each break, by either identity.

        Returns the figures and the number of repeats.
        """
        self.start(durability)
        # A new process in between tries to connect at once.
        events = [(self.reconnect, False), (self.kill, False), (self.reconnect, True),
                  (self.kill, True), (self.broker_restart, False), (self.kill, False),
                  (self.broker_restart, True)]
        number = repeats = 0
        for between, dup in events:
            for kind in ("seq", "time"):
                self.script.publish(f"{kind}/a", reading(number), 100 + number)
            between()
            for old, kind in itertools.product(range(number + 1), ("seq", "time")):
                self.script.publish(f"{kind}/a", reading(old), 200 + old, dup)
                repeats += 1
            number += 1
        for kind in ("seq", "time"):
            self.script.publish(f"{kind}/a", reading(number, seconds=100), 300)
        self.wait_summaries(self.talk, 2)
        figures = self.last_figures()["readings"]
        self.assertEqual(self.rows(), {("seq/a", 0): (number, (1 << number) - 1),
                                       ("time/a", 0): (number, (1 << number) - 1)})
        self.assertEqual((figures["missing"], figures["rejected"]), (0, 0))
        self.assertEqual(figures["accepted"], 2 * number + 2)
        return figures, repeats

    def test_in_journal_mode_a_message_that_comes_again_counts_once(self):
        figures, repeats = self.redeliver("journal")
        # A kill may forget how many repeats there were since the last commit, and nothing else.
        self.assertLessEqual(figures["duplicate"], repeats)

    def test_in_checkpoint_mode_a_message_that_comes_again_counts_once(self):
        """What a kill has lost is no duplicate when it comes again."""
        figures, repeats = self.redeliver("checkpoint")
        self.assertLess(figures["duplicate"], repeats)

    def test_a_session_that_the_broker_lost_is_told_and_changes_nothing_else(self):
        self.start()
        for number in range(3):
            self.script.publish("seq/a", reading(number), 1 + number)
        self.script.session_present = False
        self.reconnect()  # 3 was published meanwhile, to nobody
        for number in (4, 5):
            self.script.publish("seq/a", reading(number), 1 + number)
        self.script.publish("seq/a", reading(6, seconds=100), 9)
        self.wait_summaries(self.talk, 1)
        figures = self.last_figures()
        self.assertEqual(figures["mqtt"]["sessions_lost"], 1)
        self.assertEqual((figures["readings"]["missing"], figures["readings"]["accepted"]), (1, 6))
        self.assertEqual(self.rows(), {("seq/a", 0): (5, 1 + 2 + 4 + 16 + 32)})
        events = [key[1] for key in self.books().events]
        self.assertEqual(events, ["gw:high:seq/a:1:firing"])
        self.assertIn("forgotten our session", self.program.log())

    def test_after_a_wipe_the_consumer_rule_ends_with_the_right_table(self):
        """The device forgets all, the sensor sends what it has; old results stay right."""
        self.start()
        for number in range(3):
            self.script.publish("seq/a", reading(number), 1 + number)
        self.script.publish("seq/a", reading(3, seconds=70), 4)
        self.wait_summaries(self.talk, 1)
        boot = self.last_figures()["boot"]
        time.sleep(1.1)  # a boot that is made up is the time in seconds
        self.subscriptions += 1
        self.start(wipe=True)
        self.script.publish("seq/a", reading(2), 11)
        self.script.publish("seq/a", reading(3, seconds=70), 12)
        self.script.publish("seq/a", reading(4, seconds=80), 13)
        self.script.publish("seq/a", reading(5, seconds=200), 14)
        self.wait_summaries(self.talk, 3)
        figures = self.last_figures()
        self.assertGreater(figures["boot"], boot)
        self.assertTrue(figures["recovery"]["fresh"])
        table = {}
        for payload in self.talk.on("vnotch/gw/summary"):
            books = Books(by_boot=True)
            books.take("vnotch/gw/summary", payload)
            for key, (version, record) in books.table.items():
                if key not in table or version > table[key][0]:
                    table[key] = (version, record[8])
        # The first minute is what the device knows now; the second one is whole.
        self.assertEqual({key[4] - BASE_MS: total for key, (_, total) in table.items()},
                         {0: 4, 60000: 8 + 16})


if __name__ == "__main__":
    unittest.main()
