"""Guards as a user of a replay sees them: repeats, limits, silent series, an unset clock."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import replay  # noqa: E402

HOUR = 3600000
FAILURES = []


def config(pipeline, rest=""):
    return f"""\
inputs:
  - {{topic: "number/{{name}}", format: number, series: "{{name}}"}}
  - {{topic: "senml", format: senml+json}}
  - topic: "seq/{{name}}"
    format: json
    fields: [{{path: v, series: "{{name}}"}}]
    time: {{path: t, unit: ms}}
    sequence: {{path: n}}
{rest}
pipelines:
  - name: p
    resolution: 1
    {pipeline}
"""


MINUTE = "windows: [{name: minute, tumbling: 1m}]"


def check(what, seen, wanted):
    if seen != wanted:
        FAILURES.append(what)
        print(f"FAILED: {what}:\n  seen   {seen}\n  wanted {wanted}")


def run(runner, pipeline, events, rest=""):
    results, totals = runner.run(config(pipeline, rest), events)
    check("the books balance", replay.conserves(totals), True)
    return results, totals


def drops(results):
    return [(r["index"], r["reason"]) for r in results if r["type"] == "drop"]


def summaries(results):
    return [(r["window"], r["kind"], r["start"], r["end"], r["count"], "time_quality" in
             r.get("flags", [])) for r in results if r["type"] == "summary"]


def repeats(runner):
    results, totals = run(runner, f"deduplicate: 2\n    same_time: conflict\n    {MINUTE}", [
        {"series": "a", "t": 0, "v": 1}, {"series": "a", "t": 0, "v": 1},
        {"series": "a", "t": 0, "v": 2}, {"series": "a", "t": 1, "v": 1},
        {"series": "a", "t": 2, "v": 1}, {"series": "a", "t": 0, "v": 1}])
    check("repeats without numbers", drops(results), [(1, "duplicate"), (2, "conflict")])
    check("a conflict is rejected", (totals["duplicate"], totals["rejected"]), (1, 1))
    results, totals = run(runner, MINUTE, [
        {"at": 0, "topic": "seq/a", "payload": '{"t": 0, "v": 1, "n": 7}'},
        {"topic": "seq/a", "payload": '{"t": 0, "v": 1, "n": 7}'},
        {"topic": "seq/a", "payload": '{"t": 0, "v": 2, "n": 7}'},
        {"series": "a", "t": 1, "v": 1, "seq": 7}])
    check("repeats with numbers", drops(results),
          [(1, "duplicate"), (2, "conflict"), (3, "conflict")])


def limits(runner):
    events = [{"at": at, "series": name, "t": at, "v": 1}
              for at in (0, 0, 0, 500, 1000) for name in "ab"]
    results, _ = run(runner, f"limit: {{readings: 1, per: 1s, burst: 2}}\n    {MINUTE}", events)
    check("each series", drops(results), [(i, "limited") for i in (4, 5, 6, 7)])
    results, _ = run(runner, MINUTE, events, "limit: {readings: 3}")
    check("the device", drops(results), [(3, "limited"), (4, "limited"), (5, "limited"),
                                         (7, "limited")])


def silent_series(runner):
    results, totals = run(runner, f"time_to_live: 1h\n    series: 1\n    {MINUTE}", [
        {"at": 0, "series": "a", "t": 1000, "v": 1},
        {"at": 1, "series": "b", "t": 1000, "v": 1},
        {"op": "tick", "at": HOUR - 1}, {"op": "tick", "at": HOUR},
        {"series": "b", "t": 2000, "v": 1}, {"op": "flush"}])
    check("its place is free", drops(results), [(1, "series_full")])
    check("it says goodbye", summaries(results),
          [("minute", "idle", 0, 60000, 1, False), ("minute", "on_time", 0, 60000, 1, False)])
    check("it is counted", (totals["series_expired"], totals["accepted"]), (1, 2))


SHAPES = """windows:
      - {name: ten, tumbling: 10s, sample: 2}
      - {name: visit, session: {gap: 10s}, sample: 2}
      - {name: two, count: 2, sample: 2}"""
T = 1795219200123


def unset_clock(runner):
    unset = [{"op": "clock", "set": False, "at": 500},
             {"at": 1500, "topic": "number/a", "payload": "1"},
             {"at": 2500, "topic": "senml", "payload": '[{"n":"a","v":2,"t":-0.5}]'},
             {"at": 3500, "topic": "number/a", "payload": "3"}]
    set_ = [{"op": "clock", "set": True, "at": T + 4000},
            {"at": T + 5000, "topic": "number/a", "payload": "4"}, {"op": "flush"}]
    results, _ = run(runner, SHAPES, unset + set_)
    forced = [r for r in results if r.get("kind") == "forced"]
    check("what was open is told", sorted(r["window"] for r in forced), ["ten", "visit"])
    check("with the flag", all("time_quality" in r["flags"] for r in forced), True)
    counts = [r for r in results if r.get("kind") == "count"]
    check("count windows go on", [(r["start"], r["end"], r["sum"]) for r in counts],
          [(0, 2, 3), (2, 4, 7)])
    last = [r for r in results if r["type"] == "summary" and r["kind"] == "on_time"]
    check("and all begins anew", sorted((r["window"], r["count"]) for r in last),
          [("ten", 1), ("visit", 1)])
    results, _ = run(runner, f"unset_clock: refuse\n    {SHAPES}", unset + set_)
    check("refused", drops(results), [(i, "time") for i in (1, 2, 3)])


def times_are_moved(runner):
    """The monotonic clock runs with `at`; only the wall clock is wrong, by a known time."""
    results, _ = run(runner, SHAPES, [
        {"op": "clock", "set": False, "at": T},
        {"at": T + 1000, "topic": "number/a", "payload": "1"},
        {"at": T + 4000, "topic": "number/a", "payload": "2"},
        {"op": "clock", "set": True, "at": T + 5000}])
    told = {r["window"]: r for r in results if r["type"] == "summary"}
    check("a window of time", (told["ten"]["start"], told["ten"]["end"]), (T, T + 10000))
    check("a session", (told["visit"]["start"], told["visit"]["end"]), (T + 1000, T + 14000))
    for name in ("ten", "visit"):
        check(f"the sample of {name}", sorted(told[name]["sample"]), [[T + 1000, 1], [T + 4000, 2]])
    check("a count window was told before", told["two"]["from"], 1000)


def held(runner):
    results, totals = run(runner, f"unset_clock: hold\n    {SHAPES}", [
        {"op": "clock", "set": False, "at": T},
        {"at": T + 1000, "topic": "number/a", "payload": "1"},
        {"at": T + 4000, "topic": "number/a", "payload": "2"},
        {"op": "tick", "at": T + 4500},
        {"op": "clock", "set": True, "at": T + 5000}, {"op": "flush"}])
    told = {r["window"]: r for r in results}
    check("nothing before the clock is set", min(r["index"] for r in results), 4)
    check("held messages count at their arrival", sorted(told["ten"]["sample"]),
          [[T + 1000, 1], [T + 4000, 2]])
    check("and that is exact", ("flags" in told["two"], totals["accepted"]), (True, 2))
    check("so that nothing is doubtful", [r for r in results if "time_quality" in
                                          r.get("flags", [])], [])


def main():
    with replay.Replay() as runner:
        for case in (repeats, limits, silent_series, unset_clock, times_are_moved,
                     held):
            case(runner)
    print(f"{len(FAILURES)} failures")
    return 1 if FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())
