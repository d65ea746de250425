"""The table of alert cases: what docs/alerts.md says, worked out by hand, against the oracle and
against the engine. tests/conformance/data/alert_cases/*.yaml; each case names the rules it shows.
"""
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "support"))
import alert_cases  # noqa: E402
import alert_oracle  # noqa: E402
import replay  # noqa: E402

RULES = TESTS.parent / "docs" / "alerts.md"
LEAST = 150
# Commits, since a replay keeps nothing; the rate and the clock: unit tests of the engine show them.
UNSEEN = {"C7", "C8", "C9"}


def differs(case, lines, events):
    problem = alert_cases.difference(lines, case["lines"], "lines")
    if problem is None and case["events"] is not None:
        problem = alert_cases.difference(events, case["events"], "events")
    return problem


def of_oracle(case):
    return differs(case, *alert_oracle.expected(case["device"], case["trace"]))


def of_engine(case, runner):
    try:
        results, _ = runner.run(alert_cases.config_text(case),
                                list(alert_cases.trace_lines(case)), "--events")
    except replay.ReplayFailed as failure:
        return str(failure)
    return differs(case, *alert_cases.told(results))


def unshown(cases):
    """Rules that the table has no case of."""
    rules = set(re.findall(r"\*\*([AC]\d+)", RULES.read_text(encoding="utf-8")))
    return sorted(rules - {rule for case in cases for rule in case["rules"]} - UNSEEN)


def main():
    cases = alert_cases.table()
    problems = [f"no case of {rule}" for rule in unshown(cases)]
    if len({case["name"] for case in cases}) < max(LEAST, len(cases)):
        problems.append(f"{len(cases)} cases; at least {LEAST} with names of their own are wanted")
    with replay.Replay() as runner:
        for case in cases:
            for what, problem in (("oracle", of_oracle(case)), ("engine", of_engine(case, runner))):
                if problem:
                    problems.append(f"{case['name']}: {what}: {problem}")
    print("".join(f"{problem}\n" for problem in problems), end="")
    print(f"{len(cases)} cases, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
