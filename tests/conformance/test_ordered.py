"""Statistics in time order through the whole engine: known answers, and random traces against the
oracle.

VN_CASES sets how many (400), VN_SEED the first one's number; a failure prints its number, and
VN_SEED=number VN_CASES=1 repeats it.
"""
import collections
import os
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import ordered_oracle  # noqa: E402
import replay  # noqa: E402

WORDS = ["time_weighted_mean", "integral", "covered_ms", "increase", "rate", "exponential_mean"]
FEW = 100  # so many cases must have met everything

# name, keys of the pipeline, size of the window, readings in order of arrival, the results of all
# windows: (start, the values that the window has).
KNOWN = [
    ("a value holds until the next", "", 100, [(0, 10), (80, 30)],
     [(0, {"time_weighted_mean": 14, "integral": 1.4, "covered_ms": 100})]),
    ("the last value is carried in", "", 100, [(-40, 4), (50, 8)],
     [(-100, {"covered_ms": 40, "integral": 0.16}),
      (0, {"time_weighted_mean": 6, "covered_ms": 100})]),
    ("but no longer than it may hold", "max_hold: 60ms", 100, [(-40, 4), (50, 8)],
     [(-100, {"covered_ms": 40}), (0, {"integral": 0.48, "covered_ms": 70})]),
    ("of equal times the later arrival holds", "", 10, [(0, 5), (0, 7)],
     [(0, {"time_weighted_mean": 7, "covered_ms": 10})]),
    ("lines are cut at both ends", "interpolation: linear", 10,
     [(-10, 0), (0, 10), (5, 10), (15, 30)],
     [(-10, {"integral": 0.05, "covered_ms": 10}),
      (0, {"integral": 0.125, "time_weighted_mean": 12.5, "covered_ms": 10}),
      (10, {"integral": 0.125, "time_weighted_mean": 25, "covered_ms": 5})]),
    ("a line that may still change isn't taken", "{interpolation: linear, out_of_order: 1ms}", 10,
     [(0, 10), (5, 10), (15, 30)],
     [(0, {"integral": 0.05, "covered_ms": 5}),
      (10, {"integral": 0.125, "covered_ms": 5})]),
    ("a gap is left out", "{interpolation: linear, max_hold: 5ms}", 20, [(0, 0), (5, 10), (11, 10)],
     [(0, {"integral": 0.025, "covered_ms": 5})]),
    ("a counter restarts", "", 10, [(0, 7), (4, 9), (8, 3), (12, 4)],
     [(0, {"increase": 5, "rate": 625}), (10, {"increase": 1, "rate": 250})]),
    ("a counter wraps", "counter_modulus: 256", 10, [(0, 250), (5, 4)],
     [(0, {"increase": 10, "rate": 2000})]),
    ("a single reading has no rate", "", 10, [(3, 7)],
     [(0, {"increase": 0, "rate": None, "covered_ms": 7})]),
    ("disorder is put right", "out_of_order: 5ms", 10, [(0, 1), (6, 4), (3, 2), (9, 9)],
     [(0, {"increase": 8, "integral": 0.03, "covered_ms": 10})]),
    ("a mean forgets by readings", "alpha: 0.25", 10, [(0, 8), (1, 16), (2, 0)],
     [(0, {"exponential_mean": 7.5})]),
    ("a mean forgets by time", "half_life: 2ms", 10, [(0, 8), (2, 16), (6, 0), (12, 1)],
     [(0, {"exponential_mean": 3}), (10, {"exponential_mean": 1.25})]),
]
FAILURES = []


def config_of(keys, windows, exponential):
    lines = ["device: sim", "broker: {uri: mqtt://127.0.0.1:1883}",
             'inputs: [{topic: "in/{name}", format: number, series: "{name}"}]', "pipelines:",
             "  - name: p", "    resolution: 1"]
    lines += [f"    {key}: {value}" for key, value in keys.items()]
    words = ", ".join(WORDS if exponential else WORDS[:-1])
    lines += ["    windows:"]
    lines += [f"      - {{name: {w['name']}, offset: {w.get('offset', 0)}ms, statistics: [{words}],"
              f" sliding: {{size: {w['size']}ms, slide: {w.get('slide', w['size'])}ms}}}}"
              for w in windows]
    return "\n".join(lines) + "\n"


def known_answers(runner):
    for name, keys, size, readings, expected in KNOWN:
        pairs = [pair.split(": ") for pair in keys.strip("{}").split(", ") if pair]
        keys = dict(pairs)
        config = config_of(keys, [{"name": "w", "size": size}], "alpha" in keys or
                           "half_life" in keys)
        events = [{"series": "a", "t": t, "v": v} for t, v in readings] + [{"op": "flush"}]
        results, totals = runner.run(config, events)
        seen = {line["start"]: line for line in results}
        good = totals["unordered"] == 0 and sorted(seen) == [start for start, _ in expected]
        for start, values in expected if good else []:
            for word, value in values.items():
                got = seen[start].get(word)
                good = good and (got == value if value is None or got is None
                                 else abs(float(got) - value) < 1e-9)
        if not good:
            FAILURES.append(name)
            print(f"FAILED: {name}: {results} {totals}")


def random_case(seed):
    rng = random.Random(seed)
    windows = []
    for i in range(rng.randint(1, 2)):
        size = rng.choice([5, 10, 12, 30, 60])
        slide = rng.choice([size, size, 5, 6, 10, 75])
        windows.append({"name": f"w{i}", "size": size, "slide": slide,
                        "offset": rng.randint(1 - slide, slide - 1)})
    case = {"windows": windows, "ooo": rng.choice([0, 0, 1, 5, 20]),
            "lateness": rng.choice([0, 0, 3, 15, 60]),
            "scope": rng.choice(["series", "series", "global"]),
            "idle_timeout": rng.choice([None, 50])}
    case["rule"] = {"reorder": rng.choice([1, 2, 3, 8, 64]), "linear": rng.random() < 0.5,
                    "max_hold": rng.choice([None, None, 4, 25]),
                    "modulus": rng.choice([None, None, 100, 1000]),
                    "half_life": rng.choice([None, 3, 1000]), "alpha": 0.25}
    events, now = [], rng.choice([0, -1000, 1795219200000])
    high = rng.choice([100, 2**31 - 1])
    names = ["a", "b"][:rng.randint(1, 2)]
    for _ in range(rng.randint(5, 80)):
        now += rng.choice([0, 1, 1, 2, 3, 8]) + (rng.randint(50, 400) if rng.random() < 0.03 else 0)
        if rng.random() < 0.03:
            events.append({"op": "watermark", "t": now + rng.randint(-30, 10)})
        elif rng.random() < 0.03:
            events.append({"op": "tick", "at": now + rng.randint(0, 200)})
        else:
            late = rng.choice([0, 0, case["ooo"], case["ooo"] + case["lateness"] + 2])
            event = {"series": rng.choice(names), "t": now - rng.randint(0, late),
                     "v": rng.randint(-high // 2, high)}
            events.append(dict(event, at=now))
    case["events"] = events + [{"op": "flush"}]
    return case


def keys_of(case):
    rule = case["rule"]
    keys = {"out_of_order": f"{case['ooo']}ms", "allowed_lateness": f"{case['lateness']}ms",
            "scope": case["scope"], "interpolation": "linear" if rule["linear"] else "hold"}
    if case["ooo"] > 0:
        keys["reorder"] = rule["reorder"]
    if case["idle_timeout"] is not None:
        keys["idle_timeout"] = f"{case['idle_timeout']}ms"
    if rule["max_hold"] is not None:
        keys["max_hold"] = f"{rule['max_hold']}ms"
    if rule["modulus"] is not None:
        keys["counter_modulus"] = rule["modulus"]
    if rule["half_life"] is not None:
        keys["half_life"] = f"{rule['half_life']}ms"
    else:
        keys["alpha"] = rule["alpha"]
    return keys


def is_right(word, got, want):
    if want is None or got is None:
        return want is None and got is None
    if word == "exponential_mean":
        return abs(float(got) - want) <= 1e-6 + 1e-7 * 2**31 * (abs(want) > 1000)
    if word in ("increase", "covered_ms"):
        return got == want
    return replay.is_near(got, want) or (abs(want) < 1e-9 and got == 0)


def by_line(line):
    return line["index"], line["series"], line["end"], line["window"]


def compare(case, results, totals, told):
    rule = case["rule"]
    oracle = ordered_oracle.OrderedOracle(
        case["windows"], rule, ooo=case["ooo"], lateness=case["lateness"], scope=case["scope"],
        idle_timeout=case["idle_timeout"])
    want = sorted((x for x in oracle.run(case["events"]) if x["type"] == "summary"), key=by_line)
    got = sorted((x for x in results if x["type"] == "summary"), key=by_line)
    if [by_line(x) for x in got] != [by_line(x) for x in want]:
        return "other windows"
    for have, line in zip(got, want):
        for word in WORDS:
            if not is_right(word, have.get(word), line["ordered"].get(word)):
                return f"{word} of {have}: {line['ordered']}"
            told[word] += word in have
        told["late"] += have["kind"] == "late"
    told["unordered"] += oracle.unordered
    if totals["unordered"] != oracle.unordered:
        return f"{totals['unordered']} unordered, not {oracle.unordered}"
    return None if replay.conserves(totals) else "the totals don't add up"


def main():
    first = int(os.environ.get("VN_SEED", "1"))
    count = int(os.environ.get("VN_CASES", "400"))
    print(f"seeds {first}..{first + count - 1}")
    told = collections.Counter()
    with replay.Replay() as runner:
        known_answers(runner)
        for seed in range(first, first + count):
            case = random_case(seed)
            config = config_of(keys_of(case), case["windows"], True)
            results, totals = runner.run(config, case["events"])
            problem = compare(case, results, totals, told)
            if problem:
                print(f"seed {seed}: {problem}\n{config}")
                print("\n".join(str(event) for event in case["events"]))
                return 1
    print(f"{count} cases as the oracle says: {dict(told)}; known answers: "
          f"{len(FAILURES)} of {len(KNOWN)} wrong")
    missing = [word for word in WORDS + ["late", "unordered"] if count >= FEW and told[word] == 0]
    print("".join(f"no results: {word}\n" for word in missing), end="")
    return 1 if FAILURES or missing else 0


if __name__ == "__main__":
    sys.exit(main())
