"""Defects that users of other programs met, as scenarios: what alerts do here instead.

Each scenario is named after what it shows; the threads that tell of the defect are named beside it.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import replay  # noqa: E402

SECOND, MINUTE = 1000, 60000


def config(alerts, pipeline=""):
    return ("pipelines:\n  - name: p\n    resolution: 0.1\n    range: [-1000, 5000]\n"
            + "".join(f"    {line}\n" for line in pipeline.splitlines())
            + "    alerts:\n" + "".join(f"      - {{{alert}}}\n" for alert in alerts))


def readings(values, every=SECOND, series="a", start=0):
    return [{"series": series, "at": start + i * every, "t": start + i * every, "v": v}
            for i, v in enumerate(values)]


class Defects(unittest.TestCase):
    def setUp(self):
        self.runner = replay.Replay()
        self.addCleanup(self.runner.folder.cleanup)

    def states(self, text, events, alert=None):
        """(alert's state, at) of each change, and the totals."""
        results, totals = self.runner.run(text, events)
        return [(line["state"], line["at"]) for line in results if line["type"] == "alert"
                and alert in (None, line["alert"])], totals

    def episodes(self, alert, values):
        results, _ = self.runner.run(config([alert]), readings(values))
        return max(line["episode"] for line in results if line["type"] == "alert")

    def test_flapping_around_a_limit_is_one_episode(self):
        """netdata#945: 69.9, 70.1, 69.9, ... floods with alarms."""
        flapping = [69.9, 70.1] * 50 + [64.9]
        self.assertEqual(self.episodes("name: hot, above: 70", flapping), 50)
        self.assertEqual(self.episodes("name: hot, above: 70, hysteresis: 5", flapping), 1)
        self.assertEqual(self.episodes("name: hot, above: 70, keep_firing_for: 1m", flapping), 1)

    def test_over_200_a_for_10_s_means_all_of_10_s(self):
        """ekuiper#3346, #3347: the documented recipe fires wrongly."""
        text = config(["name: current, above: 200, for: 10s"])
        dips = [201] * 9 + [200] + [201] * 10 + [201]
        states, _ = self.states(text, readings(dips))
        self.assertEqual(states, [("pending", 0), ("normal", 9000), ("pending", 10000),
                                  ("firing", 20000)])

    def test_over_200_a_for_10_s_counts_in_the_time_of_the_readings(self):
        """A burst that was held up on its way arrives at once: ten seconds have passed in it."""
        burst = [{"series": "a", "at": 60000, "t": t, "v": 201} for t in range(0, 11000, 1000)]
        states, _ = self.states(config(["name: current, above: 200, for: 10s"]), burst)
        self.assertEqual(states, [("pending", 0), ("firing", 10000)])

    def test_a_reading_out_of_order_does_not_end_an_alert(self):
        events = readings([80, 80, 80])
        events.insert(2, {"series": "a", "at": 1500, "t": 500, "v": 20})
        states, totals = self.states(config(["name: hot, above: 70"], "out_of_order: 2s"), events)
        self.assertEqual(states, [("firing", 0)])
        self.assertEqual(totals["late_for_alerts"], 1)

    def test_a_derivative_ends_with_its_data(self):
        """home-assistant/core#53425: a derivative keeps its last value in silence."""
        text = config(["name: rising, rate_of_change: {above: 5, per: 1s}, no_data_after: 30s"])
        events = readings([0, 10, 20]) + [{"op": "tick", "at": 40000}] + readings([21], start=50000)
        states, _ = self.states(text, events)
        self.assertEqual(states, [("firing", 1000), ("no_data", 32000), ("firing", 50000),
                                  ("normal", 50000)])

    def test_a_silent_sensor_is_told_once_and_alone(self):
        """mqttwarn#361, kapacitor#564, #1433: silence can't be told, or is told of all."""
        events = readings([1] * 3) + readings([1] * 40, series="b", start=500)
        events.sort(key=lambda event: event["at"])
        events += [{"op": "tick", "at": at} for at in range(33000, 41000, 1000)]
        events.sort(key=lambda event: event["at"])
        results, _ = self.runner.run(config(["name: silent, absent_for: 30s"]), events)
        told = [(line["series"], line["state"], line["at"]) for line in results
                if line["type"] == "alert"]
        self.assertEqual(told, [("a", "firing", 32000)])

    def test_a_timestamp_from_the_future_neither_fires_nor_stops_anything(self):
        """ekuiper#530: one date in 2036, and all later readings vanish."""
        text = config(["name: hot, above: 70"],
                      "max_future: 5s\nwindows: [{name: m, tumbling: 10s}]")
        events = readings([20, 20])
        events.insert(1, {"series": "a", "at": 500, "t": 315360000000, "v": 99})
        events += readings([80], start=12000)
        states, totals = self.states(text, events)
        self.assertEqual(states, [("firing", 12000)])
        self.assertEqual(totals["quarantined"], 1)
        self.assertEqual(totals["accepted"], 3)

    def test_a_maximum_that_has_left_the_window_ends_its_alert(self):
        """Fluent Bit's hopping maximum never forgets while readings go on."""
        text = config(["name: peak, of: ten.max, above: 50"],
                      "windows: [{name: ten, sliding: {size: 10s, slide: 2s}, "
                      "statistics: [count, max]}]")
        states, _ = self.states(text, readings([10, 100] + [10] * 38))
        self.assertEqual(states, [("firing", 2000), ("normal", 12000)])

    def test_the_last_window_of_a_silent_series_is_looked_at(self):
        """eKuiper: the last window never closes until something else comes."""
        text = config(["name: busy, of: m.count, above: 2"],
                      "idle_timeout: 5s\nwindows: [{name: m, tumbling: 10s}]")
        states, _ = self.states(text, readings([1, 1, 1]) + [{"op": "tick", "at": 8000}])
        self.assertEqual(states, [("firing", 10000)])

    def test_a_reading_within_its_open_window_counts_however_old_it_is(self):
        """eKuiper judges lateness by event: an open window loses what belongs to it."""
        text = config(["name: busy, of: m.count, above: 3"], "windows: [{name: m, tumbling: 1m}]")
        events = readings([1, 1, 1], every=20 * SECOND)
        events.append({"series": "a", "at": 41000, "t": 2000, "v": 1})
        events += readings([1], start=MINUTE)
        states, _ = self.states(text, events)
        self.assertEqual(states, [("firing", MINUTE)])

    def test_the_same_message_twice_is_one_alert(self):
        """influxdb#19711: two notifications of one change."""
        text = ("inputs:\n  - topic: \"in/{name}\"\n    format: json\n"
                "    fields: [{path: v, series: \"{name}\"}]\n    time: {path: t, unit: ms}\n"
                "    sequence: {path: n}\n" + config(["name: hot, above: 70"]))
        events = [{"at": n * 1000, "topic": "in/a",
                   "payload": f'{{"t": {n * 1000}, "v": {v}, "n": {n}}}'}
                  for n, v in ((1, 20), (2, 80), (2, 80), (3, 80), (2, 80), (4, 20), (2, 80))]
        states, totals = self.states(text, events)
        self.assertEqual(states, [("firing", 2000), ("normal", 4000)])
        self.assertEqual(totals["duplicate"], 3)

    def test_a_clock_that_steps_back_an_hour_changes_no_alert_of_event_time(self):
        """Telegraf's windows follow the clock of the wall."""
        values = [20, 80, 80, 20]
        steady = readings(values)
        stepped = [dict(event, at=event["at"] - (0 if i < 2 else 3600000))
                   for i, event in enumerate(steady)]
        text = config(["name: hot, above: 70, for: 1s"])
        self.assertEqual(self.states(text, steady)[0], self.states(text, stepped)[0])

    def test_a_gap_in_the_data_is_no_proof_that_all_is_well(self):
        """Prometheus resolves for lack of data: here a reading has to end an episode."""
        text = config(["name: hot, above: 70, no_data_after: 10s"])
        events = readings([80]) + [{"op": "tick", "at": 20000}] + readings([80], start=30000)
        states, _ = self.states(text, events)
        self.assertEqual(states, [("firing", 0), ("no_data", 10000), ("firing", 30000)])


if __name__ == "__main__":
    unittest.main()
