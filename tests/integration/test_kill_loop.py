"""kill -9 at random instants under load, many times (VN_KILLS); then the books must balance.

Each window holds WINDOW_READINGS readings with the values 1, 2, 4, ...: the sum of a summary tells
exactly which readings are in it, and its count that none is in it twice.
"""

import collections
import json
import os
import random
import sys
import threading
import time
import unittest

from harness import (BASE_MS, Case, NUMBERED_INPUT, SOURCE_DIR, STUCK_S, Client, Stalls,
                     configuration, decode_summaries, wait_while_it_moves)

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "support"))
from flaky_link import Link
from torture_books import Books

SEED = int(os.environ.get("VN_SEED", "20240917"))
KILLS = int(os.environ.get("VN_KILLS", "60"))
DEVICES = ["a", "b", "c", "d"]
WINDOW_READINGS = 20
STEP_MS = 100
CHECKPOINT_S = 0.1
SLACK_S = 0.5  # reading, working and writing take time as well

PIPELINES = f"""
- name: bits
  resolution: 1
  windows:
    - {{name: w, tumbling: {WINDOW_READINGS * STEP_MS}ms, statistics: [count, sum, min, max]}}
  alerts:
    - {{name: high, above: {1 << (WINDOW_READINGS - 2)}}}
"""


class Load(threading.Thread):
    """Publishes readings of all devices, and counts them."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client = client
        self.published = dict.fromkeys(DEVICES, 0)
        self.ended = threading.Event()

    def send_round(self):
        infos = []
        for device in DEVICES:
            sequence = self.published[device]
            payload = json.dumps({"v": 1 << (sequence % WINDOW_READINGS),
                                  "t": BASE_MS + STEP_MS * sequence, "seq": sequence})
            self.published[device] += 1
            infos.append(self.client.publish(f"j/{device}", payload))
        return infos

    def run(self):
        while not self.ended.is_set():
            self.send_round()
            time.sleep(0.01)

    def total(self):
        return sum(self.published.values())

    def close_windows(self):
        """Ends the load with a whole window and the first reading of the next one."""
        self.ended.set()
        self.join()
        while self.published[DEVICES[0]] % WINDOW_READINGS != 1:
            for info in self.send_round():
                info.wait_for_publish(STUCK_S)


class Recorder(Client):
    """Looks at each message once, however many there are."""

    def __init__(self, port):
        self.newest = {}  # results: the greatest start by series
        self.stats = {}
        super().__init__(port)

    def _on_message(self, client, context, message):
        super()._on_message(client, context, message)
        if message.topic.endswith("/summary"):
            for row in decode_summaries(message.payload):
                self.newest[row["series"]] = max(self.newest.get(row["series"], 0), row["start"])
        elif message.topic.endswith("/stats"):
            self.stats = json.loads(message.payload)


def bits(total):
    return {i for i in range(WINDOW_READINGS) if total >> i & 1}


class KillLoop:
    """With a state like this; what may be lost is the mode's to say."""

    durability = ""

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.kills = []  # in wall time
        self.stalls = Stalls()
        self.addCleanup(self.stalls.close)

    def one_run(self, daemon):
        """Starts the daemon and kills it: one in four before it is ready, one in ten late."""
        early = self.random.random() < 0.25
        longest = 1.2 if len(self.kills) % 10 == 5 else 0.3
        daemon.start(wait=not early, seconds=STUCK_S)
        time.sleep(self.random.uniform(0, 0.1) if early else self.random.uniform(0, longest))
        code = daemon.process.poll()
        self.assertIsNone(code, f"ended by itself with {code}, seed {SEED}:\n{daemon.log()}")
        daemon.kill()
        self.kills.append(time.time())

    def counted(self, client):
        """Which readings the final results hold, by device."""
        books = Books()
        for message in client.all_messages():
            books.take(message.topic, message.payload)
        # Each result and each event is one message, byte for byte, and none is missing.
        self.assertEqual((books.problems[:5], books.holes()[:10]), ([], []), f"seed {SEED}")
        print(f"messages={dict(books.messages)} of these again={dict(books.repeated)} "
              f"results={len(books.results)}")
        held = collections.defaultdict(set)
        for (series, start), (count, total) in books.windows().items():
            inside = bits(total)
            self.assertEqual(len(inside), count, f"counted twice in {series} {start}")
            first = (start - BASE_MS) // STEP_MS
            held[series] |= {first + i for i in inside}
        return held

    def check_lost(self, lost):
        raise NotImplementedError

    def check_books(self, load, held, figures):
        lost = {device: [n for n in range(load.published[device] - 1)
                         if n not in held[device]] for device in DEVICES}
        total = sum(len(numbers) for numbers in lost.values())
        sent = load.total()
        print(f"{self.durability}: kills={len(self.kills)} sent={sent} lost={total} "
              f"missing={figures['readings']['missing']} "
              f"duplicate={figures['readings']['duplicate']} boot={figures['boot']} seed={SEED}")
        self.assertEqual(figures["readings"]["missing"], total, f"seed {SEED}")
        self.assertEqual(figures["readings"]["accepted"], sent - total, f"seed {SEED}")
        self.check_lost(lost)

    def begin(self, client, load):
        """The first number of each device has to be known before any may be lost."""
        self.program.start(seconds=STUCK_S)
        for info in load.send_round():
            info.wait_for_publish(STUCK_S)
        self.wait_json(client, "vnotch/gw/stats",
                       lambda s: s["readings"]["received"] == len(DEVICES), STUCK_S)
        self.assertEqual(self.program.stop(STUCK_S), 0)

    def finish(self, client, load):
        """All that was published is counted, and its results are told. Returns the figures."""
        load.close_windows()
        self.program.start(seconds=STUCK_S)
        last = BASE_MS + STEP_MS * (load.published[DEVICES[0]] - 1 - WINDOW_READINGS)
        def done():
            readings = client.stats.get("readings", {})
            return (all(client.newest.get(device, 0) >= last for device in DEVICES) and
                    readings["accepted"] + readings["missing"] >= load.total() and
                    client.stats["outputs"]["waiting"] == 0)
        wait_while_it_moves(done, lambda: (client.newest.copy(), client.stats.get("readings")),
                            lambda: f"{client.newest} {client.stats}\n{self.program.log()[-3000:]}")
        self.assertEqual(self.program.stop(STUCK_S), 0)
        return client.stats

    def test_the_books_balance_after_many_kills(self):
        print(f"seed={SEED}")
        broker = self.broker()
        self.link = Link(broker.port, observe=True)
        self.addCleanup(self.link.close)
        self.link.start()
        state = (f"file: {self.state_file()}, durability: {self.durability}, "
                 f"checkpoint_every: {int(CHECKPOINT_S * 1000)}ms")
        self.program = self.daemon(configuration(self.link.port, NUMBERED_INPUT, PIPELINES, state))
        client = Recorder(broker.port)
        self.addCleanup(client.close)
        load = Load(client)
        self.begin(client, load)
        load.start()
        while len(self.kills) < KILLS:
            self.one_run(self.program)
        figures = self.finish(client, load)
        print(f"outputs={figures['outputs']} recovery={figures['recovery']}")
        self.check_books(load, self.counted(client), figures)


class Checkpoint(KillLoop, Case):
    durability = "checkpoint"

    def losable_spans(self):
        """An interval before each kill; more where the machine didn't let the program work."""
        longest = CHECKPOINT_S + SLACK_S
        quiet = [self.stalls.was_quiet(killed - longest, killed) for killed in self.kills]
        print(f"kills on a quiet machine: {sum(quiet)}")
        return [(killed - longest if calm else before, killed) for before, killed, calm in
                zip([0, *self.kills], self.kills, quiet)]

    def check_lost(self, lost):
        """Acknowledged within a span that is told, and not long before a kill."""
        taken = collections.defaultdict(list)
        for passed, at, topic, number in self.link.acknowledged:
            taken[topic[2:], number].append((passed, at))
        told = self.program.lost_spans()
        losable = self.losable_spans()
        for device, numbers in lost.items():
            for number in numbers:
                for spans, what in ((told, "in no span that is told"),
                                    (losable, "lost long before a kill")):
                    self.assertTrue(any(low <= at and passed <= high for low, high in spans
                                        for passed, at in taken[device, number]),
                                    f"{device} {number}: {what}, seed {SEED}")


class Journal(KillLoop, Case):
    durability = "journal"

    def check_lost(self, lost):
        self.assertFalse(any(lost.values()), f"acknowledged and lost: {lost}, seed {SEED}")


if __name__ == "__main__":
    unittest.main()
