"""Every key of docs/configuration.md, given every kind of value: accepted, or refused with a place.

What the loader may never do is crash, or refuse without saying where. VN_CASES sets how many of the
pairs of key and value are tried, evenly spread (all).
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN_DIR = os.environ.get("VN_BIN_DIR", str(ROOT / "build/release/bin"))
VALUES = [0, 4, -1, 1e300, "x", "1h", "", None, True, [], [1], ["x"], [[]], [{}], {}, {"a": 1}]
# What stands around a key, so that its own value is what decides.
AROUND = {"": {"pipelines": [{"name": "p"}]}, "pipelines[]": {"name": "p"},
          "pipelines[].windows[]": {"name": "w"}, "pipelines[].alerts[]": {"name": "a"},
          "inputs[]": {"topic": "a", "format": "json", "fields": [{"path": "v"}]}}
EXIT_OK, EXIT_CONFIGURATION = 0, 78


def documented():
    """(section, key) of every row: "pipelines[].windows[]", "name"."""
    section = None
    for line in (ROOT / "docs/configuration.md").read_text(encoding="utf-8").splitlines():
        heading = re.match(r"### (?:`(.+)`|Top level)$", line)
        row = re.match(r"\| `(\w+)` \|", line)
        if heading:
            section = heading.group(1) or ""
        elif row and section is not None:
            yield section, row.group(1)


def wrapped(section, inner):
    """A whole configuration in which `section` is `inner`."""
    own = dict(AROUND.get(section, {}))
    own.update(inner)
    if section == "":
        return own
    parent, _, name = section.rpartition(".")
    is_list = name.endswith("[]")
    return wrapped(parent, {name.removesuffix("[]"): [own] if is_list else own})


def problem_of(result, path):
    if result.returncode not in (EXIT_OK, EXIT_CONFIGURATION):
        return f"ended with {result.returncode}"
    said = result.stderr.decode(errors="replace")
    if result.returncode == EXIT_CONFIGURATION and not re.search(
            rf"^{re.escape(path)}(:\d+:\d+)?: error: .{{8}}", said, re.M):
        return f"refused without a reason: {said[:200]}"
    return None


def pairs():
    """(section, key, value): all, or as many as are asked for."""
    every = [(*place, value) for place in documented() for value in VALUES]
    assert len(every) > 1000, "keys are missing"
    wanted = min(int(os.environ.get("VN_CASES", len(every))), len(every))
    return [every[i * len(every) // wanted] for i in range(wanted)]


def main():
    failed = tried = 0
    with tempfile.TemporaryDirectory(prefix="vnotch-test-") as folder:
        path = os.path.join(folder, "c.yaml")
        for section, key, value in pairs():
            text = json.dumps(wrapped(section, {key: value}))
            pathlib.Path(path).write_text(text, encoding="utf-8")
            result = subprocess.run([f"{BIN_DIR}/vnotch", "check", path], capture_output=True,
                                    timeout=60, check=False)
            problem = problem_of(result, path)
            tried += 1
            if problem:
                failed += 1
                print(f"{section or 'top level'}: {key}: {json.dumps(value)}: {problem}")
    print(f"{tried - failed} of {tried} values accepted or refused with a reason")
    return 0 if tried > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
