"""Starts a broker and vnotchd, talks to both, collects what is published, leaves nothing behind."""

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import cbor2
import paho.mqtt.client as mqtt

SOURCE_DIR = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN_DIR = os.environ.get("VN_BIN_DIR", os.path.join(SOURCE_DIR, "build", "release", "bin"))
VNOTCHD = os.path.join(BIN_DIR, "vnotchd")
MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")

# A whole minute, in the past of any clock that is set.
BASE_MS = 1700000040000
PORTS_TAKEN = {}  # port: what tells the tests beside this one
# Numbered readings with their time: {"t": 1700000040000, "v": 1.5, "seq": 7} on j/NAME.
NUMBERED_INPUT = """
- topic: "j/{device}"
  format: json
  fields: [{path: v, series: "{device}"}]
  time: {path: t, unit: ms}
  sequence: {path: seq}
"""
QUIET_S = 0.1
STUCK_S = 120  # a machine may be slow, but not so slow that nothing moves
KINDS = ["on_time", "late", "idle", "early", "forced", "partial", "count"]
RECORD_KEYS = {0: "pipeline", 1: "window", 2: "series", 3: "start", 4: "end", 5: "rev", 6: "kind",
               7: "count", 8: "sum", 9: "sum_sq", 10: "min", 11: "max", 12: "first", 13: "last",
               14: "sample"}


def free_port():
    """A port below those of outgoing connections, and never the same twice: by a name in the kernel
    this process keeps it from the tests beside it, also while nobody listens there."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0vnotch-port-{port}")
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        PORTS_TAKEN[port] = claim
        return port


def wait_for(condition, seconds, what):
    """Waits until condition() is true and returns its value; fails with `what` otherwise. `seconds`
    are for a machine of one's own: the limit is STUCK_S at least."""
    seconds = max(seconds, STUCK_S)
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            described = what() if callable(what) else what
            raise AssertionError(f"not within {seconds} s: {described}")
        time.sleep(0.005)


def wait_while_it_moves(condition, measure, what):
    """Waits until condition() is true, however long, while measure() goes on to change."""
    seen, since = measure(), time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        if measure() != seen:
            seen, since = measure(), time.monotonic()
        assert time.monotonic() - since < STUCK_S, f"nothing moves, but not yet: {what()}"
        time.sleep(0.01)


def end(process, seconds=STUCK_S):
    """Ends a process that this test started."""
    if process is not None and process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Stalls:
    """How much later than asked for this machine lets programs go on, by sleeps of its own, and
    how long its disk holds them up, by a file of its own."""

    STEP_S = 0.01
    SYNC_EVERY_S = 0.1
    LONG_SYNC_S = 0.05

    def __init__(self):
        self.seen = []  # (wall time, seconds late)
        self.sync_began = None
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=watch, daemon=True)
                        for watch in (self.watch_programs, self.watch_disk)]
        for thread in self.threads:
            thread.start()

    def watch_programs(self):
        while not self.ended.is_set():
            before = time.monotonic()
            time.sleep(self.STEP_S)
            late = time.monotonic() - before - self.STEP_S
            if late > 2 * self.STEP_S:
                self.seen.append((time.time(), late))

    def watch_disk(self):
        with tempfile.TemporaryFile() as file:
            while not self.ended.wait(self.SYNC_EVERY_S):
                os.pwrite(file.fileno(), b"x", 0)
                self.sync_began = time.time()
                os.fdatasync(file.fileno())
                self.seen += self.sync_so_far()
                self.sync_began = None

    def sync_so_far(self):
        now, began = time.time(), self.sync_began
        return [(now, now - began)] if began and now - began > self.LONG_SYNC_S else []

    def was_quiet(self, low, high):
        """Whether programs could do what they had to in this span of wall time: else nothing can
        be said of how long they take."""
        stalls = self.seen + self.sync_so_far()
        return sum(late for at, late in stalls if at >= low and at - late <= high) < QUIET_S

    def close(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()


class Broker:
    """A mosquitto of our own with a store, on a port that stays the same over restarts."""

    def __init__(self, folder, head="", extra="", no_delay=True):
        self.port = free_port()
        self.folder = os.path.join(folder, "broker")
        os.makedirs(self.folder, exist_ok=True)
        user = "user root\n" if os.geteuid() == 0 else ""  # or it cannot use the test's folder
        self.config = os.path.join(self.folder, "mosquitto.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"{head}\n{user}listener {self.port} 127.0.0.1\nallow_anonymous true\n"
                       f"persistence true\npersistence_location {self.folder}/\n"
                       f"autosave_interval 1\nset_tcp_nodelay {str(no_delay).lower()}\n"
                       f"max_queued_messages 0\n{extra}\n")
        self.process = None

    def start(self):
        before = self.log().count(" running")
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", self.config], stdout=log, stderr=log)
        wait_for(lambda: self.is_running(before), 10, "the broker runs")
        return self

    def is_running(self, before):
        """Whether this start got as far as saying so, with all its listeners open."""
        assert self.process.poll() is None, "the broker has ended: " + self.log()
        return self.log().count(" running") > before

    def log(self):
        path = os.path.join(self.folder, "log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        end(self.process)


class Client:
    """Publishes, and collects everything below the topics that it subscribed to."""

    def __init__(self, port, topics=("vnotch/#",), version=mqtt.MQTTv311, name=""):
        self.messages = []
        self.lock = threading.Lock()
        self.topics = list(topics)
        self.subscribed = threading.Event()
        self.connects = 0  # so often it was subscribed
        if version == mqtt.MQTTv5:
            self.client = mqtt.Client(name, protocol=version)
        else:
            self.client = mqtt.Client(name, clean_session=name == "", protocol=version)
        self.client.max_inflight_messages_set(1000)
        self.client.max_queued_messages_set(0)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.client.on_subscribe = self._on_subscribe
        self.client.connect("127.0.0.1", port, keepalive=60)
        self.client.loop_start()
        if self.topics and not self.subscribed.wait(STUCK_S):
            raise AssertionError("the test's client is not subscribed")

    def _on_connect(self, client, *_):
        if self.topics:
            client.subscribe([(topic, 1) for topic in self.topics])

    def _on_subscribe(self, *_):
        self.connects += 1
        self.subscribed.set()

    def _on_message(self, _client, _context, message):
        with self.lock:
            self.messages.append(message)

    def publish(self, topic, payload, retain=False):
        return self.client.publish(topic, payload, qos=1, retain=retain)

    def publish_all(self, messages, seconds=STUCK_S):
        """Publishes (topic, payload) pairs and waits until the broker has them all."""
        for info in [self.publish(topic, payload) for topic, payload in messages]:
            info.wait_for_publish(max(seconds, STUCK_S))
            assert info.is_published(), "the broker doesn't take the test's messages"

    def on(self, topic):
        """Payloads on a topic so far."""
        with self.lock:
            return [m.payload for m in self.messages if m.topic == topic]

    def all_messages(self):
        with self.lock:
            return list(self.messages)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


class Daemon:
    """vnotchd with one configuration; may be started many times."""

    def __init__(self, folder, config, name="vnotchd"):
        self.folder = folder
        self.name = name
        self.config = os.path.join(folder, name + ".yaml")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config)
        self.log_path = os.path.join(folder, name + ".log")
        self.process = None
        self.notify = None
        self.prefix = []  # of the command, to start it somewhere else

    def start(self, wait=True, seconds=STUCK_S, **options):
        """Starts it and waits until it says READY, as a service manager would."""
        path = os.path.join(self.folder, self.name + ".notify")
        if self.notify is not None:
            self.notify.close()
        if os.path.exists(path):
            os.unlink(path)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(path)
        environment = dict(os.environ, NOTIFY_SOCKET=path, **options.pop("environment", {}))
        environment.pop("JOURNAL_STREAM", None)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, VNOTCHD, "--config", self.config], stdout=log, stderr=log,
                env=environment, **options)
        if wait:
            self.wait_notified("READY=1", seconds)
        return self

    def wait_notified(self, text, seconds=STUCK_S):
        assert self.notifies(text, seconds), \
            f"vnotchd has ended with {self.process.poll()}:\n{self.log()}"

    def becomes_ready(self):
        """False: it has ended before."""
        return self.notifies("READY=1", STUCK_S)

    def notifies(self, text, seconds):
        deadline = time.monotonic() + max(seconds, STUCK_S)
        self.notify.settimeout(0.05)
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None  # all that it said is there then
            try:
                if text in self.notify.recv(4096).decode():
                    return True
            except socket.timeout:
                if ended:
                    return False
        raise AssertionError(f"vnotchd doesn't say {text}:\n{self.log()}")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def lost_spans(self):
        """The spans that its starts said readings may be missing in, in seconds."""
        found = re.findall(r"may be missing .*lost_from=(-?\d+) lost_to=(-?\d+)", self.log())
        return [(int(low) / 1000, int(high) / 1000) for low, high in found]

    def stop(self, seconds=STUCK_S):
        """Asks for a clean stop and returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wait(self, seconds=STUCK_S):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired as late:
            self.kill()
            raise AssertionError(f"vnotchd doesn't end within {seconds} s:\n{self.log()}") from late

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        if self.notify is not None:
            self.notify.close()


def decode_summaries(payload):
    """A CBOR summary message as rows with names, numbers scaled back."""
    message = cbor2.loads(payload)
    assert message[0] == 1, "unknown version of the summary format"
    rows = []
    for record in message[5]:
        row = {RECORD_KEYS[key]: value for key, value in record.items() if key in RECORD_KEYS}
        pipeline = message[4][record[0]]
        row["pipeline"] = pipeline[0]
        row["window"] = pipeline[3][record[1]]
        row["kind"] = KINDS[record[6]]
        scale = 10.0 ** pipeline[2]
        for key in ("sum", "min", "max", "first", "last"):
            if key in row:
                row[key] = round(row[key] * scale, 9)
        row.update(device=message[1], boot=message[2], seq=message[3])
        rows.append(row)
    return rows


class Case(unittest.TestCase):
    """A temporary folder, and everything that was started is ended."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vnotch-test-")
        os.chmod(self.folder, 0o755)
        if "VN_KEEP" in os.environ:
            print(f"kept: {self.folder}")
        else:
            self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def broker(self, **options):
        broker = Broker(self.folder, **options).start()
        self.addCleanup(broker.stop)
        return broker

    def daemon(self, config, name="vnotchd"):
        daemon = Daemon(self.folder, config, name)
        self.addCleanup(daemon.close)
        return daemon

    def client(self, broker, **options):
        client = Client(broker.port, **options)
        self.addCleanup(client.close)
        return client

    def state_file(self):
        return os.path.join(self.folder, "state.flash")

    def wait_summaries(self, client, count, topic="vnotch/gw/summary", seconds=STUCK_S, where=None):
        """The first `count` rows (that `where` accepts)."""
        def rows():
            found = [row for payload in client.on(topic) for row in decode_summaries(payload)]
            return [row for row in found if where is None or where(row)]
        wait_for(lambda: len(rows()) >= count, seconds, lambda: f"{count} summaries, got {rows()}")
        return rows()

    def wait_json(self, client, topic, condition, seconds=STUCK_S):
        """The newest payload on a topic once it satisfies the condition."""
        newest = None

        def satisfied():
            nonlocal newest
            found = client.on(topic)
            newest = json.loads(found[-1]) if found and found[-1] else None
            return newest is not None and condition(newest)
        wait_for(satisfied, seconds, lambda: f"{topic}: {newest}")
        return newest  # the next one may be another already


def indented(text, spaces):
    return "".join(" " * spaces + line + "\n" for line in text.strip().splitlines())


def configuration(port, inputs, pipelines, state="", **options):
    """A configuration file; state is the inside of `state: {...}`, options name whole lines."""
    broker = options.pop("broker", f"{{uri: 'mqtt://127.0.0.1:{port}', "
                                   f"mqtt: {options.pop('mqtt', '5')}}}")
    text = f"device: {options.pop('device', 'gw')}\nbroker: {broker}\n"
    text += "summaries: {flush_every: 50ms}\nstats_every: 1s\n"
    if state:
        text += f"state: {{{state}}}\n"
    options.setdefault("capacity", "{series: 100, outbox: 256KiB}")
    for key, value in options.items():
        text += f"{key}: {value}\n"
    return text + "inputs:\n" + indented(inputs, 2) + "pipelines:\n" + indented(pipelines, 2)
