"""A process that publishes readings, knows what it published, and sends again what a broker lost.

Readings have a sequence number and a time of their own. A broker that is killed forgets what it
acknowledged since it last saved its store: everything behind the last save (`safe`) is sent again
then, in order and with the same bytes, before anything new. A connection that breaks costs what
wasn't acknowledged, which is sent again as well.
"""

import collections
import multiprocessing
import random
import time

from mqtt_packets import Publisher, publish_packet

BASE_MS = 1700000040000
PACK = 25
WINDOW_MS = 1000
IN_FLIGHT = 256
SPIKE = 9000
GENERATION, SAFE, SEEN, ACKNOWLEDGED, BEGIN, FINISH = range(6)


class Readings:
    """Packs of readings of some series, by turns; a few readings come with the next pack."""

    def __init__(self, seed, series, rate):
        self.rng = random.Random(seed)
        self.series = series
        self.step_ms = 1000 * len(series) // rate
        self.counts = [0] * len(series)
        self.held = [[] for _ in series]
        self.number = 0
        self.expected = collections.defaultdict(lambda: [0, 0])  # (series, start): count, sum
        self.contents = {}  # (topic, first number): {start: count}
        self.readings = 0

    def fresh(self, index):
        number = self.counts[index]
        self.counts[index] += 1
        spike = self.rng.random() < 0.002
        value = SPIKE if spike else self.rng.randrange(-1000, 1000)
        return value, BASE_MS + self.step_ms * number, number

    def pack(self, index, readings):
        topic = f"t/{self.series[index]}"
        content = collections.Counter()
        for value, time_ms, _ in readings:
            start = time_ms - time_ms % WINDOW_MS
            entry = self.expected[self.series[index], start]
            entry[0] += 1
            entry[1] += value
            content[start] += 1
        self.readings += len(readings)
        self.contents[topic, readings[0][2]] = dict(content)
        items = ", ".join(f'{{"v": {v}, "t": {t}, "seq": {n}}}' for v, t, n in readings)
        return topic, f"[{items}]".encode()

    def next(self):
        index = self.number % len(self.series)
        self.number += 1
        readings = self.held[index] + [self.fresh(index) for _ in range(PACK)]
        self.held[index] = [readings.pop(-2)] if self.rng.random() < 0.3 else []
        if self.rng.random() < 0.3:
            place = self.rng.randrange(len(readings) - 1)
            readings[place], readings[place + 1] = readings[place + 1], readings[place]
        return self.pack(index, readings)

    def last(self):
        """What was held, and a reading much later that closes all windows: not in the books."""
        packs = [self.pack(index, held) for index, held in enumerate(self.held) if held]
        for index, name in enumerate(self.series):
            time_ms = BASE_MS + self.step_ms * self.counts[index] + 3600_000
            text = f'{{"v": 0, "t": {time_ms}, "seq": {self.counts[index]}}}'
            packs.append((f"t/{name}", f"[{text}]".encode()))
        return packs


class Sender:
    """Runs in the process of its own."""

    def __init__(self, port, readings, rate, shared):
        self.port = port
        self.readings = readings
        self.rate = rate
        self.shared = shared
        self.packs = collections.deque()
        self.base = 0  # number of the first pack that is kept
        self.finished = False
        self.resent = 0
        self.begun = 0.0

    def end(self):
        return self.base + len(self.packs)

    def make(self):
        """What is due by now."""
        if self.finished:
            return
        due = int((time.monotonic() - self.begun) * self.rate / PACK)
        for _ in range(self.end(), due):
            self.packs.append(self.readings.next())
        if self.shared[FINISH]:
            self.packs.extend(self.readings.last())
            self.finished = True

    def forget(self):
        while self.base < self.shared[SAFE]:
            self.packs.popleft()
            self.base += 1

    def connect(self):
        """A connection, and the number of the first pack that it has to send; or None."""
        with self.shared.get_lock():
            before = self.shared[GENERATION]
        try:
            connection = Publisher(self.port, "load")
        except OSError:
            time.sleep(0.05)
            return None
        with self.shared.get_lock():
            if self.shared[GENERATION] == before:
                if self.shared[SEEN] != before:
                    self.shared[ACKNOWLEDGED] = self.shared[SAFE]
                    self.shared[SEEN] = before
                return connection, self.shared[ACKNOWLEDGED]
        connection.close()
        return None

    def serve(self, connection, start):
        """Sends until the connection breaks or all is acknowledged."""
        cursor = start
        while True:
            with connection.changed:
                connection.changed.wait(0.01)
                count = connection.acknowledged
            if count == float("inf"):
                break
            with self.shared.get_lock():
                self.shared[ACKNOWLEDGED] = start + count
            self.make()
            self.forget()
            if self.finished and start + count == self.end():
                break
            last = min(self.end(), start + count + IN_FLIGHT)
            if cursor < last:
                connection.send(b"".join(
                    publish_packet(*self.packs[n - self.base], 1, n % 65535 + 1)
                    for n in range(cursor, last)))
                cursor = last
        self.resent += cursor - start - (0 if count == float("inf") else count)

    def run(self):
        while not self.shared[BEGIN]:
            time.sleep(0.01)
        self.begun = time.monotonic()
        while not self.finished or self.shared[ACKNOWLEDGED] < self.end():
            self.make()
            made = self.connect()
            if made is None:
                continue
            try:
                self.serve(*made)
            except OSError:
                pass
            made[0].close()


def publish(port, seed, series, rate, shared, pipe):
    readings = Readings(seed, series, rate)
    sender = Sender(port, readings, rate, shared)
    sender.run()
    pipe.send({"expected": dict(readings.expected), "contents": readings.contents,
               "readings": readings.readings, "packs": sender.end()})


class Load:
    """The process, seen from the test. To be made before there are threads."""

    def __init__(self, port, seed, series, rate):
        context = multiprocessing.get_context("fork")
        self.shared = context.Array("q", 6)
        self.pipe, theirs = context.Pipe(duplex=False)
        self.process = context.Process(target=publish, daemon=True, args=(
            port, seed, series, rate, self.shared, theirs))
        self.process.start()

    def broker_was_killed(self):
        """To be called between the kill and the new start."""
        with self.shared.get_lock():
            self.shared[GENERATION] += 1

    def acknowledged(self):
        """Up to which pack this broker has acknowledged all; None: it isn't known yet."""
        with self.shared.get_lock():
            known = self.shared[SEEN] == self.shared[GENERATION]
            return self.shared[ACKNOWLEDGED] if known else None

    def is_safe(self, pack):
        with self.shared.get_lock():
            self.shared[SAFE] = max(self.shared[SAFE], pack)

    def begin(self):
        with self.shared.get_lock():
            self.shared[BEGIN] = 1

    def finish(self):
        with self.shared.get_lock():
            self.shared[FINISH] = 1

    def result(self):
        """What was published; None while it is still at it."""
        if not self.pipe.poll():
            assert self.process.is_alive(), "the publisher has failed"
            return None
        found = self.pipe.recv()
        self.process.join()
        return found

    def close(self):
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
