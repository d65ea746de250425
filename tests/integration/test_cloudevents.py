"""Over MQTT 5 summaries, alerts and dead letters are CloudEvents: their attributes are user
properties, beside the content type. Over 3.1.1 the payloads say the same."""

import json
import os
import re
import unittest

import cbor2
import paho.mqtt.client as mqtt

from harness import BASE_MS, Broker, Case, configuration, wait_for

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
TYPES = {"summary": "io.vnotch.summary", "alert": "io.vnotch.alert.state",
         "event": "io.vnotch.alert.event", "dead-letter": "io.vnotch.dead-letter"}
INPUTS = """
- topic: "in/{sensor}"
  format: json
  fields: [{path: v, series: "{sensor}"}]
  time: {path: t, unit: ms}
"""
PIPELINES = """
- name: plant
  match: "*"
  unit: Cel
  resolution: 0.1
  windows: [{name: minute, tumbling: 1m}]
  alerts: [{name: hot, above: 80, hysteresis: 5, severity: critical}]
"""
# One alert that fires and ends, one window that closes, one message that can't be read.
MESSAGES = [("in/a", json.dumps({"t": BASE_MS + 20000 * i, "v": v}))
            for i, v in enumerate((20, 81, 82, 70, 20))] + [("in/a", '{"v": 21,37}')]
MADE = {"summary": 1, "alert": 2, "event": 2, "dead-letter": 1}


def kind_of(message):
    return message.topic.removeprefix("vnotch/gw/").split("/")[0]


def identity(message):
    """device, boot and seq as the payload has them."""
    if kind_of(message) == "summary":
        payload = cbor2.loads(message.payload)
        return payload[1], payload[2], payload[3]
    payload = json.loads(message.payload)
    return payload["device"], payload["boot"], payload["seq"]


def attributes(message):
    pairs = getattr(message.properties, "UserProperty", [])
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


class CloudEvents(Case):
    def subscriber(self, broker):
        return self.client(broker, version=mqtt.MQTTv5, topics=("vnotch/#",))

    def results(self, client):
        return [message for message in client.all_messages()
                if message.payload and kind_of(message) in TYPES]

    def wait_results(self, client):
        wait_for(lambda: len(self.results(client)) >= sum(MADE.values()), 20,
                 lambda: f"all results, of {[m.topic for m in self.results(client)]}")
        found = self.results(client)
        counts = {kind: sum(kind_of(message) == kind for message in found) for kind in TYPES}
        self.assertEqual(counts, MADE)
        return found

    def check_event(self, message):
        kind, (device, boot, seq) = kind_of(message), identity(message)
        found = attributes(message)
        self.assertEqual(found.keys(), {"specversion", "type", "source", "id", "time"}, kind)
        self.assertEqual((found["specversion"], found["type"], found["source"], found["id"]),
                         ("1.0", TYPES[kind], "/vnotch/gw", f"{device}:{boot}:{seq}"))
        self.assertRegex(found["time"], RFC3339)
        content = "application/cbor" if kind == "summary" else "application/json"
        self.assertEqual(message.properties.ContentType, content)
        indicator = getattr(message.properties, "PayloadFormatIndicator", 0)
        self.assertEqual(indicator, 0 if kind == "summary" else 1)

    def state(self):
        with open(self.state_file(), "rb") as file:
            return file.read()

    def test_results_are_events(self):
        broker = self.broker()
        daemon = self.daemon(configuration(broker.port, INPUTS, PIPELINES)).start()
        client = self.subscriber(broker)
        client.publish_all(MESSAGES)
        found = self.wait_results(client)
        for message in found:
            self.check_event(message)
        self.assertEqual(len({attributes(m)["id"] for m in found}), len(found))
        times = [attributes(m)["time"] for m in found if kind_of(m) == "event"]
        self.assertEqual(times, ["2023-11-14T22:14:20.000Z", "2023-11-14T22:15:00.000Z"])
        events = [json.loads(m.payload)["id"] for m in found if kind_of(m) == "event"]
        self.assertEqual(events, ["gw:hot:a:1:firing", "gw:hot:a:1:resolved"])
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_what_is_sent_after_a_restart_keeps_its_identity(self):
        """Made while the other broker was down, told by the next start of the device."""
        broker = self.broker()
        upstream = Broker(os.path.join(self.folder, "upstream"))
        text = configuration(broker.port, INPUTS, PIPELINES, state=f"file: {self.state_file()}",
                             upstream=f"{{uri: 'mqtt://127.0.0.1:{upstream.port}', mqtt: 5}}")
        self.addCleanup(upstream.stop)
        upstream.start()
        daemon = self.daemon(text).start()
        upstream.stop()
        self.client(broker).publish_all(MESSAGES)
        wait_for(lambda: b"dead-letter" in self.state(), 20, "the last of them is committed")
        self.assertEqual(daemon.stop(), 0, daemon.log())
        upstream.start()
        late = self.subscriber(upstream)
        daemon.start()
        found = self.wait_results(late)
        boots = {identity(message)[1] for message in found}
        self.assertEqual(len(boots), 1)
        before = boots.pop()  # the retained figures of that start may still be there
        self.wait_json(late, "vnotch/gw/stats", lambda stats: stats["boot"] > before)
        for message in found:
            self.check_event(message)
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_over_311_the_payloads_say_it_all(self):
        broker = self.broker()
        daemon = self.daemon(configuration(broker.port, INPUTS, PIPELINES, mqtt="3.1.1")).start()
        client = self.subscriber(broker)
        client.publish_all(MESSAGES)
        found = self.wait_results(client)
        self.assertEqual([attributes(message) for message in found], [{}] * len(found))
        self.assertEqual(len({identity(message) for message in found}), len(found))
        self.assertEqual(daemon.stop(), 0, daemon.log())


if __name__ == "__main__":
    unittest.main()
