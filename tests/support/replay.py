"""Runs vnotch-sim replay on a configuration and a trace, both given as text."""
import json
import os
import pathlib
import subprocess
import tempfile
from fractions import Fraction

PROGRAM_DIR = pathlib.Path(os.environ.get("VN_BIN_DIR", "build/release/bin"))
RELATIVE_ERROR = Fraction(1, 10**15)


class ReplayFailed(Exception):
    """The program ended with another status than 0."""


def exact(line):
    """A JSON line with every number exact: int, or Fraction of the decimal text."""
    return json.loads(line, parse_float=Fraction)


class Replay:
    """A scratch folder and the program; use it as a context manager."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="vnotch-replay-")
        self.config = pathlib.Path(self.folder.name, "config.yaml")
        self.trace = pathlib.Path(self.folder.name, "trace")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.folder.cleanup()

    def run_raw(self, config, trace, *options):
        """Exit status, standard output and standard error, as bytes."""
        self.config.write_text(config, encoding="utf-8")
        self.trace.write_bytes(trace if isinstance(trace, bytes) else trace.encode())
        done = subprocess.run(
            [PROGRAM_DIR / "vnotch-sim", "replay", "--config", self.config, "--trace", self.trace,
             *options],
            capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def run(self, config, events, *options):
        """Result lines and the totals; events are dicts, or lines as text."""
        lines = [e if isinstance(e, str) else json.dumps(e) for e in events]
        status, out, err = self.run_raw(config, "\n".join(lines) + "\n", *options)
        if status != 0:
            raise ReplayFailed(f"exit status {status}: {err.decode(errors='replace')}\n{config}")
        results = [exact(line) for line in out.decode().splitlines()]
        if not conserves(results[-1]):
            raise ReplayFailed(f"the totals don't add up: {results[-1]}")
        return results[:-1], results[-1]


PARTS = ("accepted", "late", "no_window", "duplicate", "limited", "quarantined", "rejected")


def balances(accounting):
    return accounting.get("received", 0) == sum(accounting.get(part, 0) for part in PARTS)


def conserves(totals):
    """The accounting's law: every reading is somewhere, in each series and in all of them."""
    known = sum(series.get("received", 0) for series in totals["by_series"])
    complete = known + totals["unassigned"] == totals["received"] or totals["series_expired"] > 0
    return balances(totals) and complete and all(map(balances, totals["by_series"]))


def is_near(got, expected):
    return abs(Fraction(got) - expected) <= RELATIVE_ERROR * abs(expected)
