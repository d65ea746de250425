"""Runs a file of known answers for windows (JSON lines: name, cfg, events, expect) through replay.

usage: run_kat.py FILE [KIND...]

cfg: window (tumbling, hopping, session, count), size, slide, offset, gap, ooo, lateness, scope
(key, global), idle_timeout, max_future. events: k, t, v, now; op tick, wm, flush. expect: results
(after, k, start, end, kind, rev, n, sum, sumsq, min, max, first, last, mean, var, supersedes) and
drops (after, drop, k, t). Of the kinds named only those are run; the others are listed as not run.
"""
import json
import pathlib
import sys
from fractions import Fraction

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import replay  # noqa: E402

SUMMARY_NAMES = {"after": "index", "k": "series", "n": "count", "sumsq": "sum_sq"}
EVENT_NAMES = {"k": "series", "now": "at"}
DERIVED = {"mean": "mean", "var": "variance"}


def shape(cfg):
    parts = [f"size: {cfg['size']}"] if "size" in cfg else [f"gap: {cfg['gap']}"]
    parts += [f"{key}: {cfg[key]}" for key in ("slide", "offset") if key in cfg]
    unit = "" if cfg["window"] == "count" else "ms"
    word = {"hopping": "sliding"}.get(cfg["window"], cfg["window"])
    return f"{word}: {{{', '.join(part + unit for part in parts)}}}"


def config_yaml(cfg):
    lines = ["device: sim", "broker: {uri: mqtt://127.0.0.1:1883}", "inputs:",
             '  - {topic: "in/{name}", format: number, series: "{name}"}', "pipelines:",
             "  - name: p", '    match: "*"', "    resolution: 1"]
    for key, word in (("ooo", "out_of_order"), ("lateness", "allowed_lateness"),
                      ("idle_timeout", "idle_timeout"), ("max_future", "max_future")):
        if key in cfg:
            lines.append(f"    {word}: {cfg[key]}ms")
    if "scope" in cfg:
        lines.append("    scope: " + {"key": "series"}.get(cfg["scope"], cfg["scope"]))
    return "\n".join(lines) + "\n    windows:\n      - {name: w, " + shape(cfg) + "}\n"


def trace_events(events):
    for event in events:
        renamed = {EVENT_NAMES.get(key, key): value for key, value in event.items()}
        if renamed.get("op") == "wm":
            renamed["op"] = "watermark"
        yield renamed


def differs(got, want):
    if "drop" in want:
        expected = {"index": want["after"], "reason": want["drop"], "series": want["k"],
                    "t": want["t"]}
    else:
        expected = {SUMMARY_NAMES.get(key, key): value for key, value in want.items()
                    if key not in DERIVED}
        for key, member in DERIVED.items():
            if key in want and not replay.is_near(got.get(member, 10**40), Fraction(want[key])):
                return f"{member} is {got.get(member)}, expected {want[key]}"
        if "supersedes" not in want and "supersedes" in got:
            return f"supersedes is {got['supersedes']}, expected none"
    for key, value in expected.items():
        if got.get(key) != value:
            return f"{key} is {got.get(key)}, expected {value}"
    return None


def check(runner, case):
    results, totals = runner.run(config_yaml(case["cfg"]), trace_events(case["events"]))
    got = sorted(results, key=lambda line: (line["index"], line["series"]))
    want = sorted(case["expect"], key=lambda line: (line["after"], line["k"]))
    for mine, theirs in zip(got, want):
        problem = differs(mine, theirs)
        if problem:
            return f"{problem}\n  got      {mine}\n  expected {theirs}"
    if len(got) != len(want):
        return f"{len(got)} lines, expected {len(want)}"
    return None if replay.conserves(totals) else f"totals don't add up: {totals}"


def main():
    if len(sys.argv) < 2:
        print(__doc__)
        return 64
    cases = [json.loads(line, parse_float=Fraction)
             for line in pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    kinds = sys.argv[2:]
    ran = failed = 0
    not_run = []
    with replay.Replay() as runner:
        for case in cases:
            if kinds and case["cfg"]["window"] not in kinds:
                not_run.append(case["name"])
                continue
            ran += 1
            try:
                problem = check(runner, case)
            except replay.ReplayFailed as error:
                problem = str(error)
            if problem:
                failed += 1
                print(f"{case['name']}: {problem}")
    print(f"{ran - failed} of {ran} cases as expected; not run: {len(not_run)} {' '.join(not_run)}")
    return 0 if ran > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
