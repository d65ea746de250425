"""Commands in a replay: the examples of docs/messages.md and docs/alerts.md are what is answered,
and what commands change is told."""
import json
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
DOCS = TESTS.parent / "docs"
sys.path.insert(0, str(TESTS / "support"))
import replay  # noqa: E402

START = 1795225661000
ARRIVAL = 1795225672000
TOPIC = "vnotch/gw-17/command"
CONFIG = """device: gw-17
inputs:
  - {topic: "plant/{line}/{sensor}", format: number, series: "{line}/{sensor}"}
pipelines:
  - name: temperature
    match: "*"
    unit: Cel
    resolution: 0.01
    range: [-40, 125]
    windows:
      - {name: minute, tumbling: 1m, statistics: [mean]}
    alerts:
      - {name: overheat, above: 80, hysteresis: 5, severity: critical, latch: true}
"""


def documented():
    """name -> object of the examples about commands in docs/messages.md."""
    text = (DOCS / "messages.md").read_text(encoding="utf-8")
    pattern = r"<!-- example: ((?:command|response)\S*) -->\n```\w+\n(.*?)```"
    return {name: json.loads(block) for name, block in re.findall(pattern, text, re.S)}


def in_alerts():
    """The two objects of docs/alerts.md: a command and its answer."""
    text = (DOCS / "alerts.md").read_text(encoding="utf-8")
    text = text.split("## Commands")[1].split("## Cookbook")[0]
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.S)]


def reading(at, value, series="line1/temp"):
    return {"at": at, "topic": f"plant/{series}", "payload": str(value)}


def command(at, members, **more):
    payload = members if isinstance(members, str) else json.dumps(members)
    return {"at": at, "topic": TOPIC, "payload": payload, **more}


def run(runner, trace, config=CONFIG):
    results, totals = runner.run(config, trace, "--events")
    return results, totals


def answers(results):
    """Without what belongs to the line; `boot` is that of the docs, which a replay can't have."""
    found = [r for r in results if r["type"] == "answer"]
    return [{**{k: v for k, v in r.items() if k not in ("type", "index")}, "boot": 7}
            for r in found]


def check_examples(runner):
    examples = documented()
    asked, answered = in_alerts()
    bad = {**asked, "for": "30", "id": "a2"}
    acknowledge = {"command": "acknowledge", "alert": "overheat"}
    trace = [reading(START, 81.2), command(ARRIVAL, acknowledge), command(ARRIVAL, asked),
             command(ARRIVAL, bad), command(ARRIVAL, {"command": "list"})]
    told = answers(run(runner, trace)[0])
    assert told[1] == answered, told[1]
    assert told[2] == examples["response-error"], told[2]
    assert told[3] == examples["response-list"], told[3]
    told = answers(run(runner, [reading(START, 81.2), command(ARRIVAL, examples["command"])])[0])
    assert told == [examples["response"]], told


def phases(results):
    return [r["phase"] for r in results if r["type"] == "event"]


def check_events(runner):
    trace = [reading(START, 81.2)]
    for number, members in enumerate(({"command": "acknowledge", "episode": 1},
                                      {"command": "shelve", "for": "1h"}, {"command": "unshelve"},
                                      {"command": "out_of_service"}, {"command": "in_service"})):
        trace.append(command(START + number, {**members, "alert": "overheat"}))
    trace.append(reading(START + 10, 20))
    trace.append(command(START + 20, {"command": "reset", "alert": "overheat"}))
    results, totals = run(runner, trace)
    told = phases(results)
    for phase in ("firing", "acknowledged", "shelved", "unshelved", "out_of_service", "in_service",
                  "resolved"):
        assert told.count(phase) == 1, f"{phase}: {told}"
    assert all(answer["result"] == "done" for answer in answers(results)), answers(results)
    assert [r["state"] for r in results if r["type"] == "alert"][-1] == "normal"
    assert (totals["commands"], totals["commands_refused"]) == (6, 0), totals
    assert totals["messages"] == 2, totals


def check_refusals(runner):
    trace = [reading(START, 20), command(START, {"command": "list"}, retained=True),
             command(START, '{"command":'), command(START, {"command": "fly"}),
             command(START, {"command": "reset", "alert": "overheat"})]
    results, totals = run(runner, trace)
    assert [a["error"] for a in answers(results)] == ["retained", "json", "command", "no_effect"]
    assert (totals["commands"], totals["commands_refused"]) == (4, 4), totals
    assert totals["messages_refused"] == 0 and totals["reasons"] == {}, totals


def check_disabled(runner):
    results, totals = run(runner, [command(START, {"command": "list"})],
                          CONFIG + "commands: {enabled: false}\n")
    assert results == [] and totals["commands_refused"] == 1, (results, totals)


def check_words():
    """The page of alerts names every error that docs/errors.md has."""
    text = (DOCS / "errors.md").read_text(encoding="utf-8").split("## Commands")[1]
    sentence = re.search(r"then `error` is one of (.*?), and", (DOCS / "alerts.md").read_text(
        encoding="utf-8"), re.S).group(1)
    assert re.findall(r"^\| `(\w+)`", text, re.M) == re.findall(r"`(\w+)`", sentence)


def main():
    with replay.Replay() as runner:
        check_examples(runner)
        check_events(runner)
        check_refusals(runner)
        check_disabled(runner)
    check_words()
    print("commands are answered as the documents say")
    return 0


if __name__ == "__main__":
    sys.exit(main())
