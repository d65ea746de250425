"""Cases of alerts: the table of tests/conformance/data/alert_cases, configurations, traces, lines.

A case is {"name", "rules", "device", "trace", "lines", "events"}: what alert_oracle takes, and what
is expected of it. `events` is None where a case of the table doesn't say.
"""
import json
import pathlib
import re

TABLE = pathlib.Path(__file__).resolve().parents[1] / "conformance" / "data" / "alert_cases"
COMMANDS = ("acknowledge", "shelve", "unshelve", "reset", "out_of_service", "in_service")
MEMBER = re.compile(r"(\w+)=(\S+)$")


# The table: the part of YAML that it is written in

class Flow:
    """A scalar, [list] or {mapping} on one line; scalars stay text."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def skip(self, characters=" "):
        while self.at < len(self.text) and self.text[self.at] in characters:
            self.at += 1

    def scalar(self, stops):
        if self.text[self.at] == "'":
            end = re.compile(r"(?:[^']|'')*'").match(self.text, self.at + 1).end()
            found = self.text[self.at + 1:end - 1].replace("''", "'")
        else:
            end = self.at
            while end < len(self.text) and self.text[end] not in stops:
                end += 1
            found = self.text[self.at:end].strip()
        self.at = end
        return found

    def sequence(self):
        found = []
        self.at += 1
        self.skip(" ,")
        while self.text[self.at] != "]":
            found.append(self.value(",]"))
            self.skip(" ,")
        self.at += 1
        return found

    def mapping(self):
        found = {}
        self.at += 1
        self.skip(" ,")
        while self.text[self.at] != "}":
            key = self.scalar(":")
            self.at += 1
            found[key] = self.value(",}")
            self.skip(" ,")
        self.at += 1
        return found

    def value(self, stops=""):
        self.skip()
        if self.text[self.at] == "[":
            return self.sequence()
        return self.mapping() if self.text[self.at] == "{" else self.scalar(stops)


def blocks(text):
    """The mappings of a file, values parsed."""
    found = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        head, body = line[:4], line[4:]
        if head == "    " and body.startswith("- "):
            found[-1][key].append(Flow(body[2:]).value())
            continue
        if head.startswith("- "):
            found.append({})
        key, _, rest = line[2:].partition(":")
        found[-1][key] = Flow(rest).value() if rest.strip() else []
    return found


# What a line of the table stands for

def event_of(text):
    """A line of the trace: "a 5 11.2 @7", "tick @9", "shelve hot a for=5ms @9", ..."""
    text, _, at = text.partition(" @")
    clock = {"at": int(at)} if at else {}
    first, *rest = text.split(" ", 1)
    words = rest[0].split() if rest else []
    if first == "tick":
        return {"op": "tick", **clock}
    if first == "flush":
        return {"op": "flush", **clock}
    if first == "watermark":
        series = {"series": words[0]} if len(words) > 1 else {}
        return {"op": "watermark", **series, "t": int(words[-1]), **clock}
    if first == "message":
        return {"command": rest[0], **clock}
    if first in COMMANDS:
        return {"command": command_text(first, words), **clock}
    return {"series": first, "t": int(words[0]), "v": words[1], **clock}


def command_text(command, words):
    members = {"command": command, "alert": words[0]}
    for word in words[1:]:
        found = MEMBER.match(word)
        if not found:
            members["series"] = word
        elif found.group(1) in ("for", "by"):
            members[found.group(1)] = found.group(2)
        else:
            members[found.group(1)] = json.loads(found.group(2))
    return json.dumps(members)


def line_of(text):
    """ "3 hot a firing 1 @5 L2": index, alert, series, state, episode, time, level."""
    index, alert, series, state, episode, at, *level = text.split()
    line = {"type": "alert", "index": int(index), "alert": alert, "series": series,
            "state": state, "episode": int(episode), "at": int(at[1:])}
    return {**line, **({"level": int(level[0][1:])} if level else {})}


def told_of(text):
    """ "3 hot a firing 1.0 @5 L2 first": ... episode.rev, time, level, first or second in group."""
    index, alert, series, phase, episode, at, *more = text.split()
    event = {"type": "event", "index": int(index), "alert": alert, "series": series,
             "phase": phase, "episode": int(episode.split(".")[0]),
             "rev": int(episode.split(".")[1]), "at": int(at[1:])}
    for word in more:
        if word in ("first", "second"):
            event["first_in_group"] = word == "first"
        else:
            event["level"] = int(word[1:])
    return event


def case_of(block):
    keys = {"match": "*", "resolution": "0.0001", **block.get("pipeline", {})}
    main = {"name": "p", **keys, "windows": block.get("windows", []), "alerts": block["alerts"]}
    device = {"pipelines": [main]}
    if "other_alerts" in block:
        device["pipelines"].insert(0, {"name": "q", "match": "q*", "resolution": "0.0001",
                                       "alerts": block["other_alerts"]})
    if "flood" in block:
        device["flood"] = block["flood"]
    return {"name": block["name"], "rules": block["rules"], "device": device,
            "trace": [event_of(text) for text in block["trace"]],
            "lines": [line_of(text) for text in block["lines"]],
            "events": [told_of(text) for text in block["events"]] if "events" in block else None}


def table():
    return [case_of(block) for path in sorted(TABLE.glob("*.yaml"))
            for block in blocks(path.read_text(encoding="utf-8"))]


# Configuration and trace as the programs take them

def flow(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(of)}" for key, of in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return f"'{value}'" if "*" in value else value


def config_text(case):
    lines = ["device: sim", "broker: {uri: mqtt://127.0.0.1:1883}", "topics: {prefix: vnotch}",
             "inputs:", '  - {topic: "in/{name}", format: number, series: "{name}"}']
    if "flood" in case["device"]:
        lines.append(f"alerts: {{flood: {flow(case['device']['flood'])}}}")
    lines.append("pipelines:")
    for pipeline in case["device"]["pipelines"]:
        begin = "  - "
        for key, value in {"series": "8", **pipeline}.items():
            if isinstance(value, list) and value:
                lines.append(f"{begin}{key}:")
                lines += [f"      - {flow(item)}" for item in value]
            elif value != []:
                lines.append(f"{begin}{key}: {flow(value)}")
            begin = "    "
    return "\n".join(lines) + "\n"


def trace_lines(case):
    for event in case["trace"]:
        if "command" in event:
            line = {"topic": "vnotch/sim/command", "payload": event["command"]}
            yield json.dumps({**({"at": event["at"]} if "at" in event else {}), **line})
        else:
            members = [f'"{key}": {value if key == "v" else json.dumps(value)}'
                       for key, value in event.items()]
            yield "{" + ", ".join(members) + "}"


def ordered(lines):
    """In the order that counts: lines of one alert and series keep theirs."""
    return sorted(lines, key=lambda line: (line["index"], line["alert"], line["series"]))


def difference(got, wanted, what):
    """The first difference between two lists of lines, or None."""
    got, wanted = ordered(got), ordered(wanted)
    for mine, theirs in zip(got, wanted):
        if mine != theirs:
            return f"{what}: got {mine}, expected {theirs}"
    if len(got) != len(wanted):
        odd = (got if len(got) > len(wanted) else wanted)[min(len(got), len(wanted))]
        return f"{what}: {len(got)}, expected {len(wanted)}: {odd}"
    return None


def told(results):
    """The lines of a replay that alert_oracle foretells: alerts, events."""
    return ([line for line in results if line["type"] == "alert"],
            [line for line in results if line["type"] == "event"])
