#!/usr/bin/env python3
"""Prints the summaries, alerts and gaps of one vnotch device as JSON lines.

Needs the packages cbor2 and paho-mqtt. What the numbers mean is in docs/messages.md.
"""

import argparse
import json
import sys

import cbor2
import paho.mqtt.client as mqtt

VERSION = 1
KINDS = ["on_time", "late", "idle", "early", "forced", "partial", "count"]
# Keys of a record whose values are integers in units of the pipeline's resolution.
SCALED = {8: "sum", 10: "min", 11: "max", 12: "first", 13: "last", 23: "range",
          26: "p50", 27: "p90", 28: "p95", 29: "p99"}
# Those that are numbers in the unit itself already.
DERIVED = {18: "mean", 19: "variance", 20: "variance_sample", 21: "stddev", 22: "stddev_sample"}


def scale(integer, exponent):
    """integer * 10^exponent as the nearest double."""
    return integer / 10 ** -exponent if exponent < 0 else integer * 10 ** exponent


def summaries(payload):
    """One dictionary per window of a CBOR summary message."""
    message = cbor2.loads(payload)
    if message[0] != VERSION:
        raise ValueError(f"version {message[0]} of the summary format is not known here")
    for record in message[5]:
        pipeline = message[4][record[0]]
        exponent = pipeline[2]
        result = {
            "device": message[1], "boot": message[2], "seq": message[3],
            "pipeline": pipeline[0], "unit": pipeline[1], "window": pipeline[3][record[1]],
            "series": record[2], "start": record[3], "end": record[4], "rev": record[5],
            "kind": KINDS[record[6]], "count": record[7],
        }
        for key, name in SCALED.items():
            if key in record:
                result[name] = scale(record[key], exponent)
        if 9 in record:
            result["sum_sq"] = scale(record[9], 2 * exponent)
        for key, name in DERIVED.items():
            if key in record:
                result[name] = record[key]
        if 14 in record:
            base = record.get(24, record[3])
            result["sample"] = [[base + since, scale(value, exponent)]
                                for since, value in record[14]]
        if 15 in record:
            result["supersedes"] = record[15]
        if 24 in record:  # a count window: start and end number the readings
            result["from"], result["to"] = record[24], record[25]
        yield result


GAP_MEMBERS = ["why", "first", "last", "messages", "results", "alerts", "from", "to"]


def notice(payload):
    """The dictionary of a notice of gaps, CBOR or JSON."""
    if payload[:1] == b"{":
        return json.loads(payload)
    message = cbor2.loads(payload)
    gaps = [{GAP_MEMBERS[key]: value for key, value in gap.items() if key < len(GAP_MEMBERS)}
            for gap in message[7]]
    for gap in gaps:
        gap["why"] = ["dropped", "coarsened"][gap["why"]]
    return {"device": message[1], "boot": message[2], "seq": message[3], "gaps": gaps}


class Subscriber:
    def __init__(self, options):
        self.topic = f"{options.prefix}/{options.device}"
        self.left = options.count
        self.failed = False
        versions = getattr(mqtt, "CallbackAPIVersion", None)  # since paho-mqtt 2
        options_of_2 = {"callback_api_version": versions.VERSION2} if versions else {}
        self.client = mqtt.Client(**options_of_2)
        self.client.on_connect = self.connected
        self.client.on_subscribe = lambda *_: print("subscribed", file=sys.stderr, flush=True)
        self.client.on_message = self.received
        self.client.connect(options.host, options.port)

    def connected(self, *_):
        self.client.subscribe([(f"{self.topic}/{kind}", 1)
                               for kind in ("summary", "event", "gap")])

    def received(self, _client, _context, message):
        try:
            if message.topic.endswith("/summary"):
                for summary in summaries(message.payload):
                    print(json.dumps({"type": "summary", **summary}))
            elif message.topic.endswith("/gap"):
                print(json.dumps({"type": "gap", **notice(message.payload)}))
            else:
                print(json.dumps({"type": "alert", **json.loads(message.payload)}))
        except (ValueError, KeyError, IndexError) as error:
            print(f"{message.topic}: {error}", file=sys.stderr)
            self.failed = True
        sys.stdout.flush()
        self.left -= 1
        if self.left == 0:
            self.client.disconnect()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("device")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--prefix", default="vnotch")
    parser.add_argument("--count", type=int, default=0,
                        help="end after so many messages (default: never)")
    subscriber = Subscriber(parser.parse_args())
    subscriber.client.loop_forever()
    return 1 if subscriber.failed else 0


if __name__ == "__main__":
    sys.exit(main())
