"""A recorded trace, replayed, gives byte for byte what the live run gave over a broker.

Text lines are compared: those of `vnotch-sim replay` without `type` and `index`, and those of the
messages received without `device`, `boot` and `seq`. CBOR carries derived statistics as doubles,
replay's lines have 17 digits of the exact quotient: with CBOR these, and only these, are compared
as numbers that may differ by the last bits of a double. What is open at the end of a live run stays
open (it waits in the state), so a replay with an end of input has these windows on top.

With VN_SHARED set, two public series are replayed as well: $VN_SHARED/data/vega and .../nab.
"""

import csv
import datetime
import json
import math
import os
import random
import re
import subprocess
import unittest

import cbor2
from harness import BASE_MS, BIN_DIR, Case, indented, wait_for

SEED = int(os.environ.get("VN_SEED", "20240917"))
SHARED = os.environ.get("VN_SHARED", "")
READINGS = 2000
STATISTICS = ("[count, sum, sum_sq, min, max, first, last, mean, variance, stddev, stddev_sample, "
              "range]")
TYPE_AND_INDEX = re.compile(r'^\{"type":"summary","index":\d+,')
# Three roundings: numerator, denominator, quotient.
LAST_BITS = 3 * 2.0 ** -53
DERIVED = re.compile(r'"(mean|variance|variance_sample|stddev|stddev_sample)":([-0-9.e]+)')
DEVICE_BOOT_SEQ = re.compile(r'^\{"device":"gw","boot":\d+,"seq":\d+,')

INPUTS = """
- topic: "json/{sensor}"
  format: json
  fields: [{path: v, series: "{sensor}"}]
  time: {path: t, unit: ms}
  sequence: {path: seq}
- topic: "cbor/{sensor}"
  format: cbor
  fields: [{path: v, series: "{sensor}"}]
  time: {path: t, unit: ms}
  sequence: {path: seq}
- {topic: "senml/#", format: senml+json}
"""
PIPELINES = f"""
- name: temperature
  unit: Cel
  resolution: 0.01
  range: [-40, 125]
  out_of_order: 2s
  allowed_lateness: 20s
  windows:
    - {{name: minute, tumbling: 1m, statistics: {STATISTICS}, sample: 8}}
    - {{name: trend, sliding: {{size: 1m, slide: 20s}}, statistics: {STATISTICS}}}
  alerts:
    - {{name: overheat, above: 80, hysteresis: 5, for: 3s, keep_firing_for: 5s}}
    - {{name: warm, of: minute.mean, above: 55}}
"""
DAYS = f"""
- name: temperature
  match: "*"
  resolution: 0.01
  allowed_lateness: 1h
  windows:
    - {{name: day, tumbling: 1d, statistics: {STATISTICS}, sample: 4}}
    - {{name: week, sliding: {{size: 7d, slide: 1d}}, statistics: {STATISTICS}}}
"""


def configuration(port, state, encoding, pipelines):
    return (f"device: gw\nbroker: {{uri: 'mqtt://127.0.0.1:{port}'}}\nstats_every: 1s\n"
            f"summaries: {{encoding: {encoding}, batch: 7, flush_every: 50ms}}\n"
            f"state: {{file: {state}, checkpoint_every: 100ms}}\ncapacity: {{series: 10}}\n"
            "inputs:\n" + indented(INPUTS, 2) + "pipelines:\n" + indented(pipelines, 2))


def disordered(rng, count, offset_ms):
    """(time, value, sequence) of one sensor in order of arrival.

    Every second by the clock one arrives: most nearly in order, some late, a few too late; some
    twice with the same number and another value, which must not count.
    """
    arrivals = []
    level = 40.0
    for sequence in range(count):
        level = min(124.0, max(-39.0, level + rng.uniform(-6, 6)))
        time_ms = BASE_MS + offset_ms + 1000 * sequence
        delay_ms = rng.choice([0] * 12 + [500, 1500, 4000, 15000, 30000, 90000])
        arrivals.append((time_ms + delay_ms, time_ms, round(level, 2), sequence))
        if rng.random() < 0.05:
            arrivals.append((time_ms + delay_ms + 3000, time_ms, round(level + 1, 2), sequence))
    return sorted(arrivals)


def as_message(sensor, time_ms, value, sequence):
    if sensor == "a":
        return "json/a", json.dumps({"v": value, "t": time_ms, "seq": sequence}).encode()
    if sensor == "b":
        return "cbor/b", cbor2.dumps({"v": value, "t": time_ms, "seq": sequence})
    pack = [{"bn": "c", "bt": time_ms / 1000, "u": "Cel", "v": value}]
    return "senml/c", json.dumps(pack).encode()


def recorded():
    """Messages of three sensors as (arrival, topic, payload), READINGS in all."""
    rng = random.Random(SEED)
    messages = []
    for position, sensor in enumerate("abc"):
        for at, *reading in disordered(rng, READINGS // 3, 100 * position):
            messages.append((at, *as_message(sensor, *reading)))
    messages.sort(key=lambda message: message[0])
    del messages[READINGS:]
    assert len(messages) == READINGS
    return messages


def from_csv(path, time_column, value_column, sensor):
    """Rows of a public series as JSON messages that carry the value as it is written."""
    messages = []
    with open(path, encoding="utf-8", newline="") as file:
        for sequence, row in enumerate(csv.DictReader(file)):
            moment = datetime.datetime.fromisoformat(row[time_column])
            time_ms = int(moment.replace(tzinfo=datetime.timezone.utc).timestamp()) * 1000
            payload = f'{{"v": {row[value_column]}, "t": {time_ms}, "seq": {sequence}}}'
            messages.append((time_ms, f"json/{sensor}", payload.encode()))
    return messages


def trace_of(messages):
    return [json.dumps({"at": at, "topic": topic, "payload_hex": payload.hex()})
            for at, topic, payload in messages]


def lines_of_json(payload):
    """The summaries of a JSON message, each as the text that it was sent as."""
    text = payload.decode()
    position = text.index('"summaries":[') + len('"summaries":[')
    decoder = json.JSONDecoder()
    lines = []
    while text[position] != "]":
        _, end = decoder.raw_decode(text, position)
        lines.append(text[position:end])
        position = end + 1 if text[end] == "," else end
    return lines


def split_derived(line):
    """The line without the values of derived statistics, and these as doubles."""
    return DERIVED.sub(r'"\1":', line), [float(found[1]) for found in DERIVED.findall(line)]


class ReplayEqualsLive(Case):
    def run_program(self, name, *arguments, **options):
        done = subprocess.run([os.path.join(BIN_DIR, name), *arguments], capture_output=True,
                              check=False, timeout=60, **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        return done.stdout.decode().splitlines()

    def replay(self, config, trace):
        """Summary lines, alerts and totals of a replay."""
        path = os.path.join(self.folder, "trace.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(trace) + "\n")
        lines = self.run_program("vnotch-sim", "replay", "--config", config, "--trace", path)
        summaries = [TYPE_AND_INDEX.sub("{", line) for line in lines
                     if line.startswith('{"type":"summary",')]
        alerts = [json.loads(line) for line in lines if line.startswith('{"type":"alert",')]
        return summaries, alerts, json.loads(lines[-1])

    def live(self, daemon, client, messages):
        """What the daemon publishes for the messages, and its last figures."""
        daemon.start()
        client.publish_all([(topic, payload) for _, topic, payload in messages])
        self.wait_json(client, "vnotch/gw/stats",
                       lambda s: s["messages"]["received"] >= len(messages), 20)
        self.assertEqual(daemon.stop(), 0, daemon.log())
        wait_for(lambda: client.on("vnotch/gw/status")[-1] == b"offline", 10, "the end of the run")
        return client.on("vnotch/gw/summary"), json.loads(client.on("vnotch/gw/stats")[-1])

    def lines_of(self, payloads, encoding):
        if encoding == "json":
            return [line for payload in payloads for line in lines_of_json(payload)]
        lines = self.run_program("vnotch", "decode", "-", input=b"".join(payloads))
        return [DEVICE_BOOT_SEQ.sub("{", line) for line in lines]

    def compare(self, encoding, messages, pipelines=PIPELINES):
        broker = self.broker()
        client = self.client(broker)
        daemon = self.daemon(configuration(broker.port, self.state_file(), encoding, pipelines))
        replayed, alerts, totals = self.replay(daemon.config, trace_of(messages))
        payloads, figures = self.live(daemon, client, messages)
        self.compare_lines(self.lines_of(payloads, encoding), replayed, encoding)
        for name in ("received", "accepted", "late", "duplicate", "rejected", "missing"):
            self.assertEqual(figures["readings"][name], totals[name], name)
        self.check_tail(daemon.config, messages, replayed)
        return client, alerts, totals

    def compare_lines(self, lines, replayed, encoding):
        for line, expected in zip(lines, replayed):
            numbers, exact = [], []
            if encoding != "json":
                line, numbers = split_derived(line)
                expected, exact = split_derived(expected)
            self.assertEqual(line, expected)
            self.assertTrue(all(math.isclose(*pair, rel_tol=LAST_BITS)
                                for pair in zip(numbers, exact)), (line, numbers, exact))
        self.assertEqual(len(lines), len(replayed))

    def check_tail(self, config, messages, replayed):
        """With an end of input a replay tells the windows on top that are open, and only these."""
        with_end, _, _ = self.replay(config, trace_of(messages) + ['{"op":"flush"}'])
        self.assertEqual(with_end[:len(replayed)], replayed)
        tail = [json.loads(line) for line in with_end[len(replayed):]]
        told = {self.window_of(json.loads(line)) for line in replayed}
        self.assertGreater(len(tail), 0)
        for summary in tail:
            self.assertNotIn(self.window_of(summary), told)
            self.assertEqual((summary["kind"], summary["rev"]), ("on_time", 0))

    @staticmethod
    def window_of(summary):
        return tuple(summary[key] for key in ("pipeline", "window", "series", "start", "end"))

    def check_generated(self, encoding):
        client, alerts, totals = self.compare(encoding, recorded())
        self.assertEqual(totals["received"], READINGS)
        for name in ("late", "duplicate"):
            self.assertGreater(totals[name], 10, f"the series with seed {SEED} has no {name} one")
        edges = [(line["alert"], line["series"], line["episode"], line["state"], line["at"])
                 for line in alerts if line["state"] == "firing" or line["state"] == "normal"]
        self.assertGreater(len(edges), 10)
        self.check_events(client, edges)

    def check_events(self, client, edges):
        """Events are the transitions that A8 publishes: an episode's first firing, and its end."""
        published = []
        open_episodes = set()
        for alert, series, episode, state, at in edges:
            key = (alert, series, episode)
            if state == "firing" and key not in open_episodes:
                open_episodes.add(key)
                published.append((*key, state, at))
            elif state == "normal" and key in open_episodes:
                open_episodes.remove(key)
                published.append((*key, state, at))
        wait_for(lambda: len(client.on("vnotch/gw/event")) >= len(published), 10, "all events")
        events = [json.loads(payload) for payload in client.on("vnotch/gw/event")]
        self.assertEqual([(e["alert"], e["series"], e["episode"], e["state"], e["at"])
                          for e in events], published)

    def test_generated_series_in_cbor(self):
        self.check_generated("cbor")

    def test_generated_series_in_cbor_with_names(self):
        self.check_generated("cbor-named")

    def test_generated_series_in_json(self):
        self.check_generated("json")

    @unittest.skipUnless(SHARED, "VN_SHARED is not set: the public series are not replayed")
    def test_public_series_of_weather(self):
        path = os.path.join(SHARED, "data", "vega", "seattle-weather-hourly-normals.csv")
        self.compare("cbor", from_csv(path, "date", "temperature", "seattle"), DAYS)

    @unittest.skipUnless(SHARED, "VN_SHARED is not set: the public series are not replayed")
    def test_public_series_of_a_failing_machine(self):
        path = os.path.join(SHARED, "data", "nab", "ambient_temperature_system_failure.csv")
        self.compare("json", from_csv(path, "timestamp", "value", "office"), DAYS)


if __name__ == "__main__":
    print(f"seed {SEED}; VN_SEED=N chooses another")
    unittest.main()
