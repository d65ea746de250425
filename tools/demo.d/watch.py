"""The upstream side: everything that vnotchd publishes, decoded, kept, and told as it comes."""

import collections
import json
import queue
import time

import cbor2
import paho.mqtt.client as mqtt

COUNT_KEYS = {3: "start", 4: "end", 5: "rev", 7: "count", 8: "sum", 10: "min", 11: "max"}


def connect(name, port):
    """A client of the broker; works with both generations of the Python library."""
    if hasattr(mqtt, "CallbackAPIVersion"):
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, name, protocol=mqtt.MQTTv311)
    else:
        client = mqtt.Client(name, protocol=mqtt.MQTTv311)
    client.max_inflight_messages_set(1000)
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", port, keepalive=60)
    return client


def decode_summaries(payload):
    """(number of the message, rows) of a CBOR summary message; values stay integers."""
    message = cbor2.loads(payload)
    rows = []
    for record in message[5]:
        pipeline = message[4][record[0]]
        row = {name: record[key] for key, name in COUNT_KEYS.items()}
        row.update(pipeline=pipeline[0], window=pipeline[3][record[1]], series=record[2],
                   exponent=pipeline[2], boot=message[2])
        rows.append(row)
    return message[3], rows


class Watch:
    """Fed by the library's thread through a queue; read by the main loop only."""

    def __init__(self, port, device, tumbling):
        self.prefix = f"vnotch/{device}/"
        self.tumbling = tumbling
        self.inbox = queue.SimpleQueue()
        self.rows = {}      # (series, window, start) -> newest revision
        self.latest = {}    # series -> the last tumbling window that came
        self.numbers = {}   # number of an output -> what it was
        self.repeated = 0   # messages that came twice, byte for byte
        self.conflicts = []
        self.messages = self.bytes = self.letters = self.revisions = 0
        self.events = {}
        self.stats = None
        self.stats_at = []  # when figures came
        self.missing_told = 0
        self.status = None
        self.firing = collections.OrderedDict()
        self.subscribed = False
        self.client = connect("demo-upstream", port)
        self.client.on_message = lambda _client, _context, message: self.inbox.put(
            (message.topic, message.payload, message.retain))
        self.client.on_subscribe = lambda *_: self.inbox.put((None, None, None))
        self.client.subscribe(self.prefix + "#", 1)
        self.client.loop_start()

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def collect(self):
        """Takes in what has come since the last call; returns what is worth telling."""
        news = []
        while not self.inbox.empty():
            topic, payload, retained = self.inbox.get()
            if topic is None:
                self.subscribed = True
            else:
                news += self.take(topic[len(self.prefix):], payload, retained)
        return news

    def take(self, topic, payload, retained):
        if topic == "stats":
            return self.take_stats(json.loads(payload))
        if topic == "status":
            self.status = payload.decode()
            return [("status", self.status)]
        if topic == "heartbeat" or retained:
            return []
        self.messages += 1
        self.bytes += len(self.prefix) + len(topic) + len(payload)
        if topic == "summary":
            return self.take_summaries(payload)
        content = json.loads(payload)
        if not self.first_time(content["seq"], payload):
            return []
        if topic == "event":
            return self.take_event(content)
        if topic == "dead-letter":
            self.letters += 1
            return [("letter", content)]
        return []

    def first_time(self, number, payload):
        """An output that comes again (it was sent, but its commit was lost) has the same bytes."""
        if number not in self.numbers:
            self.numbers[number] = payload
            return True
        self.repeated += 1
        if self.numbers[number] != payload:
            self.conflicts.append(f"output {number} came with two contents")
        return False

    def take_stats(self, stats):
        restarted = self.stats is not None and stats["boot"] != self.stats["boot"]
        before = self.stats["readings"]["missing"] if self.stats else 0
        self.stats = stats
        self.stats_at.append(time.monotonic())
        if restarted:
            return [("recovery", stats["recovery"])]
        # A number that was overtaken is missing for a moment: told when it stays so.
        missing = stats["readings"]["missing"]
        if stats["recovery"]["fresh"] or missing != before or missing == self.missing_told:
            return []
        self.missing_told = missing
        return [("missing", missing)]

    def take_event(self, event):
        key = (event["alert"], event["series"], event["episode"], event["phase"])
        if key in self.events:
            self.conflicts.append(f"{event['id']} was told twice")
        self.events[key] = event
        if event["phase"] == "firing":
            self.firing[key[:2]] = event
        else:
            self.firing.pop(key[:2], None)
        return [("event", event)]

    def take_summaries(self, payload):
        number, rows = decode_summaries(payload)
        if not self.first_time(number, payload):
            return []
        for row in rows:
            row["tumbling"] = row["window"] == self.tumbling
            key = (row["series"], row["window"], row["start"])
            known = self.rows.get(key)
            self.revisions += row["rev"] > 0
            if known is None or (known["boot"], known["rev"]) < (row["boot"], row["rev"]):
                self.rows[key] = row
            latest = self.latest.get(row["series"])
            if row["tumbling"] and (latest is None or latest["start"] <= row["start"]):
                self.latest[row["series"]] = row
        return []

    def holes(self):
        """Numbers of outputs that never came."""
        return set(range(max(self.numbers, default=-1) + 1)) - set(self.numbers)
