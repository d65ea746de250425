"""NAB's recordings, or a part of them: reading, sweeping one threshold, two folds."""
import csv
import datetime
import json
import math
import pathlib

import rules
from detector import DEFAULT_THRESHOLD

FILES_OF_ALL = 58
THRESHOLDS = [step / 4 for step in range(2, 229)]


class NoCorpus(Exception):
    """Nothing to score."""


def moment_ms(text):
    time = datetime.datetime.fromisoformat(text.strip()).replace(tzinfo=datetime.timezone.utc)
    return round(time.timestamp() * 1000)


def resolution_of(values):
    """A power of ten that a million of the largest magnitude; from the free rows alone."""
    largest = max((abs(value) for value in values), default=0) or 1
    return max(-9, min(9, math.ceil(math.log10(largest)) - 6))


class Recording:
    """One file with its windows as rows, scored once by the detector."""

    def __init__(self, name, path, windows, detector):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.name = name
        self.rows = len(rows)
        self.times_ms = [moment_ms(row["timestamp"]) for row in rows]
        self.windows = [tuple(self.times_ms.index(moment_ms(end)) for end in window)
                        for window in windows]
        free = [float(row["value"]) for row in rows[:rules.free_rows(len(rows))]]
        trace = [(row["timestamp"].strip(), "s", row["value"].strip()) for row in rows]
        self.scores = detector.scores(trace, f"1e{resolution_of(free)}")
        self.fired = {}

    def total(self, threshold, profile, refractory_ms):
        if threshold not in self.fired:
            self.fired[threshold] = rules.alarms(self.times_ms, self.scores, threshold,
                                                 refractory_ms)
        return rules.score(self.fired[threshold], self.windows, self.rows, profile)


def read(path, detector):
    for labels in (path / "combined_windows.json", path / "labels" / "combined_windows.json"):
        if labels.is_file():
            break
    else:
        raise NoCorpus(f"no combined_windows.json in {path} or its labels")
    recordings = []
    for name, windows in sorted(json.loads(labels.read_text(encoding="utf-8")).items()):
        places = [path / "data" / name, path / name, path / pathlib.Path(name).name]
        present = [place for place in places if place.is_file()]
        if present:
            recordings.append(Recording(name, present[0], windows, detector))
    if not recordings:
        raise NoCorpus(f"none of the files of {labels} is there")
    return recordings


class Part:
    """Some recordings under one threshold."""

    def __init__(self, recordings, refractory_ms):
        self.recordings = recordings
        self.refractory_ms = refractory_ms

    def total(self, threshold, profile):
        return sum(r.total(threshold, profile, self.refractory_ms) for r in self.recordings)

    def windows(self):
        return sum(len(rules.scored_windows(r.windows, r.rows)) for r in self.recordings)

    def best(self, profile):
        """The threshold with the best score; of equal ones the highest."""
        return max(THRESHOLDS, key=lambda t: (self.total(t, profile), t))


def ratio(total, windows, profile):
    return round(rules.normalised(total, windows, profile), 2) if windows else None


def held_out(recordings, profile, refractory_ms):
    """Each half scored with the threshold that is best for the other half."""
    halves = [Part(recordings[k::2], refractory_ms) for k in (0, 1)]
    if not all(half.windows() for half in halves):
        return None
    total = sum(halves[k].total(halves[1 - k].best(profile), profile) for k in (0, 1))
    return ratio(total, sum(half.windows() for half in halves), profile)


def measure(detector, path):
    recordings = read(path, detector)
    part = Part(recordings, detector.refractory_ms)
    windows = part.windows()
    figures = {"detector": detector.name, "refractory": detector.refractory,
               "files": len(recordings), "files_of_all": FILES_OF_ALL, "windows": windows,
               "rows": sum(r.rows for r in recordings), "profiles": {}}
    for profile in rules.PROFILES:
        threshold = part.best(profile)
        figures["profiles"][profile] = {
            "threshold": threshold,
            "swept": ratio(part.total(threshold, profile), windows, profile),
            "held_out": held_out(recordings, profile, detector.refractory_ms),
            "default": ratio(part.total(DEFAULT_THRESHOLD, profile), windows, profile)}
    return figures
