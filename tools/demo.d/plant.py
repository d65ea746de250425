"""A simulated plant: well-behaved sensors, and every way in which sensors misbehave.

A message is (topic, payload, [Reading...]): the readings go into the books as they are published.
"""

import json
import math

import cbor2
from books import Reading


def scaled(value):
    return round(100 * value)


class Sensor:
    """Single JSON readings with sequence numbers, `rate` a second."""

    def __init__(self, series, rate, value):
        self.series = series
        self.period_s = 1 / rate
        self.next_s = 0.0
        self.value = value
        self.number = 0

    def due(self, moment):
        messages = []
        while self.next_s <= moment.elapsed_s:
            at = moment.at(self.next_s)
            self.next_s += self.period_s
            messages += self.fire(at)
        return messages

    def flush(self):
        return []

    def next_number(self):
        self.number += 1
        return self.number - 1

    def message(self, t_ms, value, fate="window", numbered=True):
        record = {"t": t_ms, "v": value / 100}
        if numbered:
            record["seq"] = self.next_number()
        return (f"plant/{self.series}", json.dumps(record),
                [Reading("json", self.series, t_ms, value, fate)])

    def fire(self, moment):
        value = self.value(moment)
        return [] if value is None else [self.message(moment.wall_ms, scaled(value))]


class Batches(Sensor):
    """Ten readings in one JSON array."""

    SIZE = 10

    def fire(self, moment):
        records, readings = [], []
        step_ms = round(1000 * self.period_s) // self.SIZE
        for i in range(self.SIZE):
            t_ms = moment.wall_ms - (self.SIZE - 1 - i) * step_ms
            value = scaled(self.value(moment))
            records.append({"t": t_ms, "v": value / 100, "seq": self.next_number()})
            readings.append(Reading("json array", self.series, t_ms, value))
        return [(f"plant/{self.series}", json.dumps(records), readings)]


class Gateway(Sensor):
    """Behind a radio link: out of order, twice, late, and far too late."""

    def __init__(self, series, rate, value):
        super().__init__(series, rate, value)
        self.held = []
        self.fires = 0
        self.chances = 0

    def fire(self, moment):
        self.fires += 1
        message = self.next_message(moment)
        if self.fires % 12 == 5:  # overtaken by the next two
            self.held.append((self.fires + 2, message))
            return []
        messages = [message] + self.release(self.fires)
        if self.chances % 10 == 5:
            messages.append(self.again(message))
        return messages

    def next_message(self, moment):
        value = scaled(self.value(moment))
        self.chances += 1
        if self.chances % 25 == 12:  # its window has been published: a revision follows
            return self.message(moment.wall_ms - moment.correction_ms, value)
        if self.chances % 40 == 30:
            return self.message(moment.wall_ms - 120000, value, "late")
        return self.message(moment.wall_ms, value)

    @staticmethod
    def again(message):
        topic, payload, readings = message
        return topic, payload, [reading._replace(fate="duplicate") for reading in readings]

    def release(self, fires):
        due = [message for at, message in self.held if at <= fires]
        self.held = [(at, message) for at, message in self.held if at > fires]
        return due

    def flush(self):
        return self.release(math.inf)


class Pack(Sensor):
    """SenML: several series and several instants in one message; it knows no sequence numbers."""

    def __init__(self, site, names, per_pack, encoding, value):
        super().__init__(site, 2, value)
        self.names = names
        self.per_pack = per_pack
        self.encoding = encoding

    def fire(self, moment):
        step_ms = round(1000 * self.period_s) // self.per_pack
        base_ms = moment.wall_ms - step_ms * (self.per_pack - 1)
        records, readings = [], []
        kind = f"senml+{self.encoding}"
        for name in self.names:
            for i in range(self.per_pack):
                value = scaled(self.value(moment))
                records.append({"n": name, "t": i * step_ms / 1000, "v": value / 100})
                readings.append(Reading(kind, f"{self.series}/{name}", base_ms + i * step_ms,
                                        value))
        records[0] = {"bn": self.series + "/", "bt": base_ms / 1000, **records[0]}
        return [(f"field/{self.series}/{self.encoding}", self.encode(records), readings)]

    def encode(self, records):
        if self.encoding == "json":
            return json.dumps(records)
        labels = {"bn": -2, "bt": -3, "n": 0, "v": 2, "t": 6}
        return cbor2.dumps([{labels[key]: value for key, value in record.items()}
                            for record in records])


class Plant:
    """All sensors; `random` is seeded by the caller, so that a run can be repeated."""

    def __init__(self, random):
        self.random = random
        self.pressure = Sensor("a/pressure", 10, self.pressure_hpa)
        self.flow = Sensor("a/flow", 10, self.flow_rate)
        self.oven = Sensor("a/oven", 10, self.oven_ramp)
        self.sensors = [
            self.oven, self.pressure, self.flow, Gateway("b/oven", 20, self.oven_steady),
            Sensor("b/level", 10, self.level),
            Batches("b/vibration", 10, lambda _: self.random.gauss(0, 2)),
            Pack("tanks", ["1", "2", "3", "4"], 5, "json", lambda _: 12 + self.noise(0.5)),
            Pack("meters", [str(i) for i in range(1, 11)], 5, "cbor",
                 lambda _: 120 + self.noise(20)),
        ]
        self.stuck_at = None
        self.faults = self.planned_faults()

    def due(self, moment):
        messages = [message for sensor in self.sensors for message in sensor.due(moment)]
        while self.faults and self.faults[0][0] <= moment.fraction:
            messages.append(self.faults.pop(0)[1](moment))
        return messages

    def flush(self):
        return [message for sensor in self.sensors for message in sensor.flush()]

    def noise(self, size):
        return self.random.uniform(-size, size)

    def oven_ramp(self, moment):
        """Above 80 from 0.3 to 0.7 of the show: the alert must outlive the kill between."""
        points = [(0, 62), (0.15, 62), (0.38, 88), (0.62, 88), (0.74, 65), (1e9, 65)]
        for (x0, y0), (x1, y1) in zip(points, points[1:]):
            if moment.fraction <= x1:
                return y0 + (y1 - y0) * (moment.fraction - x0) / (x1 - x0) + self.noise(0.4)
        return 65

    def oven_steady(self, _):
        return 71 + self.noise(1)

    def pressure_hpa(self, moment):
        spike = 0.10 <= moment.fraction < 0.12 or 0.80 <= moment.fraction < 0.82
        return (1350 if spike else 1013) + self.noise(8)

    def flow_rate(self, moment):
        if 0.52 <= moment.fraction < 0.76:
            self.stuck_at = 42.17 if self.stuck_at is None else self.stuck_at
            return self.stuck_at
        return 42 + self.noise(3)

    def level(self, moment):
        if 0.10 <= moment.fraction < 0.24:
            return None  # silent
        return 55 + 10 * math.sin(6.3 * moment.fraction) + self.noise(0.2)

    def planned_faults(self):
        """(from this fraction of the show on, maker of the message)"""
        return [
            (0.05, lambda _: self.garbage("machine/cpu", "twelve")),
            (0.07, lambda _: self.garbage("plant/a/flow", '{"v": 41.2, "seq": ')),
            (0.09, lambda moment: self.pressure.message(
                moment.wall_ms + 3600000, scaled(1013), "future", numbered=False)),
            (0.11, lambda moment: self.oven.message(
                moment.wall_ms, scaled(9999.99), "refused", numbered=False)),
            (0.72, self.two_values),
            (0.75, lambda _: self.garbage("field/meters/cbor", b"\x82\xa1\x02\xfb\x40")),
            (0.78, self.not_a_number),
            (0.81, lambda moment: self.pressure.message(
                moment.wall_ms + 86400000, scaled(1013), "future", numbered=False)),
        ]

    @staticmethod
    def garbage(topic, payload):
        """A message that holds no reading at all."""
        return topic, payload, None

    @staticmethod
    def two_values(_):
        """Against RFC 8428; this record alone is refused."""
        return ("field/tanks/json", '[{"n": "tanks/5", "v": 1, "vs": "one"}]',
                [Reading("senml+json", "tanks/5", None, 0, "refused")])

    @staticmethod
    def not_a_number(moment):
        return ("plant/a/flow", json.dumps({"t": moment.wall_ms, "v": "n/a"}),
                [Reading("json", "a/flow", moment.wall_ms, 0, "refused")])
