"""Alerts of the whole engine against the oracle: random traces, exact comparison.

VN_CASES sets how many traces (2000), VN_SEED the first one's number, as in test_windows.py.
"""
import os
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import alert_oracle  # noqa: E402
import replay  # noqa: E402
import window_cases  # noqa: E402
from window_oracle import WindowOracle  # noqa: E402

STATISTICS = ("mean", "min", "max", "sum", "count", "first", "last", "range")


def random_rule(rng, number, windows):
    rule = {"name": f"a{number}"}
    kind = rng.random()
    if kind < 0.12:
        rule["unchanged_for"] = rng.choice((1, 5, 20))
    elif kind < 0.24:
        rule["absent_for"] = rng.choice((5, 20, 50))
        return rule
    else:
        if windows and rng.random() < 0.4:
            rule["of"] = f"{rng.choice(windows)['name']}.{rng.choice(STATISTICS)}"
        rule[rng.choice(("above", "below"))] = rng.randint(-6, 12)
        if rng.random() < 0.6:
            rule["hysteresis"] = rng.randint(0, 6)
    if rng.random() < 0.6:
        rule["for"] = rng.choice((0, 1, 5, 15))
    if rng.random() < 0.6:
        rule["keep_firing_for"] = rng.choice((0, 1, 5, 15))
    return rule


def random_events(rng, rules):
    """Time moves in small steps with repeated values; a tick comes before any absence ends."""
    patience = min([rule["absent_for"] for rule in rules if "absent_for" in rule], default=10**9)
    now = rng.choice(window_cases.EPOCHS)
    last = {}
    events = []
    level = 0
    for _ in range(rng.randint(5, 80)):
        now += rng.choice((0, 1, 1, 3, 10, 30))
        series = rng.choice(("a", "b"))
        if rng.random() < 0.1 or now - last.get(series, now) >= patience:
            events.append({"op": "tick", "at": now})
        level = max(-9, min(15, level + rng.choice((0, 0, -1, 1, -4, 4))))
        back = rng.choice((0, 0, 0, 0, 1, 12))
        events.append({"series": series, "t": now - back, "v": level, "at": now})
        last[series] = now
    if rng.random() < 0.5:
        events.append({"op": "flush", "at": now})
    return events


def random_case(seed):
    rng = random.Random(seed)
    windows = [window_cases.random_window(rng, i) for i in range(rng.choice((0, 1, 2)))]
    cfg = {"windows": windows, "ooo": rng.choice((0, 2)), "lateness": rng.choice((0, 15))}
    rules = [random_rule(rng, i, windows) for i in range(rng.choice((1, 2, 4)))]
    for rule in rules:
        if "." in rule.get("of", ""):
            name, statistic = rule["of"].split(".")
            window = next(w for w in windows if w["name"] == name)
            window.setdefault("statistics", ["count"]).append(statistic)
    for window in windows:
        window["statistics"] = sorted(set(window.get("statistics", [])))
    return {"cfg": cfg, "rules": rules, "events": random_events(rng, rules),
            "resolution": rng.choice(("1", "0.1", "0.01"))}


def alerts_yaml(case):
    exponent = window_cases.RESOLUTIONS[case["resolution"]]
    lines = []
    for rule in case["rules"]:
        counts = rule.get("of", "value").endswith("count")
        parts = []
        for key, value in rule.items():
            if key in ("above", "below", "hysteresis"):
                value = window_cases.decimal(value, 0 if counts else exponent)
            elif key in ("for", "keep_firing_for", "unchanged_for", "absent_for"):
                value = f"{value}ms"
            parts.append(f"{key}: {value}")
        lines.append(f"      - {{{', '.join(parts)}}}\n")
    return "    alerts:\n" + "".join(lines)


def check(runner, case):
    """None, or what is wrong."""
    trace = {"cfg": case["cfg"], "resolution": case["resolution"], "events": case["events"]}
    config = window_cases.config_yaml(trace, alerts_yaml(case))
    lines = list(window_cases.trace_lines(trace))
    results, totals = runner.run(config, lines)
    summaries = WindowOracle(**case["cfg"]).run(case["events"])
    order = lambda line: (line["index"], line["alert"], line["series"])
    want = sorted(alert_oracle.expected(case["rules"], case["events"], summaries), key=order)
    got = sorted((line for line in results if line["type"] == "alert"), key=order)
    if got == want:
        return None if replay.conserves(totals) else f"totals don't add up: {totals}"
    different = next((pair for pair in zip(got, want) if pair[0] != pair[1]), None)
    return (f"{len(got)} lines, expected {len(want)}; first difference: {different}\n{config}\n" +
            "\n".join(lines) + "\n" + "\n".join(map(str, got)))


def main():
    first = int(os.environ.get("VN_SEED", "1"))
    count = int(os.environ.get("VN_CASES", "2000"))
    print(f"seeds {first}..{first + count - 1}")
    alerts = 0
    with replay.Replay() as runner:
        for seed in range(first, first + count):
            case = random_case(seed)
            problem = check(runner, case)
            if problem:
                print(f"seed {seed}: {problem}")
                return 1
            alerts += len(alert_oracle.expected(case["rules"], case["events"], []))
    print(f"{count} traces, at least {alerts} transitions: all as the oracle says")
    return 0 if alerts > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
