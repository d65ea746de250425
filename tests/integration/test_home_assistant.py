"""What Home Assistant sees of vnotchd: entities that appear, change, and go by themselves."""

import contextlib
import itertools
import json
import os
import sys
import time
import unittest

from harness import BASE_MS, SOURCE_DIR, Broker, Case, Client, configuration, wait_for

sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "support"))
from home_assistant import UNAVAILABLE, UNKNOWN, HomeAssistant  # noqa: E402

INPUTS = """
- {topic: "in/{line}/{s}", format: json, fields: [{path: v, series: "{line}/{s}"}],
   time: {path: t, unit: ms}}
"""
PIPELINES = """
- name: temperature
  match: "*/temp"
  unit: Cel
  windows:
    - {name: minute, tumbling: 1m, statistics: [mean, max]}
    - {name: rest, tumbling: 10m, statistics: [max]}
  alerts:
    - {name: hot, above: 80, severity: critical}
    - {name: silent, absent_for: 1h}
    - {name: hidden, above: 0, publish: false}
- name: short
  match: "*/short"
  time_to_live: 1s
  windows: [{name: minute, tumbling: 1m, statistics: [mean]}]
  alerts: [{name: low, below: 5}]
- name: others
"""
HOT = "vnotch/gw/alert/hot/line1/temp"
SILENT = "vnotch/gw/alert/silent/line1/temp"
MEAN = "vnotch/gw/latest/minute/line1/temp"
LOW = "vnotch/gw/alert/low/line1/short"


class Discovery(Case):
    def setUp(self):
        super().setUp()
        self.running = self.broker()
        self.publisher = self.client(self.running, topics=())

    def start(self, **options):
        options.setdefault("homeassistant", "{discovery: true}")
        options.setdefault("state", f"file: {self.state_file()}")
        self.vnotchd = self.daemon(configuration(self.running.port, INPUTS, PIPELINES, **options))
        return self.vnotchd.start()

    def home(self, prefix="homeassistant", broker=None):
        client = Client((broker or self.running).port, topics=())
        self.addCleanup(client.close)
        return HomeAssistant(client.client, prefix)

    def send(self, topic, second, value):
        reading = {"t": BASE_MS + second * 1000, "v": value}
        self.publisher.publish_all([(f"in/{topic}", json.dumps(reading))])

    def wait_state(self, home, entity, state):
        wait_for(lambda: home.state(entity) == state or home.errors, 15,
                 lambda: f"{entity} is {state}, it is {home.state(entity)}: "
                         f"{list(home.entities)}\n{self.vnotchd.log()}")
        self.assertEqual(home.errors, [])

    def test_a_series_appears_with_its_alerts_and_means_and_follows_them(self):
        home = self.home()
        self.start()
        self.send("line1/temp", 0, 21.5)
        self.wait_state(home, HOT, "off")
        self.wait_state(home, SILENT, "off")
        self.wait_state(home, MEAN, UNKNOWN)
        self.send("line1/temp", 30, 22.5)
        self.send("line1/temp", 61, 81)
        self.wait_state(home, HOT, "on")
        self.wait_state(home, MEAN, "22")
        self.assertEqual(set(home.entities), {HOT, SILENT, MEAN})
        self.assertEqual(home.entities[HOT].attributes["severity"], "critical")
        self.assertEqual(home.entities[MEAN].attributes["end"], BASE_MS + 60000)
        self.send("line1/temp", 62, 20)
        self.wait_state(home, HOT, "off")
        hot, mean = home.entities[HOT], home.entities[MEAN]
        self.assertEqual((hot.name, hot.component["platform"]), ("gw line1/temp hot",
                                                                 "binary_sensor"))
        self.assertEqual((mean.component["unit_of_measurement"], mean.component["device_class"]),
                         ("°C", "temperature"))
        self.assertEqual(mean.component["expire_after"], 180)
        self.assertEqual(hot.component["device"]["identifiers"], ["vnotch/gw"])

    def test_a_later_home_assistant_finds_everything_as_it_is(self):
        self.start()
        self.send("line1/temp", 0, 90)
        self.send("line1/temp", 61, 91)
        self.wait_state(self.home(), HOT, "on")
        home = self.home()
        self.wait_state(home, HOT, "on")
        self.wait_state(home, SILENT, "off")
        self.wait_state(home, MEAN, "90")

    def test_entities_are_unavailable_while_the_device_is_away(self):
        home = self.home()
        self.start()
        self.send("line1/temp", 0, 90)
        self.wait_state(home, HOT, "on")
        self.vnotchd.kill()
        self.wait_state(home, HOT, UNAVAILABLE)
        self.vnotchd.start()
        self.wait_state(home, HOT, "on")
        self.wait_state(home, SILENT, "off")

    def test_everything_is_said_again_when_home_assistant_comes_up(self):
        self.start()
        self.send("line1/temp", 0, 21)
        watcher = self.client(self.running, topics=("homeassistant/#", "vnotch/gw/alert/#"))
        topic = "homeassistant/device/gw/line1_temp_"

        def announced():
            return [m for m in watcher.all_messages() if m.topic.startswith(topic)]
        # The states follow the announcement.
        wait_for(lambda: announced() and watcher.on(HOT) and watcher.on(SILENT), 15,
                 "an announcement")
        before = len(announced())
        home = self.home()
        begun = time.monotonic()
        home.say_born()
        wait_for(lambda: len(announced()) > before, 15, "the announcement once more")
        self.assertGreater(time.monotonic() - begun, 0.9, "not at once: others do so, too")
        self.assertEqual({m.payload for m in announced()}, {announced()[0].payload})

    def test_home_assistant_is_at_the_broker_that_results_go_to(self):
        outer = Broker(os.path.join(self.folder, "outer")).start()
        self.addCleanup(outer.stop)
        self.start(upstream=f"{{uri: 'mqtt://127.0.0.1:{outer.port}'}}")
        self.send("line1/temp", 0, 90)
        home = self.home(broker=outer)
        self.wait_state(home, HOT, "on")
        watcher = self.client(outer, topics=("homeassistant/device/#",))
        wait_for(watcher.all_messages, 15, "the retained announcement")
        home.say_born()
        wait_for(lambda: len(watcher.all_messages()) > 1, 15, "the announcement once more")
        self.assertEqual(self.home().entities, {})

    def test_everything_is_said_again_to_a_broker_that_has_lost_it(self):
        self.start()
        self.send("line1/temp", 0, 21)
        self.wait_state(self.home(), HOT, "off")
        self.running.process.kill()
        self.running.process.wait()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.running.folder, "mosquitto.db"))
        self.running.start()
        home = self.home()
        self.wait_state(home, HOT, "off")

    def test_a_series_that_ends_takes_its_entities_and_topics_with_it(self):
        home = self.home()
        self.start()
        self.keep_alive_until(home, "off", 0, 21)
        wait_for(lambda: LOW not in home.entities, 15, "the series is gone")
        self.assertEqual((home.entities, home.errors), ({}, []))
        wait_for(lambda: not self.retained(), 15, self.retained)
        self.keep_alive_until(home, "on", 10000, 1)

    def keep_alive_until(self, home, state, second, value):
        """Readings of the series that ends soon, until its alert is seen in this state."""
        seconds = itertools.count(second)
        def is_seen():
            if home.state(LOW) != state and not home.errors:
                self.send("line1/short", next(seconds), value)
                time.sleep(0.1)
            return home.state(LOW) == state or home.errors
        wait_for(is_seen, 60, lambda: f"{state}: {list(home.entities)}\n{self.vnotchd.log()}")
        self.assertEqual(home.errors, [])

    def retained(self):
        """What is there for a subscriber: it comes before what is published after it."""
        client = self.client(self.running, topics=("vnotch/gw/alert/#", "vnotch/gw/latest/#",
                                                   "homeassistant/device/#", "mark"))
        client.publish("mark", b"")
        wait_for(lambda: client.on("mark"), 60, "the mark")
        return [(message.topic, message.payload) for message in client.all_messages()
                if message.topic != "mark"]

    def test_alerts_alone_appear_where_latest_results_are_not_wanted(self):
        home = self.home("ha/x")
        text = configuration(self.running.port, INPUTS, PIPELINES,
                             homeassistant="{discovery: true, prefix: ha/x}",
                             alerts="{flood: {alerts: 100, per: 1m}}")
        self.vnotchd = self.daemon(text.replace("flush_every: 50ms",
                                                "flush_every: 50ms, latest: false"))
        self.vnotchd.start()
        self.send("line1/temp", 0, 21)
        self.wait_state(home, HOT, "off")
        self.wait_state(home, "vnotch/gw/alert/flood/gw", "off")
        self.send("line1/temp", 61, 90)
        self.wait_state(home, HOT, "on")
        self.assertEqual([t for t, _ in self.retained() if "/latest/" in t], [])

    def test_our_own_announcements_are_no_readings(self):
        self.start(homeassistant="{discovery: true}", capacity="{series: 5}")
        watcher = self.client(self.running)
        self.send("line1/temp", 0, 21)
        self.wait_json(watcher, "vnotch/gw/stats",
                       lambda stats: stats["readings"]["accepted"] == 1)
        self.assertEqual(watcher.on("vnotch/gw/dead-letter"), [])

    def test_latest_results_come_without_discovery(self):
        watcher = self.client(self.running)
        text = configuration(self.running.port, INPUTS, PIPELINES)
        self.vnotchd = self.daemon(text.replace("flush_every: 50ms",
                                                "flush_every: 50ms, latest: true"))
        self.vnotchd.start()
        for second in (0, 61, 122):
            self.send("line1/temp", second, 20 + second)
        latest = self.wait_json(watcher, MEAN, lambda latest: latest["start"] > BASE_MS)
        self.assertEqual(latest, {
            "pipeline": "temperature", "window": "minute", "series": "line1/temp",
            "start": BASE_MS + 60000, "end": BASE_MS + 120000, "kind": "on_time", "rev": 0,
            "count": 1, "mean": 81, "max": 81, "flags": ["final"], "device": "gw",
            "boot": latest["boot"]})
        self.assertTrue(all(m.retain or m.topic == MEAN for m in watcher.all_messages()
                            if m.topic.startswith("vnotch/gw/latest/")))


if __name__ == "__main__":
    unittest.main()
