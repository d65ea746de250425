"""Writes vnotchd's configuration of this run, for people to read."""

HEAD = """\
# vnotchd's configuration of this demo.
device: {device}
broker: {{uri: "mqtt://127.0.0.1:{port}"}}
summaries: {{encoding: cbor, batch: 20, flush_every: 200ms}}
stats_every: {stats_s}s
capacity: {{series: 64, input_queue: 4096, outbox: 256KiB}}
state:                              # what survives the kill
  file: {state_file}
  size: 16MiB
  durability: journal               # what is acknowledged is there: a crash loses nothing
  checkpoint_every: {checkpoint_s}s              # what came since then is in the journal
  flash: {{erase_block: 16KiB}}
# All readings have a time of their own, and most a number: what the broker sends again after the
# kill is known by that.
inputs:
  # This machine.
  - topic: "machine/{{name}}"
    format: json
    fields: [{{path: percent, series: "machine/{{name}}"}}]
    time: {{path: t, unit: ms}}
    sequence: {{path: seq}}
  - topic: "machine/{{name}}/network"  # two series in one message
    format: json
    fields:
      - {{path: bytes_per_s.in, series: "machine/{{name}}-in"}}
      - {{path: bytes_per_s.out, series: "machine/{{name}}-out"}}
    time: {{path: t, unit: ms}}
    sequence: {{path: seq}}
  - topic: "machine/thermal/{{zone}}"
    format: json
    fields: [{{path: celsius, series: "machine/temp-{{zone}}"}}]
    time: {{path: t, unit: ms}}
    sequence: {{path: seq}}
  # The simulated plant. An array of objects is a batch of readings.
  - topic: "plant/{{line}}/{{sensor}}"
    format: json
    fields: [{{path: v, series: "{{line}}/{{sensor}}"}}]
    time: {{path: t, unit: ms}}
    sequence: {{path: seq}}
  - {{topic: "field/{{site}}/json", format: senml+json}}
  - {{topic: "field/{{site}}/cbor", format: senml+cbor}}
pipelines:
"""

PIPELINE = """\
  - name: {name}
    match: "{match}"
    unit: "{unit}"
    resolution: {resolution}
    range: [{range}]
    out_of_order: {out_of_order_s}s
    allowed_lateness: {lateness_s}s
    idle_timeout: {idle_s}s
    max_future: 5s
    deduplicate: 32                 # SenML has no numbers: the same time and value is a repeat
    windows:
      - {{name: {window}, tumbling: {window_s}s, statistics: [count, sum, mean, min, max]}}
"""

SLIDING = """\
      - name: trend
        sliding: {{size: {trend_s}s, slide: {window_s}s}}
        statistics: [count, sum, mean, min, max]
"""

# name, match, unit, resolution, range
PIPELINES = [
    ("oven", "*/oven", "Cel", "0.01", "-40, 400"),
    ("pressure", "*/pressure", "hPa", "0.01", "0, 5000"),
    ("flow", "*/flow", "l/s", "0.01", "0, 1000"),
    ("level", "*/level", "%", "0.01", "0, 100"),
    ("vibration", "*/vibration", "m/s2", "0.01", "-100, 100"),
    ("tanks", "tanks/*", "m", "0.01", "0, 50"),
    ("meters", "meters/*", "kW", "0.01", "0, 1000"),
    ("network", "machine/net-*", "B/s", "1", "0, 2147483647"),
    ("load", "machine/cpu", "%", "0.01", "0, 100"),
    ("memory", "machine/memory", "%", "0.01", "0, 100"),
    ("thermal", "machine/temp-*", "Cel", "0.01", "-40, 200"),
]

ALERTS = {
    "oven": ["{{name: overheat, above: 80, hysteresis: 5, for: {hold_ms}ms, "
             "keep_firing_for: {hold_ms}ms, severity: critical}}"],
    "pressure": ["{{name: surge, of: {window}.max, above: 1200, severity: warning}}"],
    "flow": ["{{name: stuck, unchanged_for: {silence_ms}ms, severity: warning}}"],
    "level": ["{{name: silent, absent_for: {silence_ms}ms, severity: warning}}"],
    "load": ["{{name: busy, of: {window}.mean, above: 90, severity: info}}"],
}


def units():
    return {name: unit for name, _, unit, _, _ in PIPELINES}


def write(path, settings):
    """Fills in ports, paths and times."""
    keys = dict(settings, window=f"{settings['window_s']}s", trend_s=3 * settings["window_s"])
    text = HEAD.format(**keys)
    for name, match, unit, resolution, span in PIPELINES:
        text += PIPELINE.format(**dict(keys, name=name, match=match, unit=unit,
                                       resolution=resolution, range=span))
        if name == "oven":
            text += SLIDING.format(**keys)
        if name in ALERTS:
            text += "    alerts:\n"
            text += "".join(f"      - {alert.format(**keys)}\n" for alert in ALERTS[name])
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
