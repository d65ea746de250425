"""From a reading to its alert, over the broker and back."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common  # noqa: E402
import harness  # noqa: E402
from mqtt_packets import Publisher, publish_packet  # noqa: E402

TITLE = "From a reading to its alert"
EXPLANATION = """
From the publisher's send to the arrival of the alert's event at a subscriber with QoS 1; readings
are QoS 1, too. 100 messages a second fire or resolve an alert, or the share that is named; the
others, from a second process, are load: each millisecond those that are due. *Stock*: mosquitto
as it is installed; otherwise with `set_tcp_nodelay true`. With a state file an alert leaves when
it is on the disk, so that the disk's sync is on its way: *sync* is `fdatasync` behind 1 KiB
written to the same folder, measured beside it. In journal mode each message is on the disk before
it is looked at: two syncs. After silence: `latency: normal` pays for the
sleep of the client library's receive thread (100 ms, when nothing came for a second); `latency:
low` keeps it awake with a heartbeat. Gaps are 1.01 to 1.10 s in turn.
"""
CONFIG = """
device: gw
broker: {{uri: "mqtt://127.0.0.1:{port}", latency: LATENCY}}
stats_every: 1h
STATE
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
PROBES_PER_S = 100
TICK_S = 0.001
SILENCES_S = [1.01 + 0.01 * step for step in range(10)]
SILENCE_ROUNDS = 4
SYNCS = 200
BOUND = "p50 < 1 ms, p99 < 10 ms"


def configuration(latency="normal", folder=None, durability="checkpoint"):
    state = (f'state: {{{{file: "{folder}/state.flash", durability: {durability}}}}}' if folder
             else "")
    return CONFIG.replace("LATENCY", latency).replace("STATE", state)


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


def run_load(port, rate, seconds):
    """The second process: says when it begins, and how many messages a second it got through."""
    publisher = Publisher(port, "measure-load")
    print("ready", flush=True)
    begun, sent, total = time.perf_counter(), 0, rate * seconds
    while sent < total:
        due = min(int((time.perf_counter() - begun) * rate) + 1, total)
        publisher.send(b"".join(load(number) for number in range(sent, due)))
        sent = due
        time.sleep(TICK_S)
    publisher.wait_acknowledged(total, 60)
    print(total / (time.perf_counter() - begun), flush=True)
    publisher.close()


@contextlib.contextmanager
def loaded(port, rate):
    """Load meanwhile; fails when the machine doesn't keep up with it."""
    command = [sys.executable, os.path.abspath(__file__), str(port), str(rate), str(SECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield
        reached = float(process.stdout.readline())
    if reached < 0.95 * rate:
        raise RuntimeError(f"only {reached:.0f} of {rate} messages a second got through")


def at_rate(rate, probes_per_s=PROBES_PER_S, folder=None, durability="checkpoint",
            **broker_options):
    with common.bench(**broker_options) as bench:
        events = bench.subscriber("vnotch/gw/event")
        bench.daemon(configuration(folder=folder, durability=durability)).start()
        publisher, sent_ns = bench.publisher(), {}
        with loaded(bench.port, rate - probes_per_s):
            begun = time.perf_counter()
            for number in range(probes_per_s * SECONDS):
                wait_until(begun + number / probes_per_s)
                at, packet = probe(number)
                sent_ns[at] = time.perf_counter_ns()
                publisher.send(packet)
        return collect(events, sent_ns)


def after_silence(latency, **broker_options):
    with common.bench(**broker_options) as bench:
        events = bench.subscriber("vnotch/gw/event")
        bench.daemon(configuration(latency)).start()
        publisher, sent_ns = bench.publisher(), {}
        for number, silence_s in enumerate(SILENCES_S * SILENCE_ROUNDS):
            time.sleep(silence_s)
            at, packet = probe(number)
            sent_ns[at] = time.perf_counter_ns()
            publisher.send(packet)
        return collect(events, sent_ns)


def syncs(folder):
    """Milliseconds of fdatasync, each behind a piece overwritten."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        os.pwrite(file.fileno(), bytes(SYNCS * 1024), 0)
        os.fsync(file.fileno())
        for number in range(SYNCS):
            os.pwrite(file.fileno(), b"\xb4" * 1024, number * 1024)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begun) * 1e3)
    return times


def figures(times):
    return (f"p50 {common.percentile(times, 0.5):.2f} ms, p99 {common.percentile(times, 0.99):.2f} "
            f"ms, longest {max(times):.1f} ms")


def row(what, times, bound=""):
    return (what, f"{figures(times)}, n {len(times)}", bound)


def with_state(what, parent):
    with tempfile.TemporaryDirectory(prefix="vnotch-measure-", dir=parent) as folder:
        rows = [row(f"1,000 messages/s, state file {what}", at_rate(1000, folder=folder)),
                row(f"- sync {what}", syncs(folder))]
    with tempfile.TemporaryDirectory(prefix="vnotch-measure-", dir=parent) as folder:
        return rows + [row(f"1,000 messages/s, `journal`, state file {what}",
                           at_rate(1000, folder=folder, durability="journal"))]


def measure(_runs):
    rows = []
    for rate in (1000, 10000):
        rows += [row(f"{rate:,} messages/s", at_rate(rate), BOUND),
                 row(f"{rate:,} messages/s, stock", at_rate(rate, no_delay=False), BOUND)]
    rows.append(row("10,000 messages/s, 1,000 of them fire or resolve", at_rate(10000, 1000)))
    if os.path.isdir("/dev/shm"):
        rows += with_state("in memory (`/dev/shm`)", "/dev/shm")
    rows += with_state("on the disk", os.path.join(common.SOURCE_DIR, "build"))
    for latency, bound in (("normal", ""), ("low", BOUND)):
        rows += [row(f"after a quiet second, `latency: {latency}`", after_silence(latency), bound),
                 row(f"after a quiet second, `latency: {latency}`, stock",
                     after_silence(latency, no_delay=False), bound)]
    return rows


if __name__ == "__main__":
    run_load(*(int(argument) for argument in sys.argv[1:]))
