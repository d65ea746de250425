"""tools/nab: NAB's rules by cases worked out by hand, and the tool on a small corpus of our own."""
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools" / "nab.d"), str(ROOT / "tests" / "support")]
import replay  # noqa: E402
import rules  # noqa: E402

FAILURES = []
ROWS = 100  # 15 of them free
WINDOWS = [(40, 49), (60, 60)]

# 2 / (1 + e^(5x)) - 1 by hand.
AT_BEGIN = 0.9866142981514303     # x = -1
AT_END = 0.24491866240370924      # x = -0.1
HALF_WAY = 0.8482836399575129     # x = -0.5


def check(what, condition, seen=None):
    if not condition:
        FAILURES.append(what)
        print(f"FAILED: {what}: {seen!r}")


def near(what, got, expected):
    check(what, math.isclose(got, expected, rel_tol=1e-12, abs_tol=1e-12), (got, expected))


def sigmoid():
    near("begin of a window", rules.scaled_sigmoid(-1.0), AT_BEGIN)
    near("end of a window", rules.scaled_sigmoid(-0.1), AT_END)
    near("right behind it", rules.scaled_sigmoid(0.0), 0.0)
    near("a width behind it", rules.scaled_sigmoid(1.0), -AT_BEGIN)
    near("far behind it", rules.scaled_sigmoid(3.01), -1.0)


def free():
    check("15 % are free", rules.free_rows(100) == 15)
    check("rounded down", rules.free_rows(1882) == 282)
    check("750 at most", rules.free_rows(22695) == 750)


def single_files():
    cases = (
        ("silence misses both", [], -2.0, -2.0, -4.0),
        ("first row of each", [40, 60], 2.0, 2.0, 2.0),
        ("the first one of a window counts", [40, 45, 49, 60], 2.0, 2.0, 2.0),
        ("last row", [49], AT_END / AT_BEGIN - 1, AT_END / AT_BEGIN - 1, AT_END / AT_BEGIN - 2),
        ("in the middle", [45], HALF_WAY / AT_BEGIN - 1, HALF_WAY / AT_BEGIN - 1,
         HALF_WAY / AT_BEGIN - 2),
        ("before all windows", [20], -2.11, -2.22, -4.11),
        ("in the free rows", [0, 14], -2.0, -2.0, -4.0),
        ("the first row that is not free", [15], -2.11, -2.22, -4.11),
        ("a width behind the first", [58], -2 - 0.11 * AT_BEGIN, -2 - 0.22 * AT_BEGIN,
         -4 - 0.11 * AT_BEGIN),
        ("behind a window of one row", [61], -2.11, -2.22, -4.11),
        ("several false ones add up", [20, 21, 22], -2.33, -2.66, -4.33),
    )
    for name, detections, *expected in cases:
        for profile, value in zip(rules.PROFILES, expected):
            near(f"{name}, {profile}", rules.score(detections, WINDOWS, ROWS, profile), value)


def normalisation():
    for profile, silent in (("standard", -2.0), ("reward_low_FP", -2.0), ("reward_low_FN", -4.0)):
        near(f"null, {profile}", rules.normalised(silent, 2, profile), 0.0)
        near(f"perfect, {profile}", rules.normalised(2.0, 2, profile), 100.0)
    near("half", rules.normalised(0.0, 2, "standard"), 50.0)
    near("two thirds", rules.normalised(0.0, 2, "reward_low_FN"), 100 * 4 / 6)


def windows_in_the_free_rows():
    check("left out", rules.scored_windows([(0, 14), (10, 15)], ROWS) == [(10, 15)])


def refractory():
    times = [10 * row for row in range(8)]
    for name, scores, expected in (
            ("none", [0, 1, 2, 3, 3, 0, 0, 0], []),
            ("one incident", [0, 4, 0, 4, 0, 0, 0, 0], [1]),
            ("a second one", [0, 4, 0, 0, 0, 4, 0, 0], [1, 5]),
            ("goes on at the end of the period", [0, 4, 0, 0, 4, 0, 0, 0], [1]),
            ("goes on for ever", [4] * 8, [0])):
        got = rules.alarms(times, scores, 3, 30)
        check(f"alarms: {name}", got == expected, got)


def make_corpus(folder):
    """Two files, one of them with CR LF; a third one is only named."""
    rng = random.Random(5)
    labels = {"own/missing.csv": []}
    for name, end in (("a", "\n"), ("b", "\r\n")):
        lines = ["timestamp,value"]
        for row in range(2000):
            jump = 80 if row in (700, 1200) else 0
            lines.append(f"2014-01-{1 + row // 288:02d} {row % 288 // 12:02d}:"
                         f"{row % 12 * 5:02d}:00,{50 + rng.gauss(0, 3) + jump:.9f}")
        pathlib.Path(folder, f"{name}.csv").write_bytes((end.join(lines) + end).encode())
        begin, last = (lines[1 + row].split(",")[0] + ".000000" for row in (1190, 1260))
        labels[f"own/{name}.csv"] = [[begin, last]]
    pathlib.Path(folder, "combined_windows.json").write_text(json.dumps(labels), encoding="utf-8")


def run_tool(*arguments):
    return subprocess.run([sys.executable, ROOT / "tools" / "nab", *arguments],
                          capture_output=True, text=True, check=False,
                          env=dict(os.environ, VN_BIN_DIR=str(replay.PROGRAM_DIR.resolve())))


def whole_tool(detector):
    with tempfile.TemporaryDirectory(prefix="vnotch-nab-test-") as folder:
        done = run_tool(folder)
        check("no labels", done.returncode == 1 and "combined_windows.json" in done.stderr, done)
        make_corpus(folder)
        done = run_tool(folder, "--json", "--detector", detector)
        if done.returncode != 0:
            check("the tool runs", False, done)
            return
        figures = json.loads(done.stdout)
        check("what was seen", (figures["files"], figures["rows"], figures["windows"]) ==
              (2, 4000, 2), figures)
        # Each file: one alarm 500 rows before the window (-0.11), one at its row 10 of 71.
        in_window = (2 / (1 + math.exp(-5 * 61 / 71)) - 1) / AT_BEGIN
        expected = 100 * (in_window - 0.11 + 1) / 2
        got = figures["profiles"]["standard"]
        check("the score at the default threshold", abs(got["default"] - expected) < 0.01,
              (got, expected))
        check("the sweep finds no worse one", got["swept"] >= got["default"], got)
        text = run_tool(folder, "--detector", detector).stdout
        check("a part is called one", "2 of 58 files" in text and "part of the corpus" in text)


CONFIG = """\
device: sim
broker: {uri: mqtt://127.0.0.1:1883}
pipelines:
  - name: all
    match: "*"
    resolution: 0.01
    alerts:
      - {name: odd, deviation: {detector: %s, threshold: 4, refractory: 50m}}
"""


def scores_tell_when_the_alert_fires(detector):
    """What the sweep makes of the scores is what the engine does."""
    rng = random.Random(11)
    events = []
    for row in range(4000):
        factor = 4 if rng.random() < 0.01 or 2000 < row < 2030 else 1
        back = rng.choice((0, 0, 0, 0, 0, 1_200_000))
        events.append({"series": "a", "t": 300_000 * row - back, "at": 300_000 * row,
                       "v": round(20 + factor * rng.gauss(0, 1), 2)})
    with replay.Replay() as runner:
        runner.config.write_text(CONFIG % detector, encoding="utf-8")
        runner.trace.write_text("\n".join(map(json.dumps, events)), encoding="utf-8")
        command = [replay.PROGRAM_DIR / "vnotch-sim", "replay", "--config", runner.config,
                   "--trace", runner.trace]
        done = subprocess.run([*command, "--scores"], capture_output=True, check=True)
        plain = subprocess.run(command, capture_output=True, check=True)
    lines = done.stdout.splitlines(keepends=True)
    check("scores are lines on top", plain.stdout ==
          b"".join(line for line in lines if b'"type":"score"' not in line))
    results = [json.loads(line) for line in lines]
    scored = [line for line in results if line["type"] == "score"]
    times = [line["t"] for line in scored]
    check("older readings have no score", times == sorted(times) and 3000 < len(times) < 4000)
    check("nothing is told before the warm-up", not any(line["score"] for line in scored[:300]))
    fired = [line["at"] for line in results
             if line["type"] == "alert" and line["state"] == "firing"]
    expected = [times[row] for row in
                rules.alarms(times, [line["score"] for line in scored], 4, 3_000_000)]
    check("alarms of the scores", fired == expected and len(fired) > 3, (fired, expected))


def main():
    sigmoid()
    free()
    single_files()
    normalisation()
    windows_in_the_free_rows()
    refractory()
    for detector in ("residual", "composite"):
        whole_tool(detector)
        scores_tell_when_the_alert_fires(detector)
    print(f"{len(FAILURES)} failures")
    sys.exit(bool(FAILURES))


if __name__ == "__main__":
    main()
