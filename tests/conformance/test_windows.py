"""Windows of the whole engine against the oracle: random cases, exact comparison.

VN_CASES sets how many (1000), VN_SEED the first one's number; a failure prints its number, and
VN_SEED=number VN_CASES=1 repeats it.
"""
import collections
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import replay  # noqa: E402
import window_cases  # noqa: E402

FEW = 100  # so many cases must have results of all kinds


def adds_up(case, results):
    """With corrections the last revision of a window and its deltas hold all of its readings."""
    if not case["cfg"].get("corrections") or case["events"][-1].get("op") != "flush":
        return True
    oracle = window_cases.WindowOracle(**case["cfg"])
    oracle.run(case["events"])
    wanted, told, revisions = collections.Counter(), {}, set()
    for series, taken in oracle.taken.items():
        for t, _, _ in taken:
            for number, start in oracle.covering(t):
                wanted[series, case["cfg"]["windows"][number]["name"], start] += 1
    for line in results:
        key = (line["series"], line.get("window"), line.get("start"))
        if line.get("kind") == "partial":
            if (line["series"], line["rev"]) in revisions:
                return False
            revisions.add((line["series"], line["rev"]))
            told[key, line["rev"]] = line["count"]
        elif key in wanted:
            told[key, "last"] = line["count"]
    held = collections.Counter()
    for (key, _), count in told.items():
        held[key] += count
    return held == wanted


def last_results(results):
    """Of each window the last result, without what tells how and when it came."""
    told_of_it = ("index", "kind", "rev", "flags", "accounting")
    return {(line["series"], line["window"], line["start"]):
            {k: v for k, v in line.items() if k not in told_of_it}
            for line in results
            if line["type"] == "summary" and line["kind"] != "partial"}


def ends_the_same(runner, case, lines, results):
    """Without late_every the last result of each window is the same."""
    if not case["cfg"].get("late_every") or case["events"][-1].get("op") != "flush":
        return True
    cfg = {key: value for key, value in case["cfg"].items() if key != "late_every"}
    at_once, _ = runner.run(window_cases.config_yaml(dict(case, cfg=cfg)), lines)
    return last_results(at_once) == last_results(results)


def early_results_only_add(runner, case, lines, results):
    """With early_every the other results are the same, but for rev, which counts on."""
    if not any("size" in window for window in case["cfg"]["windows"]):
        return 0
    early, _ = runner.run(window_cases.config_yaml(
        dict(case, cfg=dict(case["cfg"], early_every=(1, 5, 20)[len(lines) % 3]))), lines)
    others = [line for line in early if line.get("kind") != "early"]
    revisions = collections.defaultdict(list)
    for line in early:
        if line["type"] == "summary" and line["kind"] != "partial":
            revisions[line["series"], line["window"], line["start"]].append(line)
    of_time = {w["name"] for w in case["cfg"]["windows"] if "size" in w}
    counted = all([line["rev"] for line in told] == list(range(len(told)))
                  for (_, window, _), told in revisions.items() if window in of_time)

    def bare(line):
        return {k: v for k, v in line.items() if k not in ("rev", "summaries")}

    same = [bare(line) for line in others] == [bare(line) for line in results]
    return len(early) - len(others) if counted and same else -1


def main():
    first = int(os.environ.get("VN_SEED", "1"))
    count = int(os.environ.get("VN_CASES", "1000"))
    print(f"seeds {first}..{first + count - 1}")
    told = collections.Counter()
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
            if not adds_up(case, results):
                print(f"seed {seed}: results and deltas don't hold all readings\n{config}\n"
                      + "\n".join(lines))
                return 1
            if not ends_the_same(runner, case, lines, results):
                print(f"seed {seed}: late_every changes a last result\n{config}\n"
                      + "\n".join(lines))
                return 1
            early = early_results_only_add(runner, case, lines, results) if seed % 3 == 0 else 0
            if early < 0:
                print(f"seed {seed}: early_every changes other results\n{config}\n"
                      + "\n".join(lines))
                return 1
            told["early"] += early
            told["partial"] += sum(line.get("kind") == "partial" for line in results)
            kinds = {w["name"]: window_cases.kind_of(w) for w in case["cfg"]["windows"]}
            told.update(kinds[line["window"]] for line in results if line["type"] == "summary")
            told["superseding"] += sum("supersedes" in line for line in results)
    print(f"{count} cases: all as the oracle says; summaries: {dict(told)}")
    if count < FEW:
        return 0
    missing = {"tumbling", "sliding", "session", "count", "condition", "superseding",
               "partial", "early"} - set(+told)
    print("".join(f"no results: {kind}\n" for kind in sorted(missing)), end="")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
