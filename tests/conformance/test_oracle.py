"""The oracle of the simulation (platform/posix-sim/oracle) against known answers and against the
oracles in Python, which others wrote from the same documents in another way.

VN_CASES sets how many random cases of each kind (250), VN_SEED the first one's number.
"""
import json
import os
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import alert_oracle  # noqa: E402
import window_cases  # noqa: E402
from window_oracle import WindowOracle  # noqa: E402

ROOT = pathlib.Path(os.environ.get("VN_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
PROGRAM = pathlib.Path(os.environ.get("VN_BUILD_DIR", ROOT / "build/release"),
                       "tests/conformance/oracle_lines")
SERIES = ["a", "b", "c/d"]
KEPT = ("ooo", "lateness", "max_future", "expected_every")
MASK = 2**64 - 1


# Samples, as docs/semantics/statistics.md tells how they are drawn.

def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def murmur(text):
    def rotate(x, n):
        return ((x << n) | (x >> (32 - n))) & 0xFFFFFFFF

    data, h = text.encode(), 0
    for i in range(0, len(data), 4):
        k = int.from_bytes(data[i:i + 4], "little")
        h ^= rotate(k * 0xCC9E2D51 & 0xFFFFFFFF, 15) * 0x1B873593 & 0xFFFFFFFF
        if i + 4 <= len(data):
            h = (rotate(h, 13) * 5 + 0xE6546B64) & 0xFFFFFFFF
    h ^= len(data)
    h = (h ^ h >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return h ^ h >> 16


def sample(series, content, k):
    seed = mix(murmur("p") << 32 | murmur(series))

    def order(member):
        t, v = member
        return mix(seed ^ mix(t & MASK) ^ mix(mix(v & MASK))) >> 32, t, v

    return [list(member) for member in sorted(content, key=order)[:k]]


# Cases as text for the program.

def window_line(window):
    size = window.get("gap", window.get("size"))
    kind = window_cases.kind_of(window)
    slide = window.get("slide", size)
    return (f"window {window['name']} {kind} {size} {slide} {window.get('offset', 0)} "
            f"{window.get('sample', 0)}")


def case_text(cfg, events, alerts=()):
    future = cfg.get("max_future")
    lines = [f"pipeline {cfg.get('ooo', 0)} {cfg.get('lateness', 0)} "
             f"{-1 if future is None else future} {cfg.get('expected_every') or 0}"]
    lines += [window_line(window) for window in cfg["windows"]]
    lines += alerts
    lines += [f"series {name}" for name in SERIES] + ["begin"]
    now, given = None, False
    for event in events:
        if "at" in event:
            now, given = event["at"], True
        elif not given and "v" in event:
            now = event["t"]
        if "v" in event:
            lines.append(f"r {SERIES.index(event['series'])} {event['t']} {event['v']} {now}")
        else:
            lines.append("flush")
    return "\n".join(lines + ["done"]) + "\n"


def run(texts):
    """The lines of each case."""
    done = subprocess.run([PROGRAM], input="".join(texts), capture_output=True, text=True,
                          check=True)
    cases, lines = [], []
    for line in map(json.loads, done.stdout.splitlines()):
        if line["type"] == "done":
            cases.append(lines)
            lines = []
        else:
            lines.append(line)
    if len(cases) != len(texts):
        sys.exit(f"oracle: {len(texts)} cases, {len(cases)} answers")
    return cases


# Windows.

def covered(case):
    """The case without what the oracle doesn't know; None: nothing is left."""
    cfg = {key: case["cfg"][key] for key in KEPT if key in case["cfg"]}
    cfg["windows"] = [w for w in case["cfg"]["windows"] if "gap" in w or "size" in w]
    events = [e for e in case["events"] if "v" in e or e.get("op") == "flush"]
    return (cfg, events) if cfg["windows"] else None


def as_expected(line, cfg):
    """A line of the program in the words of the oracle in Python."""
    if line["type"] != "summary":
        return line
    high, low = line.pop("squares")
    line["sum_sq"] = high << 64 | low
    flags = ["final"] if line.pop("final") else []
    told = {key: line.pop(key) for key in ("late", "gaps", "coverage")}
    window = next(w for w in cfg["windows"] if w["name"] == line["window"])
    more = {"accounting": {k: n for k, n in told.items() if n}} if "size" in window else {}
    if not line["supersedes"]:
        del line["supersedes"]
    return {**line, "flags": flags, **more}


def expected(line, cfg):
    if line["type"] != "summary":
        return line
    window = next(w for w in cfg["windows"] if w["name"] == line["window"])
    made = {k: v for k, v in line.items() if k not in ("content", "mean", "variance")}
    made["sample"] = sample(line["series"], line["content"], window.get("sample", 0))
    return made


def in_order(lines):
    return sorted(lines, key=lambda line: (line["index"], line["type"] == "summary", str(
        sorted(line.items(), key=lambda member: member[0]))))


def compare_windows(name, cfg, events, lines):
    want = [expected(line, cfg) for line in WindowOracle(**cfg).run(events)]
    got = [as_expected(line, cfg) for line in lines]
    if in_order(got) != in_order(want):
        first = next((pair for pair in zip(in_order(got), in_order(want)) if pair[0] != pair[1]),
                     (len(got), len(want)))
        print(f"{name}: {cfg}\n{events}\ngot      {first[0]}\nexpected {first[1]}")
        return False
    return True


def random_windows(seed, count):
    cases = [(f"seed {number}", *made) for number in range(seed, seed + count)
             for made in [covered(window_cases.random_case(number))] if made]
    results = run([case_text(cfg, events) for _, cfg, events in cases])
    good = all([compare_windows(*case, lines) for case, lines in zip(cases, results)])
    told = [line for lines in results for line in lines if line["type"] == "summary"]
    late = sum(line["kind"] == "late" for line in told)
    joined = sum("supersedes" in line for line in told)
    print(f"windows: {len(cases)} cases from seed {seed}, {len(told)} results, {late} late, "
          f"{joined} supersede others")
    return good and (count < 100 or min(late, joined) > 0)


def is_covered(case):
    """Whether a published case is about nothing that the oracle doesn't know."""
    cfg = dict(case["cfg"])
    known = all("gap" in window or "size" in window for window in cfg.pop("windows"))
    keys = {key for key, value in cfg.items() if value not in (None, 0, "series", "event")}
    return known and keys <= set(KEPT) and all(
        "v" in event or event.get("op") == "flush" for event in case["events"]) and all(
        event.get("series", "a") in SERIES for event in case["events"])


def published(line):
    """An expectation of the file with its numbers as numbers, without what isn't compared."""
    exact = ("sum", "sum_sq", "min", "max", "first", "last")
    return {key: int(value) if key in exact else value
            for key, value in line.items() if key not in ("mean", "variance")}


def known_windows():
    """The published cases."""
    path = ROOT / "tests/data/windows.jsonl"
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    made = [case for case in cases if is_covered(case)]
    good = True
    texts = [case_text(case["cfg"], case["events"]) for case in made]
    for case, lines in zip(made, run(texts)):
        got = [as_expected(line, case["cfg"]) for line in lines]
        for line in got:
            line.pop("sample", None)
        want = [published(line) for line in case["expect"]]
        if in_order(got) != in_order(want):
            print(f"{case['name']}:\ngot      {in_order(got)}\nexpected {in_order(want)}")
            good = False
    print(f"windows: {len(made)} of {len(cases)} published cases")
    return good and len(made) >= 20


# Alerts.

def random_alert(rng, number):
    side, limit = rng.choice(("above", "below")), rng.randint(-5, 5)
    hysteresis = rng.choice((0, 0, 1, 3))
    hold, keep = rng.choice((0, 0, 3, 10)), rng.choice((0, 0, 3, 10))
    clear = limit - hysteresis if side == "above" else limit + hysteresis
    rule = {"name": f"a{number}", side: str(limit), "hysteresis": str(hysteresis),
            "for": f"{hold}ms", "keep_firing_for": f"{keep}ms"}
    return rule, f"alert a{number} {side} {limit} {clear} {hold} {keep}"


def random_alerts(seed):
    rng = random.Random(seed)
    made = [random_alert(rng, number) for number in range(rng.randint(1, 3))]
    time, trace = 1000, []
    for _ in range(rng.randint(5, 60)):
        time += rng.choice((0, 1, 1, 2, 5))
        trace.append({"series": rng.choice(SERIES), "t": time - rng.choice((0, 0, 0, 1, 7)),
                      "v": rng.randint(-9, 9)})
    pipeline = {"name": "p", "match": "*", "windows": [{"name": "w", "tumbling": "5ms"}],
                "alerts": [rule for rule, _ in made]}
    cfg = {"windows": [{"name": "w", "size": 5}]}
    return {"pipelines": [pipeline]}, trace, case_text(cfg, trace, [line for _, line in made])


def compare_alerts(seed, count):
    cases = [random_alerts(number) for number in range(seed, seed + count)]
    good, told, kept = True, 0, ("type", "index", "alert", "series", "state", "episode", "at")
    for number, (case, lines) in enumerate(zip(cases, run([text for _, _, text in cases]))):
        device, trace, _ = case
        steps, events = alert_oracle.expected(device, [dict(e, v=str(e["v"])) for e in trace])
        got = [{key: line[key] for key in kept} for line in lines if line["type"] == "alert"]
        want = [{key: line[key] for key in kept} for line in steps]
        announced = [(line["index"], line["alert"], line["episode"],
                      "firing" if line["state"] == "firing" else "resolved")
                     for line in lines if line["type"] == "alert" and line["told"]]
        phases = [(e["index"], e["alert"], e["episode"], e["phase"]) for e in events]
        told += len(announced)
        if got != want or announced != phases:
            print(f"alerts, seed {seed + number}: {device}\n{trace}\ngot      {got}\n{announced}\n"
                  f"expected {want}\n{phases}")
            good = False
    print(f"alerts: {count} cases from seed {seed}, {told} events")
    return good and told > count


def main():
    seed = int(os.environ.get("VN_SEED", "1"))
    count = int(os.environ.get("VN_CASES", "250"))
    good = [known_windows(), random_windows(seed, count), compare_alerts(seed, count)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
