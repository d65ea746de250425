"""Memory: nothing is lost or misused (valgrind), and nothing grows with the messages."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import unittest
from unittest import mock

import harness
from harness import BASE_MS, BIN_DIR, NUMBERED_INPUT, SOURCE_DIR, Case, configuration, wait_for

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "support"))
import mqtt_packets  # noqa: E402

VNOTCH = os.path.join(BIN_DIR, "vnotch")
VALGRIND = shutil.which("valgrind")
IN_CI = os.environ.get("CI", "") == "true"
GROWTH_MAX_BYTES = 256 * 1024
SERIES = 16

INPUTS = NUMBERED_INPUT + """\
- {topic: "s/{node}", format: senml+json}
- {topic: "b/{node}", format: senml+cbor}
- {topic: "n/{sensor}", format: number, series: "n-{sensor}"}
"""
PIPELINES = """
- name: all
  resolution: 0.01
  range: [-1000, 1000]
  allowed_lateness: 10s
  windows:
    - {name: second, tumbling: 1s, statistics: [count, sum, mean, stddev], sample: 4}
    - {name: trend, sliding: {size: 10s, slide: 2s}}
  alerts:
    - {name: high, above: 80}
    - {name: silent, absent_for: 1h}
"""
ALL_WINDOWS = """
- name: all
  range: [-1000, 1000]
  deduplicate: 8
  windows:
    - {name: minute, tumbling: 1m, sample: 8, statistics: [p95, slope, distinct]}
    - {name: trend, sliding: {size: 5m, slide: 10s}}
    - {name: visit, session: {gap: 30s}, sample: 4}
    - {name: hundred, count: {size: 100, slide: 20}, sample: 4}
    - {name: trail, report: {swinging_door: 0.5, points: 20}}
  alerts: [{name: high, above: 80}]
"""
# Small: each byte of it is in use long before the first look at the resident set.
CAPACITY = "{series: 32, input_queue: 256, message: 4KiB, outbox: 64KiB}"


def messages(first, count):
    """Readings of all series in turn; some high, some late, some no reading at all."""
    for number in range(first, first + count):
        device = number % SERIES
        step = number // SERIES
        if number % 101 == 0:
            yield f"j/d{device}", b'{"v": 2'
            continue
        late_ms = 5000 if number % 37 == 0 else 0
        record = {"v": 90 if step % 50 < 3 else step % 50, "t": BASE_MS + 100 * step - late_ms,
                  "seq": step}
        yield f"j/d{device}", json.dumps(record).encode()


def mixed(count):
    """A little of everything that is read."""
    pack = [{"bn": "p/", "bt": BASE_MS / 1000, "n": "a", "v": 1.5}, {"n": "b", "v": 2}]
    others = [("s/x", json.dumps(pack).encode()), ("n/y", b"21.37"), ("n/y", b"NaN"),
              ("b/x", bytes.fromhex("81a3" "006163" "02f93e00" "061a6553f100")), ("b/x", b"\x9f"),
              ("s/x", b"[]"), ("j/" + "long" * 30, b'{"v": 1, "t": 1, "seq": 1}')]
    made = list(messages(0, count - len(others)))
    return made[:count // 2] + others + made[count // 2:]


class Memory(Case):
    def start(self, **options):
        broker = self.broker()
        state = f"file: {self.state_file()}, checkpoint_every: 200ms"
        text = configuration(broker.port, INPUTS, PIPELINES, state, capacity=CAPACITY)
        client = self.client(broker, topics=("vnotch/gw/stats", "vnotch/gw/status"))
        return broker, client, self.daemon(text).start(**options)

    def publish(self, broker, all_messages):
        publisher = mqtt_packets.Publisher(broker.port, "memory")
        self.addCleanup(publisher.close)
        publisher.publish_all(list(all_messages))

    def wait_received(self, client, count, seconds=60):
        return self.wait_json(client, "vnotch/gw/stats", lambda stats: (
            stats["messages"]["received"] >= count and stats["outputs"]["waiting"] == 0), seconds)

    def under_valgrind(self):
        """The path of a program that is vnotchd under valgrind, and of its report."""
        report = os.path.join(self.folder, "valgrind.log")
        program = os.path.join(self.folder, "vnotchd-under-valgrind")
        with open(program, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n"
                       f"exec '{VALGRIND}' --quiet --log-file='{report}' --leak-check=full "
                       "--show-leak-kinds=definite,indirect --error-exitcode=99 "
                       "--errors-for-leak-kinds=definite,indirect --num-callers=30 "
                       f"'{harness.VNOTCHD}' \"$@\"\n")
        os.chmod(program, os.stat(program).st_mode | stat.S_IXUSR)
        return program, report

    def test_valgrind_finds_nothing_in_a_short_main_job(self):
        if VALGRIND is None:
            (self.fail if IN_CI else self.skipTest)("valgrind is missing: tools/setup test")
        program, report = self.under_valgrind()
        with mock.patch.object(harness, "VNOTCHD", program):
            broker, client, daemon = self.start(seconds=60)
        self.publish(broker, mixed(200))
        figures = self.wait_received(client, 200)
        self.assertGreater(figures["outputs"]["summaries"], 0)
        self.assertGreater(figures["outputs"]["alerts"], 0)
        self.assertGreater(figures["outputs"]["dead_letters"], 0)
        code = daemon.stop(60)
        with open(report, encoding="utf-8", errors="replace") as file:
            found = file.read()
        self.assertEqual((code, found), (0, ""), found)

    def resident_bytes(self, daemon):
        with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
            return 1024 * int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1])

    def test_the_resident_set_does_not_grow_with_messages(self):
        broker, client, daemon = self.start()
        self.publish(broker, messages(0, 5000))
        self.wait_received(client, 5000)
        early = self.resident_bytes(daemon)
        self.publish(broker, messages(5000, 45000))
        figures = self.wait_received(client, 50000)
        growth = self.resident_bytes(daemon) - early
        self.assertLessEqual(growth, GROWTH_MAX_BYTES, f"grown from {early} bytes")
        self.assertGreater(figures["outputs"]["summaries"], 5000)
        self.assertEqual(figures["messages"]["dropped"], 0)
        self.assertEqual(daemon.stop(), 0, daemon.log())
        print(f"resident: {early} bytes after 5,000 messages, {growth:+} after 50,000")

    def mapped_bytes(self, name, series):
        """What the daemon has mapped for itself, and what its budget says."""
        state = "durability: volatile"
        capacity = f"{{series: {series}, input_queue: 256, message: 4KiB, outbox: 64KiB}}"
        text = configuration(self.broker().port, INPUTS, ALL_WINDOWS, state, capacity=capacity)
        daemon = self.daemon(text, name=name)
        told = json.loads(subprocess.run([VNOTCH, "budget", "--json", daemon.config], check=True,
                                         capture_output=True, text=True).stdout)["total_bytes"]
        daemon.start()
        with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
            mapped = 1024 * int(re.search(r"VmData:\s+(\d+) kB", file.read())[1])
        self.assertEqual(daemon.stop(), 0, daemon.log())
        return mapped, told

    def test_the_daemon_maps_what_the_budget_tells(self):
        mapped_few, told_few = self.mapped_bytes("few", 10)
        mapped_many, told_many = self.mapped_bytes("many", 3000)
        self.assertGreater(told_many - told_few, 32 << 20)
        self.assertLess(abs((mapped_many - mapped_few) - (told_many - told_few)), 512 << 10)


if __name__ == "__main__":
    unittest.main()
