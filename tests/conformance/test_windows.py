"""Windows of the whole engine against the oracle: random cases, exact comparison.

VN_CASES sets how many (1000), VN_SEED the first one's number; a failure prints its number, and
VN_SEED=number VN_CASES=1 repeats it.
"""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import replay  # noqa: E402
import window_cases  # noqa: E402


def main():
    first = int(os.environ.get("VN_SEED", "1"))
    count = int(os.environ.get("VN_CASES", "1000"))
    print(f"seeds {first}..{first + count - 1}")
    summaries = 0
    with replay.Replay() as runner:
        for seed in range(first, first + count):
            case = window_cases.random_case(seed)
            config = window_cases.config_yaml(case)
            lines = list(window_cases.trace_lines(case))
            results, totals = runner.run(config, lines)
            problem = window_cases.compare(case, results, totals)
            if problem:
                print(f"seed {seed}: {problem}\n{config}\n" + "\n".join(lines))
                return 1
            summaries += totals["summaries"]
    print(f"{count} cases, {summaries} summaries: all as the oracle says")
    return 0 if summaries > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
