"""From a reading to its alert, over the broker and back."""

import json
import time

import common
import harness
from mqtt_packets import publish_packet

TITLE = "From a reading to its alert"
EXPLANATION = """
From the publisher's send to the arrival of the alert's event at a QoS 1 subscriber; mosquitto
with `set_tcp_nodelay true`. A tenth of the messages fires or resolves an alert, the others are
load. After silence: `latency: normal` pays for the sleep of the client library's receive thread
(100 ms, when nothing came for a second); `latency: low` keeps it awake with a heartbeat.
"""
CONFIG = """
device: gw
broker: {{uri: "mqtt://127.0.0.1:{port}", latency: LATENCY}}
stats_every: 1h
capacity: {{series: 100}}
inputs:
  - {{topic: "in/{{s}}", format: json, fields: [{{path: v, series: "{{s}}"}}],
     time: {{path: t, unit: ms}}}}
pipelines:
  - name: bench
    unit: Cel
    windows: [{{name: minute, tumbling: 1m}}]
    alerts: [{{name: hot, above: 80}}]
"""
SECONDS = 10
PROBE_EVERY = 10
SILENCE_S = 1.05
SILENCES = 40


def probe(number):
    """Fires and resolves in turn; its time tells which one it was."""
    time_ms = common.BASE_MS + number
    record = {"t": time_ms, "v": 90 if number % 2 == 0 else 20}
    return time_ms, publish_packet("in/probe", json.dumps(record).encode(), 1, number % 60000 + 1)


def load(number):
    record = {"t": common.BASE_MS + number, "v": 21.5}
    return publish_packet(f"in/s{number % 50}", json.dumps(record).encode(), 1,
                          number % 60000 + 1)


def collect(events, sent_ns):
    """Milliseconds per probe."""
    harness.wait_for(lambda: len(events.messages) >= len(sent_ns), 20, "every alert")
    arrived = {json.loads(payload)["at"]: now for now, _, payload in events.messages}
    return [(arrived[at] - sent) / 1e6 for at, sent in sent_ns.items()]


def wait_until(moment):
    pause = moment - time.perf_counter()
    if pause > 0:
        time.sleep(pause)


def at_rate(rate):
    with common.bench() as bench:
        events = bench.subscriber("vnotch/gw/event")
        bench.daemon(CONFIG.replace("LATENCY", "normal")).start()
        publisher, sent_ns = bench.publisher(), {}
        begun = time.perf_counter()
        for number in range(rate * SECONDS):
            wait_until(begun + number / rate)
            if number % PROBE_EVERY == 0:
                at, packet = probe(number // PROBE_EVERY)
                sent_ns[at] = time.perf_counter_ns()
                publisher.send(packet)
            else:
                publisher.send(load(number))
        return collect(events, sent_ns)


def after_silence(latency):
    with common.bench() as bench:
        events = bench.subscriber("vnotch/gw/event")
        bench.daemon(CONFIG.replace("LATENCY", latency)).start()
        publisher, sent_ns = bench.publisher(), {}
        for number in range(SILENCES):
            time.sleep(SILENCE_S)
            at, packet = probe(number)
            sent_ns[at] = time.perf_counter_ns()
            publisher.send(packet)
        return collect(events, sent_ns)


def row(what, times, bound):
    return (what, f"p50 {common.percentile(times, 0.5):.2f} ms, "
            f"p99 {common.percentile(times, 0.99):.2f} ms, n {len(times)}", bound)


def measure(_runs):
    return [
        row("100 messages/s", at_rate(100), ""),
        row("1,000 messages/s", at_rate(1000), "p50 < 0.5 ms, p99 < 10 ms"),
        row("one after 1.05 s of silence, `latency: normal`", after_silence("normal"), ""),
        row("one after 1.05 s of silence, `latency: low`", after_silence("low"), ""),
    ]
