"""The show: what happens when."""

import collections
import json
import os
import random
import time

import telling
import verdict
from books import Books
from configuration import write
from machine import Machine
from plant import Plant
from processes import Broker, Daemon, Trouble
from watch import Watch, connect

DEVICE = "demo"
TURN_S = 0.02
PANEL_EVERY_S = 0.25
PLAIN_STATUS_EVERY_S = 5
START_LIMIT_S = 60
DRAIN_LIMIT_S = 120
STATS_S = 1
STANDSTILL_STATS = 5  # figures without news: then nothing comes any more
OUT_OF_ORDER_S = 1
COMMIT_SLACK_S = 1  # on a machine that does other things
# What goes wrong on which topic: the books have a test in which they must not balance. A pack is
# missing without a trace, a numbered reading leaves a hole; one comes as if it were two.
SABOTAGES = {"pack": "field/tanks/json", "numbered": "plant/a/pressure",
             "twice": "plant/a/pressure"}

FIELDS = "elapsed_s wall_ms fraction correction_ms began_wall_ms seconds"


class Moment(collections.namedtuple("Moment", FIELDS)):
    """Now, as the sensors see it."""

    def at(self, elapsed_s):
        """The same for a reading that was due a little earlier."""
        return self._replace(elapsed_s=elapsed_s, fraction=elapsed_s / self.seconds,
                             wall_ms=self.began_wall_ms + round(1000 * elapsed_s))


class Show:
    def __init__(self, options, folder, screen):
        self.options = options
        self.folder = folder
        self.screen = screen
        self.random = random.Random(options.seed)
        long = options.seconds >= 24
        self.window_ms = 5000 if long else 2000
        self.checkpoint_s = 2 if long else 1
        self.broker = self.daemon = self.watch = self.publisher = None
        self.books = Books()
        self.offered = self.taken = 0  # messages, to the broker and by it
        self.sensors = []
        self.kill_ms = None
        self.forgettable = 0  # repeats that no commit may have counted when the kill came
        self.again = []  # topics of messages that the broker sent to vnotchd once more
        self.began = self.drawn_at = time.monotonic()
        self.began_wall_ms = 0
        self.sabotage = os.environ.get("VN_DEMO_SABOTAGE", "")

    def run(self):
        """True when the books balance."""
        self.open()
        self.kill()
        self.restart()
        self.play_until(max(self.options.seconds, self.elapsed() + 2))
        self.drain()
        return verdict.report(self.screen, self)

    def close(self):
        """Ends what was started; may be called at any time."""
        if self.publisher is not None:
            self.publisher.disconnect()
            self.publisher.loop_stop()
        if self.watch is not None:
            self.watch.close()
        for child in (self.daemon, self.broker):
            if child is not None:
                child.close()

    # The parts of the show.

    def open(self):
        program = os.path.join(self.options.bin, "vnotchd")
        if not os.access(program, os.X_OK):
            raise Trouble(f"there is no program {program}: build it with tools/build", 69)
        self.broker = Broker(self.folder)
        self.broker.start()
        config = os.path.join(self.folder, "vnotchd.yaml")
        write(config, self.settings())
        self.watch = Watch(self.broker.port, DEVICE, f"{self.window_ms // 1000}s")
        self.wait(lambda: self.watch.subscribed, "the broker doesn't accept a subscription")
        self.daemon = Daemon(self.folder, program, config)
        self.introduce(config)
        self.screen.begin()
        self.daemon.start()
        self.wait(lambda: self.watch.status == "online", "vnotchd doesn't come online")
        self.publisher = connect("demo-sensors", self.broker.port)
        self.publisher.on_publish = self.count_taken
        self.publisher.loop_start()
        self.began = time.monotonic()
        self.began_wall_ms = round(1000 * time.time())
        self.sensors = [Plant(self.random), Machine()]
        self.screen.event("demo", "the sensors begin: a plant's, and this machine's own", "dim")

    def settings(self):
        long = self.options.seconds >= 24
        return {"device": DEVICE, "port": self.broker.port,
                "state_file": os.path.join(self.folder, "state.flash"),
                "checkpoint_s": self.checkpoint_s, "window_s": self.window_ms // 1000,
                # Longer than the longest window and a correction: when the machine stands still,
                # silence closes windows that readings are on their way to.
                "out_of_order_s": OUT_OF_ORDER_S, "lateness_s": 5 * self.window_ms // 1000,
                "stats_s": STATS_S, "idle_s": 2, "silence_ms": 3000 if long else 1000,
                "hold_ms": 1000 if long else 300}

    def introduce(self, config):
        self.screen.lines([
            self.screen.styled("vnotch demo", "bold") +
            f"   {self.options.seconds} s of readings, kill -9 in the middle, then the accounting",
            f"windows {self.window_ms // 1000} s   journal, commit every {self.checkpoint_s} s   "
            f"seed {self.options.seed}   broker 127.0.0.1:{self.broker.port}",
            f"configuration {config}", ""])

    def kill(self):
        """At any point between two commits, while all sensors publish."""
        self.play_until(self.options.seconds / 2 + self.checkpoint_s * self.random.random())
        self.play_while(lambda: self.watch.stats is None, "vnotchd tells no figures")
        self.snapshot()
        self.screen.event("kill -9", f"vnotchd (process {self.daemon.process.pid}): its memory is "
                          "gone", "cut")
        committed_s = self.elapsed() - self.checkpoint_s - COMMIT_SLACK_S - self.lag_s()
        self.daemon.kill()
        self.kill_ms = round(1000 * time.time())
        self.forgettable = sum(at_s > committed_s for at_s in self.books.repeats_s)
        self.watch.status = None
        self.play_until(self.elapsed() + min(2.0, 0.12 * self.options.seconds))

    def lag_s(self):
        """How much later than asked for figures come at present: so do commits."""
        times = self.watch.stats_at[-3:] + [time.monotonic()]
        return max(0, max(b - a for a, b in zip(times, times[1:])) - STATS_S)

    def restart(self):
        boot = self.watch.stats["boot"]
        self.daemon.start()
        self.play_while(lambda: self.watch.status != "online" or self.watch.stats["boot"] == boot,
                        "vnotchd doesn't come back")

    def drain(self):
        """Until nothing waits anywhere, and every accepted reading has come in a summary."""
        for sensors in self.sensors:
            self.publish(sensors.flush())
        self.snapshot()
        self.screen.event("demo", "the sensors are silent; the last windows close", "dim")
        self.wait_drained()
        self.again = self.broker.delivered_again(f"vnotch-{DEVICE}-in")
        code = self.daemon.stop()
        self.wait(lambda: self.watch.status == "offline", "vnotchd doesn't say goodbye")
        self.screen.end_panel()
        if code != 0:
            raise Trouble(f"vnotchd ended with {code}:\n{self.daemon.log_tail()}", 70)

    def wait_drained(self):
        """Until all is there, or nothing comes any more: then the books tell what is missing."""
        self.wait(lambda: self.taken == self.offered, "the broker doesn't take all readings")
        deadline = self.elapsed() + DRAIN_LIMIT_S
        came, told = None, len(self.watch.stats_at)
        while (not self.drained() and self.elapsed() < deadline and
               len(self.watch.stats_at) < told + STANDSTILL_STATS):
            now = (len(self.watch.numbers), self.watch.stats["messages"]["received"])
            if now != came:
                came, told = now, len(self.watch.stats_at)
            self.look()

    def drained(self):
        stats, readings = self.watch.stats, self.watch.stats["readings"]
        summed = sum(row["count"] for row in self.watch.rows.values() if row["tumbling"])
        waiting = self.books.readings - self.books.fate("duplicate")
        waiting -= readings["received"] - readings["duplicate"]
        return (stats["messages"]["queued"] == 0 and stats["outputs"]["waiting"] == 0 and
                waiting <= 0 and summed == readings["accepted"])

    def sabotaged(self, topic, payload, readings):
        """What is published for this message: by order of a test one has no reading, or two."""
        wanted = self.sabotage
        if (SABOTAGES.get(wanted) != topic or self.elapsed() < self.options.seconds / 10 or
                any(reading.fate != "window" for reading in readings)):
            return [payload]
        self.sabotage = ""
        if wanted != "twice":
            return []
        record = json.loads(payload)
        return [payload, json.dumps({"t": record["t"] + 1, "v": record["v"]})]

    # One turn after the other.

    def elapsed(self):
        return time.monotonic() - self.began

    def moment(self):
        elapsed_s = self.elapsed()
        now = Moment(elapsed_s, 0, 0, self.window_ms + 1000 * OUT_OF_ORDER_S + 200,
                     self.began_wall_ms, self.options.seconds)
        return now.at(elapsed_s)

    def play_until(self, elapsed_s):
        """One turn at least: after a standstill the sensors have something to say."""
        before = True
        while before:
            before = self.elapsed() < elapsed_s
            moment = self.moment()
            for sensors in self.sensors:
                self.publish(sensors.due(moment))
            self.look()

    def play_while(self, condition, problem):
        deadline = self.elapsed() + START_LIMIT_S
        while condition():
            if self.elapsed() > deadline:
                raise Trouble(f"{problem}:\n{self.daemon.log_tail()}", 70)
            self.play_until(self.elapsed() + 0.05)

    def publish(self, messages):
        for message in messages:
            topic, payload, readings = message
            self.books.note(message, self.elapsed())
            for one in self.sabotaged(topic, payload, readings):
                self.offered += 1
                self.publisher.publish(topic, one, qos=1)

    def count_taken(self, *_):
        self.taken += 1

    def look(self):
        """What came back, and what people see of it."""
        for child in (self.broker, self.daemon):
            if child is not None:
                child.check()
        for what, content in self.watch.collect():
            self.tell(what, content)
        self.draw()
        time.sleep(TURN_S)

    def wait(self, condition, problem):
        deadline = time.monotonic() + START_LIMIT_S
        while not condition():
            if time.monotonic() > deadline:
                words = (self.daemon or self.broker).log_tail()
                raise Trouble(f"{problem} within {START_LIMIT_S} s; last words:\n{words}", 70)
            self.look()

    def tell(self, what, content):
        if what == "event":
            telling.tell_event(self.screen, content, self.kill_ms)
        elif what == "letter":
            telling.tell_letter(self.screen, content)
        elif what == "recovery":
            telling.tell_recovery(self.screen, content)
        elif what == "missing":
            self.screen.event("lost", f"vnotchd counts {content} missing sequence numbers", "cut")
        elif what == "status":
            self.screen.event("status", f"{DEVICE} is {content}", "note")

    def draw(self):
        every_s = PANEL_EVERY_S if self.screen.live else PLAIN_STATUS_EVERY_S
        if not self.sensors or time.monotonic() - self.drawn_at < every_s:
            return
        self.drawn_at = time.monotonic()
        progress = f"{min(self.elapsed(), self.options.seconds):.0f} of {self.options.seconds} s"
        if self.screen.live:
            self.screen.panel(telling.panel(self.books, self.watch, progress, self.screen.rows))
        else:
            self.screen.event("so far", telling.counters(self.books, self.watch))

    def snapshot(self):
        """Without a panel: the last windows, now and then."""
        if not self.screen.live:
            self.screen.lines([""] + telling.table(self.watch) + [""])
