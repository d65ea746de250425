"""kill -9 at random instants under load, a hundred times (VN_KILLS); then the books must balance.

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

from harness import BASE_MS, Case, SOURCE_DIR, configuration, decode_summaries, wait_for

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "support"))
from torture_books import Books

SEED = int(os.environ.get("VN_SEED", "20240917"))
KILLS = int(os.environ.get("VN_KILLS", "100"))
SECONDS_MAX = max(120, 2 * KILLS)
DEVICES = ["a", "b", "c", "d"]
WINDOW_READINGS = 20
STEP_MS = 100
CHECKPOINT_S = 0.2
# Reading, working and writing take time as well, on a machine that does other things.
SLACK_S = 0.5

INPUTS = """
- topic: "j/{device}"
  format: json
  fields: [{path: v, series: "{device}"}]
  time: {path: t, unit: ms}
  sequence: {path: seq}
"""
PIPELINES = f"""
- name: bits
  resolution: 1
  windows:
    - {{name: w, tumbling: {WINDOW_READINGS * STEP_MS}ms, statistics: [count, sum, min, max]}}
  alerts:
    - {{name: high, above: {1 << (WINDOW_READINGS - 2)}}}
"""


class Load(threading.Thread):
    """Publishes readings of all devices, and remembers when."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client = client
        self.published = {device: [] for device in DEVICES}
        self.ended = threading.Event()

    def send_round(self):
        infos = []
        for device in DEVICES:
            sequence = len(self.published[device])
            payload = json.dumps({"v": 1 << (sequence % WINDOW_READINGS),
                                  "t": BASE_MS + STEP_MS * sequence, "seq": sequence})
            self.published[device].append(time.time())
            infos.append(self.client.publish(f"j/{device}", payload))
        return infos

    def run(self):
        while not self.ended.is_set():
            self.send_round()
            time.sleep(0.01)

    def close_windows(self):
        """Ends the load with a whole window and the first reading of the next one."""
        self.ended.set()
        self.join()
        while len(self.published[DEVICES[0]]) % WINDOW_READINGS != 1:
            for info in self.send_round():
                info.wait_for_publish(20)


def bits(total):
    return {i for i in range(WINDOW_READINGS) if total >> i & 1}


class KillLoop:
    """With a state like this; what may be lost is the mode's to say."""

    durability = ""

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.runs = []  # (started, ready or None, killed) in wall time

    def one_run(self, daemon):
        """Starts the daemon and kills it: one in four before it is ready, one in ten late."""
        early = self.random.random() < 0.25
        longest = 2.5 if len(self.runs) % 10 == 5 else 0.6
        started = time.time()
        daemon.start(wait=not early, seconds=20)
        ready = None if early else time.time()
        time.sleep(self.random.uniform(0, 0.1) if early else self.random.uniform(0, longest))
        code = daemon.process.poll()
        self.assertIsNone(code, f"ended by itself with {code}, seed {SEED}:\n{daemon.log()}")
        daemon.kill()
        self.runs.append((started, ready, time.time()))

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

    def check_lost(self, load, lost):
        raise NotImplementedError

    def lost_close_to_a_kill(self, published_at):
        """Whether the run that took this reading ended at most one interval later."""
        started, ready, killed = next(run for run in self.runs if run[2] >= published_at)
        taken_at = max(published_at, ready if ready is not None else started)
        return killed - taken_at <= CHECKPOINT_S + SLACK_S

    def check_books(self, load, held, figures):
        lost = {device: [n for n in range(len(load.published[device]) - 1)
                         if n not in held[device]] for device in DEVICES}
        total = sum(len(numbers) for numbers in lost.values())
        sent = sum(len(times) for times in load.published.values())
        print(f"{self.durability}: kills={len(self.runs)} sent={sent} lost={total} "
              f"missing={figures['readings']['missing']} "
              f"duplicate={figures['readings']['duplicate']} boot={figures['boot']} seed={SEED}")
        self.assertEqual(figures["readings"]["missing"], total, f"seed {SEED}")
        self.assertEqual(figures["readings"]["accepted"], sent - total, f"seed {SEED}")
        self.check_lost(load, lost)

    def test_a_hundred_kills(self):
        print(f"seed={SEED}")
        broker = self.broker()
        state = (f"file: {self.state_file()}, durability: {self.durability}, "
                 f"checkpoint_every: {int(CHECKPOINT_S * 1000)}ms")
        daemon = self.daemon(configuration(broker.port, INPUTS, PIPELINES, state))
        client = self.client(broker)
        load = Load(client)
        daemon.start()
        for info in load.send_round():  # the first number of each device has to be known
            info.wait_for_publish(10)
        self.wait_json(client, "vnotch/gw/stats", lambda s: s["readings"]["received"] == 4)
        self.assertEqual(daemon.stop(), 0)
        load.start()
        began = time.monotonic()
        while len(self.runs) < KILLS and time.monotonic() - began < SECONDS_MAX:
            self.one_run(daemon)
        load.close_windows()
        daemon.start()
        sent = len(load.published[DEVICES[0]])
        last = BASE_MS + STEP_MS * (sent - 1 - WINDOW_READINGS)
        def closed():
            rows = [row for payload in client.on("vnotch/gw/summary")[-50:]
                    for row in decode_summaries(payload)]
            return {row["series"] for row in rows if row["start"] == last} == set(DEVICES)
        wait_for(closed, 20, lambda: "the last windows:\n" + daemon.log())
        self.assertEqual(daemon.stop(), 0)
        figures = self.wait_json(client, "vnotch/gw/stats", lambda s: s["uptime_ms"] >= 0)
        print(f"outputs={figures['outputs']} recovery={figures['recovery']}")
        self.check_books(load, self.counted(client), figures)


class Checkpoint(KillLoop, Case):
    durability = "checkpoint"

    def check_lost(self, load, lost):
        for device, numbers in lost.items():
            for number in numbers:
                at = load.published[device][number]
                self.assertTrue(self.lost_close_to_a_kill(at),
                                f"{device} {number} was lost long before a kill, seed {SEED}")


class Journal(KillLoop, Case):
    durability = "journal"

    def check_lost(self, load, lost):
        self.assertFalse(any(lost.values()), f"acknowledged and lost: {lost}, seed {SEED}")


if __name__ == "__main__":
    unittest.main()
