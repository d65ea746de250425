"""Alerts of the whole engine against the oracle: random devices and traces, exact comparison.

VN_CASES sets how many (400), VN_SEED the first one's number; a failure prints its number and the
smallest case that was found, and VN_SEED=number VN_CASES=1 repeats it.
"""
import collections
import copy
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import alert_cases  # noqa: E402
import alert_oracle  # noqa: E402
import random_alerts  # noqa: E402
import replay  # noqa: E402

FEW = 100  # so many cases must show all states and phases
STATES = {"pending", "firing", "recovering", "normal", "no_data"}
PHASES = {"firing", "resolved", "escalated", "eased", "latched", "repeated", "acknowledged",
          "no_data", "data", "shelved", "unshelved", "out_of_service", "in_service"}


def difference(runner, case):
    """None, or what is wrong."""
    results, _ = runner.run(alert_cases.config_text(case), list(alert_cases.trace_lines(case)),
                            "--events")
    lines, events = alert_oracle.expected(case["device"], case["trace"])
    got_lines, got_events = alert_cases.told(results)
    return (alert_cases.difference(got_lines, lines, "lines") or
            alert_cases.difference(got_events, events, "events"))


def still_differs(runner, case):
    try:
        return difference(runner, case) is not None
    except (replay.ReplayFailed, KeyError, StopIteration):
        return False  # no case any more, such as `after` an alert that is gone


def without(items):
    """A list with one of its items, or half of them, taken away."""
    step = len(items) // 2
    while step > 0:
        for start in range(0, len(items), step):
            yield items[:start] + items[start + step:]
        step //= 2


def smaller(case):
    """Cases with a bit less of everything."""
    for trace in without(case["trace"]):
        yield {**case, "trace": trace}
    for number, pipeline in enumerate(case["device"]["pipelines"]):
        for keys in smaller_pipelines(pipeline):
            reduced = copy.deepcopy(case)
            reduced["device"]["pipelines"][number] = keys
            yield reduced
    if "flood" in case["device"]:
        yield {**case, "device": {"pipelines": case["device"]["pipelines"]}}


def smaller_pipelines(pipeline):
    for part in ("alerts", "windows"):
        for items in without(pipeline[part]):
            yield {**pipeline, part: items}
    for key in set(pipeline) - {"name", "match", "resolution", "alerts", "windows"}:
        yield {other: value for other, value in pipeline.items() if other != key}
    for number, rule in enumerate(pipeline["alerts"]):
        for key in set(rule) - {"name"}:
            alerts = copy.deepcopy(pipeline["alerts"])
            del alerts[number][key]
            yield {**pipeline, "alerts": alerts}


def shrunk(runner, case):
    found = True
    while found:
        found = next((other for other in smaller(case) if still_differs(runner, other)), None)
        case = found or case
    return case


def report(runner, case):
    case = shrunk(runner, case)
    lines = list(alert_cases.trace_lines(case))
    print(f"{difference(runner, case)}\n{alert_cases.config_text(case)}\n" + "\n".join(lines))
    results, _ = runner.run(alert_cases.config_text(case), lines, "--events")
    for name, mine, theirs in zip(("alert", "event"), alert_cases.told(results),
                                  alert_oracle.expected(case["device"], case["trace"])):
        print(f"{name} lines of the engine, then of the oracle:")
        print("".join(f"  {line}\n" for line in mine) + "\n" +
              "".join(f"  {line}\n" for line in theirs), end="")


def main():
    first = int(os.environ.get("VN_SEED", "1"))
    count = int(os.environ.get("VN_CASES", "400"))
    print(f"seeds {first}..{first + count - 1}", flush=True)
    seen = collections.Counter()
    with replay.Replay() as runner:
        for seed in range(first, first + count):
            case = random_alerts.random_case(seed)
            problem = difference(runner, case)
            if problem:
                print(f"seed {seed}: {problem}\nsmaller:")
                report(runner, case)
                return 1
            lines, events = alert_oracle.expected(case["device"], case["trace"])
            seen.update(line["state"] for line in lines)
            seen.update(event["phase"] for event in events)
            seen.update("flood" for event in events if event["alert"] == "flood")
    print(f"{count} traces, all as the oracle says: {dict(seen)}")
    missing = (STATES | PHASES | {"flood"}) - set(seen) if count >= FEW else set()
    print("".join(f"never seen: {what}\n" for what in sorted(missing)), end="")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
