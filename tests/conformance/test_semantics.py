"""The examples of docs/semantics/*.md and docs/alerts.md are what replay does, rule by rule.

An example is three fences in a row: ```yaml with the body of a pipeline (or a whole configuration),
```json with a trace, ```json with the results; text may stand between them. The results are all
lines of the replay but the totals, of each line the members that are shown. Totals at the end are
compared when they are there.

`--write` fills in the values of the members that are shown (look at the difference before you keep
it); an empty block of results gets a line for each result.
"""
import json
import pathlib
import re
import sys
from decimal import Decimal
from fractions import Fraction

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "support"))
import replay  # noqa: E402

RULES = TESTS.parent / "docs" / "semantics.md"
PAGES = TESTS.parent / "docs" / "semantics"
ALERTS = TESTS.parent / "docs" / "alerts.md"
FRAME = "pipelines:\n  - name: p\n    match: \"*\"\n    resolution: 1\n"
BARE = {"summary": ["index", "window", "start", "end", "kind", "rev", "count"],
        "drop": ["index", "reason", "t"],
        "alert": ["index", "alert", "state", "at"],
        "event": ["index", "alert", "phase", "rev", "at"],
        "answer": ["type", "index", "command", "result", "changed"]}


class Example:
    """Configuration, trace and results, with the place of the results in the page."""

    def __init__(self, page, yaml, trace, results):
        self.place = f"{page.name}:{yaml.string.count(chr(10), 0, yaml.start(1)) + 1}"
        self.config = self.whole(yaml.group(1))
        self.trace = [line for line in trace.group(1).splitlines() if line.strip()]
        self.results = [line for line in results.group(1).splitlines() if line.strip()]
        self.span = results.span(1)
        # Events are there in pages that show one.
        self.options = ["--events"] if any('"phase"' in line for line in self.results) else []

    @staticmethod
    def whole(text):
        if re.search(r"^pipelines:", text, re.M):
            return text
        frame = FRAME
        for key in re.findall(r"^(\w+):", text, re.M):
            frame = re.sub(rf"^ +{key}:.*\n", "", frame, flags=re.M)
        return frame + "".join(f"    {line}\n" for line in text.splitlines())


def examples_of(page):
    text = page.read_text(encoding="utf-8")
    fences = list(re.finditer(r"^```(?:yaml|json)\n(.*?)^```$", text, re.S | re.M))
    starts = [i for i, fence in enumerate(fences) if fence.group(0).startswith("```yaml")]
    found = []
    for start, end in zip(starts, starts[1:] + [len(fences)]):
        if end - start != 3:
            raise AssertionError(f"{page.name}: a configuration needs a trace and results: "
                                 + fences[start].group(1))
        found.append(Example(page, *fences[start:end]))
    return found


def difference(shown, line):
    """What a line of the page says that the replay doesn't."""
    for key, value in shown.items():
        if line.get(key) != value:
            return f"{key} is {line.get(key)}, the page says {value}: {line}"
    return None


def check(example, runner):
    results, totals = runner.run(example.config, example.trace, *example.options)
    shown = [replay.exact(line) for line in example.results]
    got = results + ([totals] if shown and shown[-1].get("type") == "totals" else [])
    for mine, theirs in zip(shown, got):
        problem = difference(mine, theirs)
        if problem:
            return problem
    if len(shown) != len(got):
        return f"{len(got)} results, the page has {len(shown)}: {got[len(shown):]}"
    return None if replay.conserves(totals) else f"totals don't add up: {totals}"


def bare(value):
    """JSON with numbers as they were printed: decimals of at most 17 digits."""
    if isinstance(value, Fraction):
        return str(Decimal(value.numerator) / Decimal(value.denominator))
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{k}": {bare(v)}' for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(bare(item) for item in value) + "]"
    return json.dumps(value)


def rewritten(example, runner):
    """The lines of the results with the members that were shown, or the usual ones."""
    results, totals = runner.run(example.config, example.trace, *example.options)
    shown = [json.loads(line) for line in example.results]
    results += [totals] if shown and shown[-1].get("type") == "totals" else []
    members = {}
    for line in shown:
        kind = line.get("type") or ("drop" if "reason" in line else
                                    "event" if "phase" in line else
                                    "alert" if "alert" in line else "summary")
        members.setdefault(kind, []).extend(k for k in line if k not in members.get(kind, []))
    lines = []
    for line in results:
        wanted = members.get(line["type"], BARE.get(line["type"], []))
        lines.append(bare({key: line[key] for key in wanted if key in line}) + "\n")
    return "".join(lines)


def write(page, runner):
    text = page.read_text(encoding="utf-8")
    for example in reversed(examples_of(page)):
        start, end = example.span
        text = text[:start] + rewritten(example, runner) + text[end:]
    page.write_text(text, encoding="utf-8")


def unexplained():
    """Rules of the contract that no page names."""
    rules = set(re.findall(r"\*\*([A-Z]\d+)\*\*", RULES.read_text(encoding="utf-8")))
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))
    return sorted(rules - set(re.findall(r"\b[A-Z]\d+\b", text)))


def broken_links():
    """Links to files that are not there."""
    return [f"{page.name}: {target}" for page in [RULES, ALERTS, *sorted(PAGES.glob("*.md"))]
            for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
            if not (page.parent / target).exists()]


def main():
    pages = sorted(PAGES.glob("*.md")) + [ALERTS]
    failed = count = 0
    with replay.Replay() as runner:
        if sys.argv[1:] == ["--write"]:
            for page in pages:
                write(page, runner)
            return 0
        for page in pages:
            for example in examples_of(page):
                count += 1
                try:
                    problem = check(example, runner)
                except replay.ReplayFailed as error:
                    problem = str(error)
                if problem:
                    failed += 1
                    print(f"{example.place}: {problem}")
    missing = unexplained()
    if missing:
        print(f"rules that no page explains: {' '.join(missing)}")
    broken = broken_links()
    print("".join(f"no such file: {link}\n" for link in broken), end="")
    print(f"{count - failed} of {count} examples are true")
    return 0 if count > 20 and failed == 0 and not missing and not broken else 1


if __name__ == "__main__":
    sys.exit(main())
