"""What alerts must do, worked out from docs/alerts.md alone: rules A1 to A32, commands C1 to C6.

A device is a dict: pipelines (each with name, match, windows, alerts and its other keys, scalars as
the text of the configuration) and optionally flood. A trace is a list of dicts: readings, ticks,
watermarks, the end of input, and commands ({"command": payload, "at": ms}). Result: the lines
"alert" and "event" of a replay.
"""
import fnmatch
from fractions import Fraction

import alert_commands
from alert_conditions import ORDERED, Condition, Silence, Verdict, duration
from alert_muting import Flood, Teller
from ordered_oracle import OrderedOracle
from window_oracle import FOREVER, WindowOracle

OPEN = ("firing", "recovering")


class Alert:
    """The state machine of one alert of one series (A3 to A7, A9, A12, A19, A21, A22)."""

    def __init__(self, rule, pipeline, series, earlier):
        """`earlier`: the alerts in front of this one, of the same series."""
        self.rule, self.series = rule, series
        self.device = pipeline.device
        self.condition = Condition(rule)
        named = {alert.rule["name"]: alert for alert in earlier}
        self.verdict = Verdict(rule, named[rule["after"]].verdict if "after" in rule else None)
        self.causes = []
        self.hold = duration(rule.get("for"), 0)
        self.keep = duration(rule.get("keep_firing_for"), 0)
        self.least = int(rule.get("min_samples", "1"))
        self.latch = rule.get("latch") == "true"
        self.no_data_after = duration(rule.get("no_data_after"))
        self.silence = Silence(rule) if "absent_for" in rule else None
        self.state = "normal"
        self.is_dark = False    # no_data hides the state
        self.since, self.samples = None, 0
        self.episode, self.level, self.level_before = 0, 0, 0
        self.is_latched = False
        self.arrived = self.device.now  # silence counts from the first reading, arrival or not
        self.is_heard = False
        self.is_silent = False  # this silence was told, or fired, already
        self.teller = Teller(self, self.device)

    def shown_level(self):
        return self.level if self.is_open() else 0

    def is_open(self):
        """As people see it."""
        return self.state in OPEN and not self.is_dark

    def inhibits(self):
        return self.is_open() and not self.is_latched

    def go(self, state, at):
        self.state = state
        if not self.is_dark:
            self.show(state, at)

    def show(self, state, at):
        line = {"type": "alert", "index": self.device.index, "alert": self.rule["name"],
                "series": self.series, "state": state, "episode": self.episode, "at": at}
        if "levels" in self.rule:
            line["level"] = self.shown_level()
        self.device.put_line(line)

    # Evaluations

    def evaluate(self, t, seen):
        """Whether it was an evaluation."""
        level = self.condition.take(t, seen)
        if level is None:
            return False
        verdict = self.verdict.take(t, level)
        if self.state in OPEN:
            self.step_open(t, verdict)
        else:
            self.step_closed(t, verdict)
        return True

    def step_closed(self, t, level):
        if not level:
            if self.state == "pending":
                self.go("normal", t)
            return
        if self.state == "normal":
            self.since, self.samples = t, 0
        self.samples += 1
        if t >= self.since + self.hold and self.samples >= self.least:
            self.begin(t, level)
        elif self.state == "normal":
            self.go("pending", t)

    def begin(self, at, level):
        self.episode += 1
        self.level = level
        self.go("firing", at)
        self.teller.begin(at)

    def step_open(self, t, level):
        was_firing = self.state == "firing"
        if level:
            self.level_before, self.level = self.level, level
            self.is_latched = False
            if not was_firing:
                self.go("firing", t)
            self.teller.goes_on(t, was_firing)
            return
        if was_firing:
            self.since = t
            if self.keep > 0 or self.latch:
                self.go("recovering", t)
        if not self.is_latched and t >= self.since + self.keep and (
                not was_firing or self.keep == 0):
            self.over(t)

    def over(self, at):
        """Where it would return to normal (A22)."""
        if self.latch:
            self.is_latched = True
            self.teller.latched(at)
        else:
            self.end(at)

    def end(self, at):
        self.is_latched = False
        self.go("normal", at)
        self.teller.end(at)

    def reset(self, now):
        self.end(now)

    # Silence

    def arrive(self, now):
        if self.silence and self.is_heard and not self.is_silent:
            self.silence.learn(now - self.arrived)
        if self.silence and self.state == "firing":
            self.end(now)
        elif self.is_dark:
            self.is_dark = False
            self.show(self.state, now)
            self.teller.data(now)
        self.arrived, self.is_heard, self.is_silent = now, True, False

    def tick(self, now):
        if not self.judge(now) and self.silence and self.state == "firing":
            self.teller.repeat(now)

    def judge(self, now):
        """Whether a silence was found to be too long."""
        patience = self.silence.patience() if self.silence else self.no_data_after
        if patience is None or self.is_silent or now - self.arrived < patience:
            return False
        self.is_silent = True
        at = self.arrived + patience
        if self.silence:
            self.begin(at, 1)
        else:
            self.state = "normal" if self.state == "pending" else self.state
            self.is_dark = True
            self.show("no_data", at)
            self.teller.no_data(at)
        return True

    def give_up(self, at):
        """The series ends (A32)."""
        was_open = self.state in OPEN
        if self.state != "normal" or self.is_dark:
            self.is_dark = False
            self.go("normal", at)
        if was_open:
            self.teller.end(at)


class Waiting:
    """A20: the readings of a series that wait for the watermark."""

    def __init__(self, most):
        self.most = most
        self.readings = []  # (t, number of arrival, v)
        self.taken = 0

    def put(self, t, v):
        self.readings.append((t, self.taken, v))
        self.taken += 1

    def passed(self, mark):
        """What is evaluated now, in order."""
        self.readings.sort()
        while self.readings and (self.readings[0][0] <= mark or len(self.readings) > self.most):
            t, _, v = self.readings.pop(0)
            yield t, v


class Pipeline:
    def __init__(self, device, keys):
        self.device, self.keys = device, keys
        self.rules = keys.get("alerts", [])
        self.windows = windows_of(keys)
        self.range = [Fraction(value) for value in keys.get("range", ["-2e9", "2e9"])]
        self.time_to_live = duration(keys.get("time_to_live"))
        self.series = {}   # name -> alerts
        self.waiting = {}  # name -> Waiting
        self.arrived = {}  # name -> now

    def open_series(self, name):
        alerts = []
        for rule in self.rules:
            alerts.append(Alert(rule, self, name, alerts))
        for alert in alerts:
            alert.causes = [other for other in alerts
                            if other.rule["name"] in alert.rule.get("inhibited_by", [])]
        self.series[name] = alerts
        self.device.enter(name, self)
        self.arrived[name] = self.device.now
        self.waiting[name] = Waiting(int(self.keys.get("reorder", "16")))

    def mark(self, name):
        return self.windows.mark(self.windows.scope_of(name))

    def evaluate(self, name, t, seen, wanted):
        """One reading or result, for the alerts that want it; then what that made due."""
        done = [alert.evaluate(t, seen) for alert in self.series[name] if wanted(alert.rule)]
        if any(done):
            self.tell_due(name, t)

    def tell_due(self, name, at):
        for alert in self.series[name]:
            alert.teller.try_to_tell(at)

    def reading(self, name, t, v):
        if name not in self.series:
            self.open_series(name)
        now = self.device.now
        if self.windows.max_future is not None and t > now + self.windows.max_future:
            return  # W9: it is no arrival
        self.arrived[name] = now
        for alert in self.series[name]:
            alert.judge(now)
        for alert in self.series[name]:
            alert.arrive(now)
        if not self.range[0] <= v <= self.range[1]:
            self.windows.arrived[self.windows.scope_of(name)] = self.windows.steady
            return  # refused, yet an arrival
        self.windows.reading(self.device.index, name, t, v)
        if any(by_event(rule) for rule in self.rules):
            self.waiting[name].put(t, v)
        self.look_at_results(name)
        self.evaluate(name, t, v, lambda rule: of_values(rule) and not by_event(rule))

    def look_at_results(self, first=None):
        """Of each series what the watermark let go, then the windows that were told."""
        names = [name for name, _ in self.device.in_order() if name in self.series]
        for name in sorted(names, key=lambda name: name != first):
            self.look_at_series(name)

    def look_at_series(self, name):
        for t, v in self.waiting[name].passed(self.mark(name)):
            self.evaluate(name, t, v, by_event)
        lines = [line for line in self.windows.lines if line["series"] == name]
        self.windows.lines = [line for line in self.windows.lines if line["series"] != name]
        for line in lines:
            if line["type"] == "summary" and line["rev"] == 0:
                at = line.get("to", line["end"])
                self.evaluate(name, at, line, lambda rule, of=line["window"]:
                              rule.get("of", "value").split(".")[0] == of)

    def tick(self):
        self.windows.tick(self.device.index)
        self.pass_idle()
        if self.windows.common:
            self.look_at_results()

    def tick_series(self, name):
        """Silences, then what idle_timeout closed, then what is due."""
        now = self.device.now
        for alert in self.series[name]:
            alert.teller.tick()
            alert.tick(now)
        self.look_at_series(name)
        self.tell_due(name, now)

    def pass_idle(self):
        idle = self.windows.idle_timeout
        for name, waiting in self.waiting.items():
            scope = self.windows.scope_of(name)
            if idle is not None and waiting.readings and (
                    self.windows.steady - self.windows.arrived[scope] >= idle):
                latest = max(t for t, _, _ in waiting.readings)
                self.windows.raise_mark(self.device.index, scope, latest, "idle")

    def give_up_if_due(self, name):
        life = self.time_to_live
        if life is not None and self.device.now - self.arrived[name] >= life:
            self.give_up(name)

    def give_up(self, name):
        for t, v in self.waiting[name].passed(FOREVER):
            self.evaluate(name, t, v, by_event)
        for alert in self.series[name]:
            alert.give_up(self.arrived[name] + self.time_to_live)
        for known in (self.series, self.waiting, self.arrived, self.windows.marks,
                      self.windows.arrived, self.windows.taken):
            known.pop(name, None)
        self.device.leave(name)

    def watermark(self, mark, name):
        self.windows.watermark(self.device.index, mark, name)
        self.look_at_results()

    def flush(self):
        for scope in self.windows.scopes():
            self.windows.raise_mark(self.device.index, scope, FOREVER, "on_time")
            self.windows.close_conditions(self.device.index, scope, "on_time")
        self.look_at_results()


def of_values(rule):
    return "absent_for" not in rule and rule.get("of", "value") == "value"


def by_event(rule):
    return of_values(rule) and rule.get("evaluate") == "event"


def windows_of(keys):
    """The window oracle of a pipeline, with statistics in time order where they are asked for."""
    windows = keys.get("windows", [])
    definitions = [window_definition(window) for window in windows]
    delays = {"ooo": duration(keys.get("out_of_order"), 0),
              "lateness": duration(keys.get("allowed_lateness"), 0),
              "scope": keys.get("scope", "series"),
              "idle_timeout": duration(keys.get("idle_timeout")),
              "max_future": duration(keys.get("max_future"))}
    if not any(word in ORDERED for window in windows for word in window.get("statistics", [])):
        return WindowOracle(definitions, **delays)
    rule = {"reorder": int(keys.get("reorder", "16")), "linear": False, "max_hold": None,
            "modulus": None, "half_life": None, "alpha": float(keys.get("alpha", "1"))}
    return OrderedOracle(definitions, rule, **delays)


def window_definition(window):
    """A window of the configuration as the window oracle has it."""
    made = {"name": window["name"]}
    if "condition" in window:
        keys = dict(window["condition"])
        if "max_length" in keys:
            made["max"] = duration(keys.pop("max_length"))
        return {**made, **{key: Fraction(value) for key, value in keys.items()}}
    for shape, length in (("tumbling", "size"), ("sliding", "size"), ("session", "gap"),
                          ("count", "count")):
        if shape in window:
            keys = window[shape]
            keys = keys if isinstance(keys, dict) else {"gap" if length == "gap" else "size": keys}
            size = keys["gap" if length == "gap" else "size"]
            made[length] = int(size) if shape == "count" else duration(size)
            if "slide" in keys:
                made["slide"] = (int if shape == "count" else duration)(keys["slide"])
            if "offset" in keys:
                made["offset"] = duration(keys["offset"])
    return made


class Device:
    def __init__(self, device):
        self.pipelines = [Pipeline(self, keys) for keys in device["pipelines"]]
        self.flood = None
        if "flood" in device:
            self.flood = Flood(device["flood"], device.get("device", "sim"))
        self.index, self.now, self.is_clocked = 0, 0, False
        self.lines, self.events = [], []
        self.places = []  # of series: (name, pipeline), or None where one has ended

    def enter(self, name, pipeline):
        """A series takes the first free place."""
        free = self.places.index(None) if None in self.places else len(self.places)
        self.places[free:free + 1] = [(name, pipeline)]

    def leave(self, name):
        self.places = [None if place and place[0] == name else place for place in self.places]

    def in_order(self):
        return [place for place in self.places if place]

    def alerts(self):
        return [alert for name, pipeline in self.in_order() for alert in pipeline.series[name]]

    def put_line(self, line):
        self.lines.append(line)

    def put_event(self, event):
        self.events.append({"type": "event", "index": self.index, **event})

    def pipeline_of(self, series):
        return next(p for p in self.pipelines if fnmatch.fnmatchcase(series, p.keys["match"]))

    def set_clock(self, event):
        if "at" in event or ("v" in event and not self.is_clocked):
            self.is_clocked = self.is_clocked or "at" in event
            self.now = event.get("at", event.get("t"))
            for pipeline in self.pipelines:
                pipeline.windows.set_clock(self.now)

    def command(self, payload):
        members = alert_commands.parse(payload)
        if members is None:
            return
        command = members["command"]
        until = None if "for" not in members else self.now + duration(members["for"])
        for name, pipeline in self.in_order():
            for alert in pipeline.series[name]:
                if alert.rule["name"] == members["alert"] and (
                        members.get("series", name) == name) and (
                        members.get("episode", alert.episode) == alert.episode) and (
                        alert.teller.can(command)):
                    alert.teller.carry_out(command, until)
                    alert.teller.try_to_tell(self.now)

    def tick(self):
        if self.flood is not None:
            over = self.flood.end(self.now)
            if over:
                self.put_event(over)
        for pipeline in self.pipelines:
            pipeline.tick()
        for name, pipeline in self.in_order():
            pipeline.tick_series(name)
        for name, pipeline in self.in_order():
            pipeline.give_up_if_due(name)

    def run(self, trace):
        for self.index, event in enumerate(trace):
            self.set_clock(event)
            operation = event.get("op")
            if "v" in event:
                self.pipeline_of(event["series"]).reading(
                    event["series"], event["t"], Fraction(event["v"]))
            elif "command" in event:
                self.command(event["command"])
            elif operation == "tick":
                self.tick()
            elif operation == "watermark":
                for pipeline in self.pipelines:
                    pipeline.watermark(event["t"], event.get("series"))
            elif operation == "flush":
                for pipeline in self.pipelines:
                    pipeline.flush()
        return self.lines, self.events


def expected(device, trace):
    """The lines of type alert and event."""
    return Device(device).run(trace)
