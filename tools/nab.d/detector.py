"""A detector of the core, driven through vnotch-sim replay."""
import json
import os
import pathlib
import re
import subprocess
import tempfile

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[2]
BIN_DIR = pathlib.Path(os.environ.get("VN_BIN_DIR", SOURCE_DIR / "build" / "release" / "bin"))
UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
DEFAULT_THRESHOLD = 6

CONFIG = """\
device: nab
broker: {{uri: mqtt://127.0.0.1:1883}}
capacity: {{series: {series}}}
pipelines:
  - name: all
    match: "*"
    resolution: {resolution}
    alerts:
      - name: odd
        deviation: {{detector: {detector}, threshold: {threshold}, refractory: {refractory}}}
"""


class DetectorFailed(Exception):
    """vnotch-sim is missing, or said no."""


def duration_ms(text):
    match = re.fullmatch(r"(\d+)(ms|[smhdw])", text)
    if match is None:
        raise DetectorFailed(f"{text!r} is no duration, such as 90s, 1h, 2d")
    return int(match[1]) * UNITS_MS[match[2]]


class Detector:
    def __init__(self, name, refractory, threshold=DEFAULT_THRESHOLD):
        self.name = name
        self.refractory = refractory
        self.refractory_ms = duration_ms(refractory)
        self.threshold = threshold

    def replay(self, rows, resolution, series=1, scores=False):
        """Result lines for rows of (time, series, value) as text."""
        with tempfile.TemporaryDirectory(prefix="vnotch-nab-") as folder:
            config = pathlib.Path(folder, "config.yaml")
            trace = pathlib.Path(folder, "trace.csv")
            config.write_text(CONFIG.format(series=series, resolution=resolution,
                                            detector=self.name, threshold=self.threshold,
                                            refractory=self.refractory), encoding="utf-8")
            with trace.open("w", encoding="utf-8") as file:
                file.write("time,series,value\n")
                file.writelines(f"{time},{name},{value}\n" for time, name, value in rows)
            command = [BIN_DIR / "vnotch-sim", "replay", "--config", config, "--trace", trace]
            try:
                done = subprocess.run(command + ["--scores"] * scores, capture_output=True,
                                      check=False)
            except OSError as error:
                raise DetectorFailed(f"{command[0]}: {error.strerror}: run tools/build first, "
                                     "or set VN_BIN_DIR") from error
        if done.returncode != 0:
            raise DetectorFailed(done.stderr.decode(errors="replace").strip())
        return [json.loads(line) for line in done.stdout.splitlines()]

    def scores(self, rows, resolution):
        """The score of each row; 0 for one that was not evaluated."""
        scores = [0.0] * len(rows)
        for line in self.replay(rows, resolution, scores=True):
            if line["type"] == "score":
                scores[line["index"]] = line["score"]
        return scores
