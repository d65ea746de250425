"""kill -9 at each system call that changes the state file or goes over the network.

One small day of a device is lived again and again: messages wait in the broker, vnotchd starts,
takes them, tells its results and is stopped; at call N it is killed: before the call, half way
through what it writes, or behind it; every other time the power goes as well. Then it starts again,
and the day has to end as it did without a kill.

The default run takes some calls of each mode; VN_EVERY=1 takes them all.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
import unittest

from harness import BASE_MS, Case, Client, NUMBERED_INPUT, SOURCE_DIR, configuration, wait_for

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "support"))
from torn_disk import AFTER, BEFORE, HALF, TornDisk
from torture_books import Books

SEED = int(os.environ.get("VN_SEED", "20240917"))
EVERY = int(os.environ.get("VN_EVERY", "0"))  # each so-many-th call; 0: a few
FEW = 8
CALLS_MAX = 5000
SERIES = ["a", "b"]
WINDOW_MS = 1000
STEP_MS = 250
PIPELINES = f"""
- name: bits
  resolution: 1
  windows:
    - {{name: w, tumbling: {WINDOW_MS}ms, statistics: [count, sum]}}
  alerts:
    - {{name: high, above: 7}}
"""


def reading(sequence):
    """The values of a window are 1, 2, 4, 8: its sum tells which are in it.

    Behind the day each one is an hour later, and closes what is open.
    """
    hours = max(0, sequence - READINGS + 1)
    value = 1 << sequence % 4 if hours == 0 else 0
    return {"v": value, "t": BASE_MS + STEP_MS * sequence + 3600_000 * hours,
            "seq": sequence}


def pack(name, *sequences):
    return f"j/{name}", json.dumps([reading(n) for n in sequences])


READINGS = 10  # of each series until the end of the day, the first one included
DAY = [pack(name, *numbers)
       for numbers in ((1, 2, 3), (4,), (5, 6), (7,), (8, 9), (READINGS, READINGS + 1))
       for name in SERIES]
NIGHT = [pack(name, READINGS + 2, READINGS + 3) for name in SERIES]


class Recorder(Client):
    """Collects one day at a time, and the latest figures."""

    def __init__(self, port, by_boot):
        self.by_boot = by_boot
        self.begin()
        super().__init__(port)

    def begin(self):
        self.books = Books(self.by_boot)
        self.stats = None
        self.status = None

    def _on_message(self, client, context, message):
        with self.lock:
            if message.topic.endswith("/stats"):
                self.stats = json.loads(message.payload)
            elif message.topic.endswith("/status"):
                self.status = message.payload
            else:
                self.books.take(message.topic, message.payload)

    def told(self, sequence):
        """Whether the window of this reading is told of each series."""
        start = reading(sequence)["t"] // WINDOW_MS * WINDOW_MS
        with self.lock:
            return {key[3] for key in self.books.table if key[4] == start} == set(SERIES)

    def day(self):
        """(series, number of the window): (count, sum)."""
        with self.lock:
            return {(series, (start - BASE_MS) // WINDOW_MS): content
                    for (series, start), content in self.books.windows().items()
                    if start < BASE_MS + 3600_000}


class EveryCall:
    durability = ""
    reference = None
    lost = 0

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.feed = self.broker(extra="max_inflight_messages 0")
        self.disk = TornDisk(self.state_file(), os.path.join(self.folder, "page"), SEED)
        self.addCleanup(self.disk.close)
        self.disk.set("sync_us", 5000)  # time enough for what must not leave before it
        state = f"file: {self.state_file()}, durability: {self.durability}, checkpoint_every: 100ms"
        text = configuration(self.feed.port, NUMBERED_INPUT, PIPELINES,
                             state + ", size: 512KiB" if self.durability != "volatile" else
                             "durability: volatile", capacity="{series: 4, outbox: 16KiB, "
                                                              "input_queue: 32, message: 1KiB}")
        self.program = self.daemon(text.replace("flush_every: 50ms", "flush_every: 10ms"))
        self.recorder = Recorder(self.feed.port, self.durability == "volatile")
        self.addCleanup(self.recorder.close)
        self.morning = os.path.join(self.folder, "morning.flash")

    def start(self, **options):
        self.program.start(environment=self.disk.environment(), **options)

    def publish(self, messages):
        self.recorder.publish_all(messages)

    def prepare(self):
        """A state with the first reading of each series, and a session in the broker."""
        self.start()
        self.publish([pack(name, 0) for name in SERIES])
        wait_for(lambda: self.recorder.stats and
                 self.recorder.stats["readings"]["accepted"] == len(SERIES), 10, "the morning")
        self.assertEqual(self.program.stop(), 0, self.program.log())
        if self.durability != "volatile":
            shutil.copy(self.state_file(), self.morning)

    def until_told(self, sequence):
        """The exit code if it ended before, or None."""
        wait_for(lambda: self.recorder.told(sequence) or self.program.process.poll() is not None,
                 20, lambda: f"window of {sequence}, seed {SEED}: {self.program.log()[-2000:]}")
        return self.program.process.poll()

    def stop(self):
        self.recorder.status = None
        self.program.process.send_signal(signal.SIGTERM)
        code = self.program.wait()
        if code == 0:
            wait_for(lambda: self.recorder.status == b"offline", 10, "the last word")
        return code

    def day(self, call):
        """Lives the day with a kill at this call; returns whether it came to it."""
        if self.durability != "volatile":
            shutil.copy(self.morning, self.state_file())
        self.recorder.begin()
        self.disk.kill_at(call, self.random.choice([BEFORE, HALF, AFTER]))
        self.publish(DAY)
        self.start(wait=False)
        code = self.until_told(READINGS)
        code = self.stop() if code is None else code
        if code == 0:
            return False
        self.assertEqual(code, -signal.SIGKILL, f"call {call}: {self.program.log()[-2000:]}")
        if self.random.random() < 0.5:
            self.disk.cut_power(self.random, self.program.process)
        self.publish(NIGHT)
        if self.durability == "volatile":
            time.sleep(1)  # its boot is the time in seconds
        self.start(wait=False)
        self.assertIsNone(self.until_told(READINGS + 2), f"call {call}")
        self.assertEqual(self.stop(), 0, f"call {call}: {self.program.log()[-2000:]}")
        return True

    def calls(self):
        """Which ones to take: all, each so-many-th from a random one on, or a few."""
        self.assertFalse(self.day(0), "a day without a kill")
        self.check(READINGS + 2)
        self.reference = (self.recorder.day(), set(self.recorder.books.events),
                          min(self.recorder.books.by_number))
        counts = []
        for _ in range(2):  # the shorter one counts: a slow machine has more calls in a day
            first = self.disk.get("calls")
            self.day(0)
            counts.append(self.disk.get("calls") - first)
        count = min(counts)
        step = EVERY or max(1, count // FEW)
        print(f"{self.durability}: {count} calls, each {step}th, seed={SEED}")
        return range(1 + self.random.randrange(step), CALLS_MAX, step)

    def test_a_kill_at_any_call_changes_nothing(self):
        self.prepare()
        killed = 0
        for call in self.calls():
            if not self.day(call):
                break
            with self.subTest(call=call, seed=SEED):
                self.check(READINGS + 4)
            killed += 1
        print(f"{self.durability}: {killed} kills, lost {self.lost}")
        self.assertGreaterEqual(killed, FEW // 2)

    def check(self, readings):
        """The books of a day with so many readings of each series."""
        books, figures = self.recorder.books, self.recorder.stats["readings"]
        self.assertEqual(books.problems, [])
        self.assertEqual(books.holes(), [])
        for key, (count, total) in self.recorder.day().items():
            self.assertEqual(count, bin(total).count("1"), f"twice in {key}")
        self.assertEqual(figures["accepted"] + figures["missing"], len(SERIES) * readings)


class Journal(EveryCall, Case):
    durability = "journal"

    def check(self, readings):
        super().check(readings)
        if self.reference is not None:
            books = self.recorder.books
            self.assertEqual((self.recorder.day(), set(books.events), min(books.by_number)),
                             self.reference)
        self.assertEqual(self.recorder.stats["readings"]["missing"], 0)


    def test_a_kill_while_the_state_file_is_made_leaves_none_or_a_whole_one(self):
        step = EVERY or 25
        call = 1 + self.random.randrange(step)
        ended = None
        while ended != 0:
            self.disk.kill_at(call, self.random.choice([BEFORE, HALF, AFTER]))
            self.start(wait=False)
            wait_for(lambda: self.program.process.poll() is not None or self.is_ready(), 20,
                     "READY")
            ended = self.program.process.poll()
            self.disk.kill_at(0, BEFORE)
            if ended is None:
                ended = self.stop()
            else:
                self.assertEqual(ended, -signal.SIGKILL, f"call {call}, seed {SEED}")
                self.disk.cut_power(self.random, self.program.process)
                self.start()
                self.assertEqual(self.stop(), 0, f"call {call}: {self.program.log()[-2000:]}")
            os.unlink(self.state_file())
            call += step
        print(f"made anew until call {call - step}, seed={SEED}")
        self.assertGreater(call, 64)

    def is_ready(self):
        self.program.notify.settimeout(0.01)
        try:
            return "READY=1" in self.program.notify.recv(4096).decode()
        except TimeoutError:
            return False


class Checkpoint(EveryCall, Case):
    durability = "checkpoint"

    def check(self, readings):
        super().check(readings)
        if self.reference is not None:
            day, _, first = self.reference
            self.assertEqual(min(self.recorder.books.by_number), first)
            held = self.recorder.day()
            lost = sum(count - held.get(key, (0, 0))[0] for key, (count, _) in day.items())
            missing = self.recorder.stats["readings"]["missing"]
            # The night's own readings may be among the missing ones as well.
            self.assertLessEqual(lost, missing)
            self.assertLessEqual(missing, lost + 2 * len(SERIES))
            self.lost += lost


class Volatile(EveryCall, Case):
    """Each start begins with nothing, and counts from there."""

    durability = "volatile"

    def check(self, readings):
        for key, (count, total) in self.recorder.day().items():
            self.assertEqual(count, bin(total).count("1"), f"twice in {key}")


if __name__ == "__main__":
    unittest.main()
