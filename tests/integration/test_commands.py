"""Commands for alerts through a real broker: events, retained states, answers, power cuts."""

import json
import os
import shutil
import subprocess
import unittest

import paho.mqtt.client as mqtt
from harness import BASE_MS, STUCK_S, Broker, Case, configuration, wait_for
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

INPUTS = """
- topic: "plant/{name}"
  format: json
  fields: [{path: v, series: "{name}"}]
  time: {path: t, unit: ms}
"""
PIPELINES = """
- name: temperature
  match: "*"
  resolution: 0.01
  windows:
    - {name: minute, tumbling: 1m, statistics: [count]}
  alerts:
    - {name: overheat, above: 80, hysteresis: 5, severity: critical, latch: true}
"""
COMMAND = "vnotch/gw/command"
RESPONSE = "vnotch/gw/response"
STATE = "vnotch/gw/alert/overheat/a"
TOOLS = os.environ.get("PATH", "") + ":/usr/bin"
MOSQUITTO_PUB = shutil.which("mosquitto_pub", path=TOOLS)
MOSQUITTO_RR = shutil.which("mosquitto_rr", path=TOOLS)


def reading(seconds, value):
    return "plant/a", json.dumps({"v": value, "t": BASE_MS + 1000 * seconds})


class Commands(Case):
    def start(self, version="5", **options):
        broker = self.broker()
        text = configuration(broker.port, INPUTS, PIPELINES, f"file: {self.state_file()}",
                             mqtt=version, **options)
        client = self.client(broker, topics=("vnotch/#", "ann/#"))
        daemon = self.daemon(text).start()
        return broker, client, daemon

    def fire(self, client):
        client.publish_all([reading(0, 85)])
        self.wait_json(client, STATE, lambda state: state["state"] == "firing")

    def answers(self, client, topic=RESPONSE):
        return [json.loads(payload) for payload in client.on(topic)]

    def ask(self, client, members):
        """Publishes a command and waits for its answer; earlier ones may come again."""
        name = f"id {len(client.on(RESPONSE))}"
        client.publish_all([(COMMAND, json.dumps({**members, "id": name}))])
        def found():
            return [answer for answer in self.answers(client) if answer["id"] == name]
        wait_for(found, 10, f"an answer to {members}")
        return found()[0]

    def publish_by_tool(self, broker, members):
        subprocess.run([MOSQUITTO_PUB, "-p", str(broker.port), "-q", "1", "-t", COMMAND, "-m",
                        json.dumps(members)], check=True, timeout=STUCK_S)

    def check_from_a_terminal(self, version):
        broker, client, _ = self.start(version)
        self.fire(client)
        self.publish_by_tool(broker, {"command": "acknowledge", "alert": "overheat", "by": "ann",
                                      "comment": "on my way", "id": "a1"})
        wait_for(lambda: client.on(RESPONSE), 10, "an answer")
        answer = self.answers(client)[0]
        self.assertEqual((answer["id"], answer["result"], answer["changed"]), ("a1", "done", 1))
        state = self.wait_json(client, STATE, lambda state: state.get("acknowledged"))
        self.assertEqual(state["state"], "firing")
        wait_for(lambda: len(client.on("vnotch/gw/event")) >= 2, 10, "the event")
        event = json.loads(client.on("vnotch/gw/event")[-1])
        self.assertEqual((event["phase"], event["by"], event["comment"]),
                         ("acknowledged", "ann", "on my way"))
        self.assertFalse(any(m.retain for m in client.all_messages() if m.topic == RESPONSE))
        figures = self.wait_json(client, "vnotch/gw/stats", lambda s: s["commands"]["received"] > 0)
        self.assertEqual(figures["commands"], {"received": 1, "refused": 0})
        self.assertEqual(figures["messages"]["refused"], 0)

    @unittest.skipIf(MOSQUITTO_PUB is None, "mosquitto_pub is not installed")
    def test_a_command_from_a_terminal_is_told_and_answered_with_mqtt_5(self):
        self.check_from_a_terminal("5")

    @unittest.skipIf(MOSQUITTO_PUB is None, "mosquitto_pub is not installed")
    def test_a_command_from_a_terminal_is_told_and_answered_with_mqtt_3(self):
        self.check_from_a_terminal("3.1.1")

    def test_the_figures_of_all_alerts_follow_what_people_do(self):
        """The alert is stale: its reading is of 2023."""
        _, client, _ = self.start()
        self.fire(client)
        self.ask(client, {"command": "acknowledge", "alert": "overheat"})
        self.ask(client, {"command": "shelve", "alert": "overheat", "for": "1h"})
        told = self.wait_json(client, "vnotch/gw/stats", lambda s: s["alerts"]["shelved"] > 0)
        self.assertEqual(told["alerts"], {
            "active": 1, "unacknowledged": 0, "latched": 0, "suppressed": 0, "shelved": 1,
            "out_of_service": 0, "no_data": 0, "stale": 1, "chattering": 0, "activations": 1,
            "muted": 0, "per_hour": 1, "flood": False})

    def request(self, client, topic, correlation):
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = topic
        if correlation:
            properties.CorrelationData = correlation
        client.client.publish(COMMAND, json.dumps({"command": "list"}), qos=1,
                              properties=properties)

    def test_a_request_of_mqtt_5_gets_its_answer_where_it_wants_it(self):
        broker, _, _ = self.start()
        client = self.client(broker, topics=("ann/#", RESPONSE), version=mqtt.MQTTv5)
        correlation = bytes(range(64))
        self.request(client, "ann/inbox", correlation)
        wait_for(lambda: client.on("ann/inbox"), 10, "an answer on the topic of the request")
        answer = client.all_messages()[-1]
        self.assertEqual(answer.properties.CorrelationData, correlation)
        self.assertEqual(answer.properties.ContentType, "application/json")
        self.assertEqual(json.loads(answer.payload)["alerts"], [])
        self.request(client, "ann/inbox", bytes(65))
        self.request(client, "vnotch/other/command", b"x")
        wait_for(lambda: len(client.on(RESPONSE)) == 2, 10, "answers that go to the usual topic")
        self.assertEqual(len(client.on("ann/inbox")), 1)

    @unittest.skipIf(MOSQUITTO_RR is None, "mosquitto_rr is not installed")
    def test_the_request_and_response_client_of_mosquitto_works(self):
        broker, _, _ = self.start()
        told = subprocess.run([MOSQUITTO_RR, "-V", "5", "-p", str(broker.port), "-q", "1", "-t",
                               COMMAND, "-e", "ann/inbox", "-m", '{"command": "list"}'],
                              capture_output=True, check=True, timeout=STUCK_S).stdout
        self.assertEqual(json.loads(told)["result"], "done")

    def test_what_was_answered_is_there_after_kill_9(self):
        _, client, daemon = self.start()
        self.fire(client)
        for members, member, expected in (
                ({"command": "acknowledge"}, "acknowledged", True),
                ({"command": "shelve", "once": True}, "shelved_once", True),
                ({"command": "out_of_service"}, "out_of_service", True),
                ({"command": "in_service"}, "out_of_service", None),
                ({"command": "unshelve"}, "shelved_once", None)):
            answer = self.ask(client, {**members, "alert": "overheat"})
            self.assertEqual(answer["result"], "done")
            daemon.kill()
            daemon.start()
            listed = self.ask(client, {"command": "list"})
            self.assertEqual(listed["alerts"][0].get(member), expected, listed)
            self.assertEqual(listed["alerts"][0]["state"], "firing")
        client.publish_all([reading(10, 20)])
        self.wait_json(client, STATE, lambda state: state.get("latched"))
        self.assertEqual(self.ask(client, {"command": "reset", "alert": "overheat"})["changed"], 1)
        daemon.kill()
        daemon.start()
        listed = self.ask(client, {"command": "list", "state": "normal"})
        self.assertEqual([alert["alert"] for alert in listed["alerts"]], ["overheat"])

    def test_a_retained_command_is_refused_at_each_connection(self):
        broker = self.broker()
        client = self.client(broker)
        client.publish(COMMAND, '{"command": "list", "id": "old"}', retain=True).wait_for_publish()
        text = configuration(broker.port, INPUTS, PIPELINES)
        daemon = self.daemon(text).start()
        wait_for(lambda: client.on(RESPONSE), 10, "an answer")
        self.assertEqual(self.answers(client)[0]["error"], "retained")
        self.assertEqual(self.answers(client)[0]["id"], "old")
        self.assertEqual(daemon.stop(), 0)

    def test_operators_at_the_upstream_broker_are_heard_too(self):
        folders = [os.path.join(self.folder, name) for name in ("inner", "outer")]
        inner, outer = (Broker(folder).start() for folder in folders)
        self.addCleanup(inner.stop)
        self.addCleanup(outer.stop)
        plant, office = self.client(inner), self.client(outer)
        text = configuration(inner.port, INPUTS, PIPELINES,
                             upstream=f"{{uri: 'mqtt://127.0.0.1:{outer.port}'}}")
        self.daemon(text).start()
        wait_for(lambda: office.on("vnotch/gw/status") == [b"online"], 10, "status online")
        plant.publish_all([reading(0, 85)])
        self.wait_json(office, STATE, lambda state: state["state"] == "firing")
        answer = self.ask(office, {"command": "acknowledge", "alert": "overheat"})
        self.assertEqual(answer["changed"], 1)
        plant.publish_all([(COMMAND, '{"command": "list", "id": "plant"}')])
        wait_for(lambda: len(office.on(RESPONSE)) == 2, 10, "an answer to the plant's command")
        self.assertEqual(self.answers(office)[1]["id"], "plant")

    def test_an_answer_that_the_broker_refuses_holds_up_nothing(self):
        rules = os.path.join(self.folder, "rules")
        with open(rules, "w", encoding="utf-8") as file:
            file.write("topic readwrite vnotch/#\ntopic readwrite plant/#\n")
        broker = self.broker(extra=f"acl_file {rules}")
        client = self.client(broker, version=mqtt.MQTTv5)
        daemon = self.daemon(configuration(broker.port, INPUTS, PIPELINES)).start()
        self.request(client, "forbidden/inbox", b"x")
        wait_for(lambda: "refuses a message for good" in daemon.log(), 10, daemon.log)
        client.publish_all([reading(0, 85)])
        # Some brokers end the connection as well: a second attempt would do so for ever.
        self.wait_json(client, STATE, lambda state: state["state"] == "firing")
        self.wait_json(client, "vnotch/gw/stats", lambda s: s["mqtt"]["refused"] == 1)

    def test_without_commands_the_topic_is_not_subscribed_to(self):
        _, client, daemon = self.start(commands="{enabled: false}")
        client.publish_all([(COMMAND, '{"command": "list"}'), reading(0, 85)])
        self.wait_json(client, STATE, lambda state: state["state"] == "firing")
        figures = self.wait_json(client, "vnotch/gw/stats", lambda s: s["messages"]["received"] > 0)
        self.assertEqual(figures["commands"], {"received": 0, "refused": 0})
        self.assertEqual(client.on(RESPONSE), [])
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main()
