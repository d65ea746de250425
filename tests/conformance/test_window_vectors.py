"""Named window cases of tests/data/windows.jsonl: the oracle and the engine must both agree.

`--write` fills in the expectations of all cases anew (look at the difference before you keep it).
"""
import json
import pathlib
import sys
from fractions import Fraction

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "support"))
import replay  # noqa: E402
import window_cases  # noqa: E402

DATA = TESTS / "data" / "windows.jsonl"


def plain(line):
    """An expectation as JSON: fractions as text, no list of contents."""
    return {key: str(value) if isinstance(value, Fraction) else value
            for key, value in line.items() if key != "content"}


def main():
    cases = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    if sys.argv[1:] == ["--write"]:
        for case in cases:
            case["expect"] = [plain(line) for line in window_cases.expected_lines(case)]
        lines = [json.dumps(case, separators=(",", ":")) + "\n" for case in cases]
        DATA.write_text("".join(lines), encoding="utf-8")
        return 0
    failed = 0
    with replay.Replay() as runner:
        for case in cases:
            problem = None
            if case["expect"] != [plain(line) for line in window_cases.expected_lines(case)]:
                problem = "the oracle says something else than the file"
            else:
                results, totals = runner.run(window_cases.config_yaml(case),
                                             window_cases.trace_lines(case))
                problem = window_cases.compare(case, results, totals)
            if problem:
                failed += 1
                print(f"{case['name']} ({case['why']}): {problem}")
    print(f"{len(cases) - failed} of {len(cases)} named cases as expected")
    return 0 if cases and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
