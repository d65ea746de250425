"""kill -9 at random instants under load, a hundred times; then the books must balance.

Each window holds WINDOW_READINGS readings with the values 1, 2, 4, ...: the sum of a summary tells
exactly which readings are in it, and its count that none is in it twice.
"""

import collections
import json
import os
import random
import threading
import time
import unittest

import cbor2
from harness import BASE_MS, Case, configuration, decode_summaries, wait_for

SEED = int(os.environ.get("VN_SEED", "20240917"))
KILLS = int(os.environ.get("VN_KILLS", "100"))
SECONDS_MAX = 120
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
        """Which readings the summaries hold, by device; fails if two summaries disagree."""
        seen = {}
        messages = {}
        held = collections.defaultdict(set)
        for payload in client.on("vnotch/gw/summary"):
            head = cbor2.loads(payload)
            known = messages.setdefault((head[2], head[3]), payload)
            self.assertEqual(known, payload, f"one message, two contents, seed {SEED}")
            for row in decode_summaries(payload):
                key = (row["series"], row["window"], row["start"], row["rev"])
                content = (row["end"], row["kind"], row["count"], row["sum"], row["min"],
                           row["max"])
                self.assertEqual(seen.setdefault(key, content), content,
                                 f"one window, two contents: {key}, seed {SEED}")
                inside = bits(int(row["sum"]))
                self.assertEqual(len(inside), row["count"], f"counted twice in {key}")
                first = (row["start"] - BASE_MS) // STEP_MS
                held[row["series"]] |= {first + i for i in inside}
        return held

    def check_events(self, client):
        contents = {}
        for payload in client.on("vnotch/gw/event"):
            event = json.loads(payload)
            key = (event["series"], event["episode"], event["phase"])
            self.assertEqual(contents.setdefault(key, payload), payload,
                             f"one episode, two contents: {key}, seed {SEED}")

    def check_no_hole(self, client):
        """Every output has a number; a number that never came is an output that was lost."""
        numbers = set()
        for message in client.all_messages():
            if message.topic == "vnotch/gw/summary":
                numbers.add(cbor2.loads(message.payload)[3])
            elif message.topic == "vnotch/gw/event" or "/alert/" in message.topic:
                numbers.add(json.loads(message.payload)["seq"])
        holes = set(range(min(numbers), max(numbers) + 1)) - numbers
        self.assertFalse(sorted(holes)[:10], f"{len(holes)} outputs never came, seed {SEED}")

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
        self.check_events(client)
        self.check_no_hole(client)


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
