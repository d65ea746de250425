#!/usr/bin/env python3
"""Real processes, everything fails at random, and at the end the books must balance.

usage: torture.py [--minutes 3] [--seed N] [--durability journal|checkpoint] [--rate 5000]

A process publishes numbered readings in packs to a broker with a store (torture_load.py); vnotchd
reads them there and sends its results to a second broker, whose messages are recorded. At random
instants, seeded: kill -9 of vnotchd, power cuts that tear its state file (torn_disk.py), kill -9 of
the first broker, the network down, silent or cut at any byte (flaky_link.py), a disk that is full,
reads no writes, or fails to sync. Short and interrupted writes happen all the time.

Where the machine allows network namespaces vnotchd has one of its own, and its cable goes down;
otherwise both connections go silent instead.
"""

import argparse
import errno
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time

from harness import (Broker, Client, Daemon, SOURCE_DIR, STUCK_S, Stalls, wait_for,
                     wait_while_it_moves)

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "support"))
from flaky_link import Cable, Link, enter_namespace
from torn_disk import FOR_EVER, TornDisk
from torture_books import Books, shortage
from torture_load import SPIKE, WINDOW_MS, Load

SERIES = 50
CHECKPOINT_S = 0.5
SLACK_S = 0.5  # reading, working and writing take time as well
EXIT_IO = 74
STATE = "state.flash"
# The file tears in blocks of 512 bytes, whatever the unit is.
GEOMETRIES = [("64KiB", "512B"), ("16KiB", "512B"), ("64KiB", "4KiB")]

CONFIGURATION = """
device: gw
broker: {{uri: "mqtt://{host}:{in_port}", keep_alive: 2s}}
upstream: {{uri: "mqtt://{host}:{out_port}", keep_alive: 2s}}
summaries: {{flush_every: 50ms}}
stats_every: 1s
state:
  file: {state}
  durability: {durability}
  checkpoint_every: {interval_ms}ms
  size: 16MiB
  flash: {{erase_block: {block}, program_unit: {unit}}}
capacity: {{series: {series}, outbox: 4MiB, message: 4KiB, input_queue: 2000}}
inputs:
  - topic: "t/{{device}}"
    format: json
    fields: [{{path: v, series: "{{device}}"}}]
    time: {{path: t, unit: ms}}
    sequence: {{path: seq}}
pipelines:
  - name: load
    resolution: 1
    allowed_lateness: 5s
    windows:
      - {{name: w, tumbling: {window_ms}ms, statistics: [count, sum]}}
    alerts:
      - {{name: high, above: {limit}}}
"""


class Recorder(Client):
    """Keeps everything, and the newest figures of vnotchd at hand."""

    def __init__(self, port):
        self.stats = {}
        super().__init__(port)

    def _on_message(self, client, context, message):
        super()._on_message(client, context, message)
        if message.topic.endswith("/stats"):
            self.stats = json.loads(message.payload)


class Torture:
    """One run; `figures` counts what was done."""

    def __init__(self, folder, seed, durability, rate):
        self.folder = folder
        self.seed = seed
        self.durability = durability
        self.rng = random.Random(seed)
        self.figures = dict.fromkeys(
            ["kill", "power", "broker", "link", "silent", "break", "full", "write", "sync",
             "exit74", "judged", "blocks_unsynced", "blocks_lost", "stops"], 0)
        self.losable = []  # spans of time: up to an interval before vnotchd ended unasked
        self.disk_failed_at = None
        self.daemon_is_down = False
        self.longest_s = 4  # a network that is down
        self.kinds = ["kill", "power", "power", "broker", "link", "silent", "break", "break"]
        self.kinds_in_between = ["kill", "power", "broker"]
        if durability == "journal":  # otherwise it works on from memory, and promises nothing more
            self.kinds += ["full", "write", "sync"]
            self.kinds_in_between += ["sync"]
        self.closing = []
        self.cable = Cable() if os.environ.get("VN_NAMESPACE") else None
        self.closing.append(self.cable.close if self.cable else lambda: None)
        self.start_processes(rate)

    def start_processes(self, rate):
        host = self.cable.host if self.cable else "127.0.0.1"
        self.broker = self.ended(Broker(os.path.join(self.folder, "in")).start(), "stop")
        self.upstream = self.ended(Broker(os.path.join(self.folder, "out")).start(), "stop")
        self.links = {"in": Link(self.broker.port, host, observe=True),
                      "out": Link(self.upstream.port, host), "load": Link(self.broker.port)}
        self.load = self.ended(Load(self.links["load"].port, self.seed,
                                    [f"s{i:02}" for i in range(SERIES)], rate), "close")
        for link in self.links.values():
            self.ended(link, "close").start()
        state = os.path.join(self.folder, STATE)
        self.disk = TornDisk(state, os.path.join(self.folder, "page"), self.seed)
        self.disk.set("sync_us", 2000)
        self.daemon = self.ended(Daemon(self.folder, self.configuration(host, state)), "close")
        self.daemon.prefix = self.cable.prefix if self.cable else []
        self.stalls = self.ended(Stalls(), "close")
        self.recorder = self.ended(Recorder(self.upstream.port), "close")

    def configuration(self, host, state):
        self.geometry = GEOMETRIES[self.seed % len(GEOMETRIES)]
        block, unit = self.geometry
        return CONFIGURATION.format(
            host=host, in_port=self.links["in"].port, out_port=self.links["out"].port, state=state,
            durability=self.durability, interval_ms=int(1000 * CHECKPOINT_S), block=block,
            unit=unit, series=SERIES, window_ms=WINDOW_MS, limit=SPIKE - 1)

    def ended(self, thing, method):
        self.closing.append(getattr(thing, method))
        return thing

    def close(self):
        for close in reversed(self.closing):
            close()

    # vnotchd

    def start(self):
        self.disk.heal()
        self.disk_failed_at = None
        self.daemon.start(wait=False, environment=self.disk.environment())

    def supervise(self):
        """Starts it again when it has ended, which it may for a disk that fails only."""
        code = self.daemon.process.poll()
        if code is None:
            return
        assert code == EXIT_IO and self.disk_failed_at, (
            f"vnotchd has ended with {code}, seed {self.seed}:\n{self.daemon.log()[-3000:]}")
        self.figures["exit74"] += 1
        self.died()
        if self.rng.random() < 0.5:
            self.cut_power()
        self.start()

    def pause(self, low, high):
        until = time.monotonic() + self.rng.uniform(low, high)
        while time.monotonic() < until:
            if self.daemon.process is not None and not self.daemon_is_down:
                self.supervise()
            time.sleep(0.01)

    def cut_power(self):
        blocks, lost = self.disk.cut_power(self.rng, self.daemon.process)
        self.figures["blocks_unsynced"] += blocks
        self.figures["blocks_lost"] += lost

    def died(self):
        """Without a disk it works on from memory in checkpoint mode, and says so. How long an
        interval takes is judged where the machine let it work."""
        now = time.time()
        last_write = min(now, self.disk_failed_at or now)
        quiet = self.stalls.was_quiet(last_write - CHECKPOINT_S - SLACK_S, last_write)
        self.figures["judged"] += quiet
        self.losable.append((last_write - CHECKPOINT_S - SLACK_S if quiet else 0, now))

    def break_disk(self, kind, number, count):
        self.disk_failed_at = self.disk_failed_at or time.time()
        self.disk.fail(kind, number, count)

    def kill(self, power):
        self.supervise()
        self.daemon.kill()
        self.died()
        if power:
            self.cut_power()
        self.daemon_is_down = True
        self.pause(0, 0.6)
        self.daemon_is_down = False
        self.start()

    # What fails

    def fail_kill(self):
        self.kill(power=False)

    def fail_power(self):
        self.kill(power=True)

    def fail_broker(self):
        self.broker.process.kill()
        self.broker.process.wait()
        self.load.broker_was_killed()
        self.pause(0.1, 1.5)
        self.broker.start()

    def fail_link(self):
        if self.cable is None:
            self.links["in"].silent = self.links["out"].silent = True
        else:
            self.cable.down()
        self.nested()
        self.pause(0.2, self.longest_s)
        if self.cable is None:
            self.links["in"].silent = self.links["out"].silent = False
        else:
            self.cable.up()

    def fail_silent(self):
        link = self.links[self.rng.choice(["in", "out", "load"])]
        link.silent = True
        self.nested()
        self.pause(0.2, self.longest_s)
        if self.rng.random() < 0.5:
            link.cut()
        link.silent = False

    def fail_break(self):
        self.links[self.rng.choice(["in", "in", "out", "load"])].cut(self.rng.randrange(5000))

    def fail_full(self):
        self.break_disk("write", errno.ENOSPC, FOR_EVER)
        self.pause(0.1, 0.8)
        self.disk.heal()

    def fail_write(self):
        self.break_disk("write", errno.EIO, 1)

    def fail_sync(self):
        self.break_disk("sync", errno.EIO, 1)

    def nested(self):
        """While something is broken something else may break."""
        if self.rng.random() < 0.4:
            self.pause(0, 1)
            self.fail(self.rng.choice(self.kinds_in_between))

    def fail(self, kind):
        self.figures[kind] += 1
        getattr(self, "fail_" + kind)()

    # The run

    def save_broker(self):
        """Lets the broker save its store: what it acknowledged before needn't be sent again."""
        pack = self.load.acknowledged()
        store = os.path.join(self.broker.folder, "mosquitto.db")
        before = os.stat(store).st_mtime_ns if os.path.exists(store) else 0
        self.broker.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: os.path.exists(store) and os.stat(store).st_mtime_ns != before, 10,
                 "the broker saves its store")
        if pack is not None:
            self.load.is_safe(pack)

    def run(self, seconds):
        self.longest_s = 4 if seconds > 30 else 1.5
        self.disk.set("short_permille", 20)
        self.disk.set("interrupt_permille", 20)
        self.daemon.start(environment=self.disk.environment())
        self.load.begin()
        # The first number of each series has to be known before anything may be lost.
        wait_for(lambda: self.recorder.stats.get("series", 0) == SERIES, 30, "all series are known")
        self.clean_stop()
        self.start()
        until = time.monotonic() + seconds
        first = list(self.kinds)
        self.rng.shuffle(first)  # a short run has each of them as well
        while time.monotonic() < until or first:
            self.pause(0.05, 1.0)
            self.fail(first.pop() if first else self.rng.choice(self.kinds))
            self.save_broker()
        self.finish()

    def clean_stop(self):
        code = self.daemon.stop(40)
        assert code == 0, f"stop: {code}, seed {self.seed}:\n{self.daemon.log()[-3000:]}"
        self.figures["stops"] += 1

    def finish(self):
        """Everything is mended; all that was published arrives, and its results upstream."""
        self.kill(power=True)
        self.daemon.wait_notified("READY=1", STUCK_S)
        self.clean_stop()
        self.start()
        self.load.finish()
        self.published = wait_while_it_moves(
            self.load.result, self.load.acknowledged, lambda: "all is published")
        total = self.published["readings"] + SERIES
        def drained():
            stats = self.recorder.stats
            readings = stats.get("readings", {})
            counted = readings.get("accepted", 0) + readings.get("missing", 0)
            return (counted >= total and stats["outputs"]["waiting"] == 0 and
                    stats["messages"]["queued"] == 0 and stats["recovery"]["clean"])
        wait_while_it_moves(drained, lambda: self.recorder.stats["readings"]["received"],
                        lambda: f"{total} readings counted: {self.recorder.stats}")
        self.clean_stop()
        assert self.recorder.connects == 1, "the recording has a hole"

    # The books

    def audit(self):
        """Returns what is wrong, and prints the figures."""
        books = Books()
        for message in self.recorder.all_messages():
            books.take(message.topic, message.payload)
        problems = books.problems
        stats = self.recorder.stats
        short = shortage(self.published["expected"], books.windows())
        lost = sum(max(0, count) for count, _ in short.values())
        twice = sum(max(0, -count) for count, _ in short.values())
        holes = books.holes()
        books.check(not holes, f"{len(holes)} outputs never came, notices account for "
                               f"{books.accounted}: {holes[:10]}")
        books.check(min(books.by_number) <= 1, f"the first output is {min(books.by_number)}")
        self.check_accounting(books, stats, lost)
        if self.durability == "journal":
            books.check(not short, f"windows that differ: {list(short.items())[:10]}")
        else:
            self.check_losses(books, short)
        print(f"{self.durability}: seed={self.seed} readings={self.published['readings']} "
              f"packs={self.published['packs']} windows={len(self.published['expected'])} "
              f"lost={lost} twice={twice} missing={stats['readings']['missing']} "
              f"duplicate={stats['readings']['duplicate']}")
        print(f"  flash: {' by '.join(self.geometry)}; "
              f"network: {'a namespace' if self.cable else 'a proxy'}; faults: {self.figures}")
        print(f"  upstream: {dict(books.messages)}, of these again: {dict(books.repeated)}; "
              f"boot={stats['boot']}")
        return problems

    def check_accounting(self, books, stats, lost):
        readings = stats["readings"]
        kinds = ["accepted", "late", "no_window", "duplicate", "limited", "quarantined", "rejected"]
        books.check(readings["received"] == sum(readings[kind] for kind in kinds),
                    f"the device's accounting doesn't add up: {readings}")
        total = self.published["readings"] + SERIES
        books.check(readings["accepted"] == total - lost,
                    f"{total} published, {lost} lost: {readings}")
        books.check(readings["missing"] == lost, f"{lost} lost, the device says {readings}")
        for kind in ("late", "no_window", "limited", "quarantined", "rejected"):
            books.check(readings[kind] == 0, f"{kind}: {readings[kind]}")
        books.check(stats["messages"]["dropped"] == 0, f"dropped: {stats['messages']}")
        books.check(stats["outputs"]["dropped"] == 0, f"dropped: {stats['outputs']}")
        books.check(stats["mqtt"]["sessions_lost"] == 0, f"sessions: {stats['mqtt']}")

    def readings_within(self, spans):
        """Readings acknowledged by vnotchd in one of the spans, by series and window."""
        found = {}
        for passed, at, topic, first in self.links["in"].acknowledged:
            if any(low <= at and passed <= high for low, high in spans):
                for start, count in self.published["contents"].get((topic, first), {}).items():
                    key = (topic[2:], start)
                    found.setdefault(key, {})[first] = count
        return {key: sum(packs.values()) for key, packs in found.items()}

    def check_losses(self, books, short):
        """What is lost was acknowledged in a span that the device tells, shortly before its end."""
        told = self.readings_within(self.daemon.lost_spans())
        late = self.readings_within(self.losable)
        for key, (count, total) in short.items():
            books.check(count > 0, f"counted twice, or changed: {key}: {count}, {total}")
            books.check(count <= told.get(key, 0),
                        f"{key}: {count} lost, {told.get(key, 0)} in a span that was told")
            books.check(count <= late.get(key, 0),
                        f"{key}: {count} lost, {late.get(key, 0)} within an interval of the end")


def torture(seconds, seed, durability, rate):
    """Runs it; returns the problems found."""
    folder = tempfile.mkdtemp(prefix="vnotch-test-")
    os.chmod(folder, 0o755)
    run = None
    try:
        run = Torture(folder, seed, durability, rate)
        run.run(seconds)
        return run.audit()
    finally:
        if run is not None:
            run.close()
        if "VN_KEEP" in os.environ:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--durability", choices=["journal", "checkpoint"], default="journal")
    parser.add_argument("--rate", type=int, default=5000, help="readings a second")
    options = parser.parse_args()
    enter_namespace(os.environ)
    print(f"seed={options.seed}", flush=True)
    problems = torture(60 * options.minutes, options.seed, options.durability, options.rate)
    for problem in problems[:20]:
        print("WRONG:", problem)
    print("the books balance" if not problems else f"{len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
