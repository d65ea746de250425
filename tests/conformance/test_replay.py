"""What a user of vnotch-sim replay sees: formats of traces, lines of results, errors, statuses."""
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import replay  # noqa: E402

CONFIG = """\
device: sim
broker: {uri: mqtt://127.0.0.1:1883}
inputs:
  - {topic: "in/{name}", format: number, series: "{name}"}
  - topic: "json/{name}"
    format: json
    fields: [{path: v, series: "{name}"}]
    time: {path: t, unit: ms}
pipelines:
  - name: temperature
    match: "*/temp"
    unit: Cel
    resolution: 0.01
    range: [-40, 125]
    windows:
      - {name: minute, tumbling: 1m, statistics: [mean, stddev, range], sample: 2}
    alerts:
      - {name: hot, above: 80}
"""
IDENTITY = ["type", "index", "pipeline", "window", "series", "start", "end", "kind", "rev"]
ALWAYS = ["count", "sum", "sum_sq", "min", "max", "first", "last", "mean", "variance"]
FAILURES = []


def check(what, condition, seen=None):
    if not condition:
        FAILURES.append(what)
        print(f"FAILED: {what}: {seen}")


def summary_lines(runner):
    events = ['{"at":5,"series":"a/temp","t":1000,"v":21.37}',
              '{"series":"a/temp","t":2000,"v":-0.5}', '{"op":"flush"}']
    status, out, _ = runner.run_raw(CONFIG, "\n".join(events))
    lines = out.decode().splitlines()
    check("status 0", status == 0, status)
    check("a summary and the totals", len(lines) == 2, lines)
    summary = json.loads(lines[0])
    check("members in their order",
          list(summary) == IDENTITY + ALWAYS + ["stddev", "range", "sample", "flags"],
          list(summary))
    check("sums are exact decimals", '"sum":20.87,"sum_sq":456.9269,' in lines[0], lines[0])
    check("the sample has times and values",
          sorted(summary["sample"]) == [[1000, 21.37], [2000, -0.5]], summary["sample"])
    check("mean as decimal", '"mean":10.435,' in lines[0], lines[0])
    return lines


def messages(runner):
    results, totals = runner.run(CONFIG, [
        {"at": 7, "topic": "in/a/temp", "payload": "20"},
        {"at": 7, "topic": "in/temp", "payload": "20"},
        {"at": 1000, "topic": "json/x", "payload": '{"v": 1, "t": 2}'},
        {"at": 2000, "topic": "json/b/temp", "payload": '{"v": 1, "t": 2'},
        {"at": 3000, "topic": "nobody", "payload_hex": "ff"}])
    check("each refused message is a drop with its reason",
          [(r["index"], r["reason"]) for r in results] ==
          [(0, "topic"), (1, "no_pipeline"), (2, "no_pipeline"), (3, "topic"), (4, "topic")],
          results)
    check("messages are counted", totals["messages"] == 5 and totals["messages_refused"] == 3,
          totals)
    check("readings without a series are counted",
          totals["unassigned"] == totals["rejected"] == totals["received"] == 2, totals)


def drops(runner):
    results, totals = runner.run(CONFIG, [
        {"series": "a/temp", "t": 0, "v": 126}, {"series": "a/temp", "t": 0, "v": 81},
        {"series": "other", "t": 0, "v": 1}, {"series": "bad name/temp", "t": 0, "v": 1},
        '{"series":"a/temp","t":1,"v":1e400}'])
    seen = [(r["index"], r.get("reason") or r["type"]) for r in results]
    check("reasons of drops", seen == [(0, "range"), (1, "alert"), (2, "no_pipeline"),
                                       (3, "charset"), (4, "range")], seen)
    check("alert line", results[1] == {"type": "alert", "index": 1, "alert": "hot", "at": 0,
                                       "series": "a/temp", "state": "firing", "episode": 1},
          results[1])
    check("totals add up", replay.conserves(totals) and totals["received"] == 5, totals)
    check("reasons in the totals",
          totals["reasons"] == {"range": 2, "charset": 1, "no_pipeline": 1}, totals)


def accounting(runner):
    config = CONFIG.replace("    windows:", "    expected_every: 10s\n    out_of_order: 5s\n"
                            "    allowed_lateness: 1m\n    max_future: 1m\n    windows:")

    def at(now, t, v, **more):
        return {"at": now * 1000, "series": "a/temp", "t": t * 1000, "v": v, **more}

    results, totals = runner.run(config, [
        at(1, 1, 20, seq=1), at(2, 1, 20, seq=1), at(3, 12, 500, seq=2), at(14, 14, 20, seq=3),
        at(15, 110, 20, seq=4), at(31, 31, 20, seq=5), at(32, 22, 20, seq=6),
        at(71, 71, 20, seq=7), at(72, 45, 20, seq=8), {"op": "flush"}])
    summaries = [r for r in results if r["type"] == "summary"]
    check("three results", [(s["start"], s["kind"], s["rev"]) for s in summaries] ==
          [(0, "on_time", 0), (0, "late", 1), (60000, "on_time", 0)], summaries)
    expected = [({"late": 1, "duplicate": 1, "rejected": 1, "gaps": 1, "coverage": 666}, []),
                ({"late": 2, "duplicate": 1, "rejected": 1, "gaps": 1, "coverage": 833}, []),
                ({"quarantined": 1, "gaps": 2, "coverage": 166}, ["final"])]
    seen = [(s.get("accounting"), s.get("flags", [])) for s in summaries]
    check("the accounting of each", seen == expected, seen)
    check("totals add up with it", replay.conserves(totals) and totals["quarantined"] == 1, totals)


def corrections(runner):
    config = CONFIG.replace("    windows:", "    after_lateness: correct\n    corrections: 2\n"
                            "    late_every: 10s\n    windows:")

    def at(now, t, v):
        return {"at": now * 1000, "series": "a/temp", "t": t * 1000, "v": v}

    results, totals = runner.run(config, [
        at(1, 1, 20), at(200, 200, 20), at(201, 2, 21), at(202, 59, 95), at(203, 61, 23),
        {"op": "tick", "at": 210000}, at(211, 3, 24), {"op": "tick", "at": 212000},
        at(213, 130, 25), at(214, 70, 26), at(215, 4, 27), {"op": "flush"}])
    deltas = [r for r in results if r.get("kind") == "partial"]
    seen = [(d["index"], d["start"], d["rev"], d["count"], d["sum"], d["flags"]) for d in deltas]
    expected = [(7, 0, 0, 3, 140, ["partial"]), (7, 60000, 1, 1, 23, ["partial"]),
                (10, 120000, 2, 1, 25, ["partial"]), (11, 60000, 3, 1, 26, ["partial"]),
                (11, 0, 4, 1, 27, ["partial"])]
    check("deltas are coalesced, the oldest makes room, all leave at the end", seen == expected,
          seen)
    check("a delta has what can be added up", "sample" not in deltas[0] and
          deltas[0]["accounting"] == {"late": 3} and deltas[0]["first"] == 21, deltas[0])
    check("results to which deltas may come aren't final",
          all("flags" not in r for r in results if r.get("kind") == "on_time"), results)
    check("corrected readings are accepted", totals["accepted"] == 9 and totals["late"] == 0 and
          totals["corrected"] == 7, totals)
    results, totals = runner.run(config.replace("    late_every: 10s\n", ""), [
        at(1, 1, 20), at(200, 200, 20), at(201, 2, 21), {"op": "tick", "at": 201100}])
    check("without late_every the next tick tells them",
          [r["index"] for r in results if r.get("kind") == "partial"] == [3], results)


def revisions(runner):
    config = CONFIG.replace("    windows:", "    allowed_lateness: 5m\n    late_every: 10s\n"
                            "    windows:")

    def at(now, t, v):
        return {"at": now * 1000, "series": "a/temp", "t": t * 1000, "v": v}

    events = [at(1, 1, 20), at(70, 70, 21), at(71, 2, 22), at(72, 3, 23),
              {"op": "tick", "at": 80000}, {"op": "tick", "at": 81000}, at(82, 4, 24),
              at(200, 200, 25), at(201, 71, 26), at(500, 500, 27), {"op": "flush"}]
    waiting, _ = runner.run(config, events)
    at_once, _ = runner.run(config.replace("    late_every: 10s\n", ""), events)
    seen = [(r["index"], r["start"], r["rev"], r["count"]) for r in waiting
            if r.get("kind") == "late"]
    check("revisions leave together, and before their window is gone",
          seen == [(5, 0, 1, 3), (9, 0, 2, 4), (9, 60000, 1, 2)], seen)
    identity = ("index", "rev", "kind", "flags")

    def last(results):
        return {r["start"]: {k: v for k, v in r.items() if k not in identity}
                for r in results if r["type"] == "summary"}

    check("the last ones say the same as without", last(waiting) == last(at_once), waiting)


def events(runner):
    config = CONFIG.replace("inputs:", "alerts: {flood: {alerts: 1, per: 10s}}\ninputs:")
    trace = [{"at": 1000, "series": f"{name}/temp", "t": 1000, "v": 81} for name in "ab"]
    trace += [{"op": "tick", "at": 11000}]
    results, totals = runner.run(config, trace)
    check("events are lines only if asked for", "event" not in {r["type"] for r in results})
    check("activations and what was muted are counted", (
        totals["activations"], totals["muted"], totals["alerts"]) == (2, 1, 4), totals)
    results, same = runner.run(config, trace, "--events")
    told = [(e["index"], e["alert"], e["series"], e["phase"], e["episode"], e["rev"], e["at"])
            for e in results if e["type"] == "event"]
    check("events in their order", told == [
        (0, "hot", "a/temp", "firing", 1, 0, 1000), (1, "flood", "sim", "firing", 1, 0, 1000),
        (2, "flood", "sim", "resolved", 1, 1, 11000),
        (2, "hot", "b/temp", "firing", 1, 0, 11000)] and same == totals, told)


def csv(runner, lines_of_json):
    trace = "time,series,value\n1000,a/temp,21.37\n1970-01-01 00:00:02,a/temp,-0.5\n"
    status, out, _ = runner.run_raw(CONFIG, trace)
    totals = json.loads(out.decode().splitlines()[-1])
    check("CSV is read", status == 0 and totals["accepted"] == 2, out)
    status, out, _ = runner.run_raw(CONFIG, trace + "1970-01-01T00:01:00Z,a/temp,0")
    check("CSV gives what JSON gives, and counts data lines", lines_of_json[0] in out.decode(),
          out)


def determinism(runner):
    events = [json.dumps({"series": f"s{i % 7}/temp", "t": i * 900, "v": i % 50})
              for i in range(2000)] + ['{"op":"flush"}']
    first = runner.run_raw(CONFIG, "\n".join(events))
    second = runner.run_raw(CONFIG, "\r\n".join(events) + "\r\n")
    check("two runs give the same bytes, also with other line ends",
          first == second and first[0] == 0 and len(first[1]) > 10000)


def failures(runner):
    status, out, err = runner.run_raw(CONFIG, '{"series":"a/temp","t":0,"v":81}\n\n{"v":1}\n')
    check("a bad line is named", status == 65 and b"trace:3: error: neither a reading" in err, err)
    check("what came before it is told", b'"alert"' in out and b"totals" not in out, out)
    status, out, err = runner.run_raw("device: sim\ndevize: x\n", "")
    check("a bad configuration", status == 78 and b"config.yaml:" in err and out == b"", err)
    program = str(replay.PROGRAM_DIR / "vnotch-sim")
    runner.config.write_text(CONFIG, encoding="utf-8")
    runner.trace.write_text('{"op":"flush"}', encoding="utf-8")
    files = ["--config", str(runner.config), "--trace", str(runner.trace)]
    for arguments, expected in (([], 64), (["replay"], 64), (["replay", "--trace"], 64),
                                (["replay", "--x", "y"], 64), (["walk"], 64), (["--help"], 0),
                                (["--version"], 0),
                                (["replay", *files, "--output", "/dev/full"], 74),
                                (["replay", *files, "--output", "/nonexistent/x"], 74),
                                (["replay", *files[:3], "/nonexistent/x"], 74)):
        done = subprocess.run([program, *arguments], capture_output=True, check=False)
        check(f"status of {arguments}", done.returncode == expected, done)
        check(f"an error of {arguments} is explained", expected == 0 or done.stderr != b"")
    done = subprocess.run([program, "replay", *files[:3], "-"], input=b'{"op":"flush"}',
                          capture_output=True, check=False)
    check("standard input", done.returncode == 0 and b'"totals"' in done.stdout, done)
    output = pathlib.Path(runner.folder.name, "output")
    subprocess.run([program, "replay", *files, "--output", str(output)], check=True)
    check("output file", output.read_bytes() == done.stdout)


def main():
    with replay.Replay() as runner:
        lines = summary_lines(runner)
        messages(runner)
        drops(runner)
        accounting(runner)
        corrections(runner)
        revisions(runner)
        events(runner)
        csv(runner, lines)
        determinism(runner)
        failures(runner)
    print("replay: " + (f"{len(FAILURES)} failures" if FAILURES else "all as documented"))
    return 1 if FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())
