"""What came upstream, held against what was published, by the consumer rule of docs/messages.md."""

import collections
import json

import cbor2

FINAL = 16
PIPELINE, WINDOW, SERIES, START, END, REV, KIND, COUNT, SUM = range(9)
PARTIAL = 5


class Books:
    """Reads all publications of one device, in order of arrival.

    `by_boot`: the device has no state, and counts anew at each start.
    """

    def __init__(self, by_boot=False):
        self.by_boot = by_boot
        self.problems = []
        self.by_number = {}  # seq: (topic, payload)
        self.results = {}    # natural key and rev: (seq, bytes)
        self.table = {}      # natural key: ((boot, rev), record)
        self.events = {}
        self.accounted = 0   # numbers that will not come, as notices of gaps say
        self.messages = collections.Counter()
        self.repeated = collections.Counter()

    def take(self, topic, payload):
        if topic.endswith("/summary"):
            self.summary(topic, payload)
        elif topic.endswith("/event"):
            event = json.loads(payload)
            known = self.events.setdefault((self.by_boot and event["boot"], event["id"]), payload)
            self.check(known == payload, f"one event, two contents: {event['id']}")
            self.numbered("event", topic, event, payload)
        elif "/alert/" in topic and payload:
            self.numbered("alert", topic, json.loads(payload), payload)
        elif topic.endswith("/dead-letter"):
            self.numbered("dead-letter", topic, json.loads(payload), payload)
        elif topic.endswith("/gap"):
            self.notice(topic, payload)

    def check(self, good, problem):
        if not good:
            self.problems.append(problem)

    def numbered(self, kind, topic, message, payload):
        """True when this message came for the first time."""
        self.messages[kind] += 1
        number = (message["boot"], message["seq"]) if self.by_boot else message["seq"]
        before = self.by_number.get(number)
        if before is None:
            self.by_number[number] = (topic, payload)
            return True
        self.repeated[kind] += 1
        self.check(before == (topic, payload), f"seq {number} has two contents")
        return False

    def summary(self, topic, payload):
        message = cbor2.loads(payload)
        if self.numbered("summary", topic, {"boot": message[2], "seq": message[3]}, payload):
            for record in message[5]:
                self.result(message, record)

    def notice(self, topic, payload):
        message = cbor2.loads(payload)
        if self.numbered("gap", topic, {"boot": message[2], "seq": message[3]}, payload):
            self.accounted += sum(gap[3] for gap in message[7])

    def result(self, message, record):
        pipeline = message[4][record[PIPELINE]]
        key = (message[1], pipeline[0], pipeline[3][record[WINDOW]], record[SERIES],
               record[START], record[END])
        content = (message[3], cbor2.dumps(record, canonical=True))
        version = (self.by_boot and message[2], record[REV], record[KIND] == PARTIAL)
        known = self.results.setdefault((key, version), content)
        self.check(known == content, f"one result, two messages: {key} rev {record[REV]}")
        self.check(record[KIND] != PARTIAL, f"a delta that nobody asked for: {key}")
        version = (message[2], record[REV])
        if key not in self.table or version > self.table[key][0]:
            self.table[key] = (version, record)

    def holes(self):
        """Numbers below the highest that never came."""
        if not self.by_number:
            return []
        return sorted(set(range(min(self.by_number), max(self.by_number) + 1)) -
                      set(self.by_number))

    def windows(self):
        """(series, start): (count, sum) of the final table."""
        return {(key[3], key[4]): (record[COUNT], record[SUM])
                for key, (_, record) in self.table.items()}


def shortage(expected, windows):
    """Windows that don't hold what was published: (series, start): (readings, sum) missing."""
    found = {}
    for key, (count, total) in expected.items():
        held = windows.get(key, (0, 0))
        if (count, total) != tuple(held):
            found[key] = (count - held[0], total - held[1])
    for key in windows.keys() - expected.keys():
        found[key] = (-windows[key][0], -windows[key][1])
    return found
