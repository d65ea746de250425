"""What was published, reading by reading, and what the results upstream must say about it."""

import bisect
import collections

# fate: window (it belongs into windows), duplicate, late, future, refused.
# t_ms None: the sender tells no time, vnotchd takes that of the arrival.
# value: an integer at the resolution of the series' pipeline.
Reading = collections.namedtuple("Reading", "kind series t_ms value fate", defaults=["window"])

# From a publisher through the broker to vnotchd, on a machine that does other things.
TRANSIT_MS = 300

KINDS = ["number", "json", "json array", "senml+json", "senml+cbor"]


class Series:
    def __init__(self, kind):
        self.kind = kind
        self.fates = collections.Counter()
        self.points = []  # (t_ms, value, published_ms) of readings that belong into windows
        self.has_times = True
        self.sorted = False

    def note(self, reading, now_ms):
        self.fates[reading.fate] += 1
        if reading.fate == "window":
            self.has_times = self.has_times and reading.t_ms is not None
            self.points.append((reading.t_ms or 0, reading.value, now_ms))
            self.sorted = False

    def inside(self, start_ms, end_ms):
        """Points with start <= t < end, by time."""
        if not self.sorted:
            self.points.sort()
            self.sorted = True
        first = bisect.bisect_left(self.points, (start_ms,))
        return self.points[first:bisect.bisect_left(self.points, (end_ms,))]


class Books:
    """The publisher's side."""

    def __init__(self):
        self.series = {}
        self.messages = 0
        self.bytes = 0
        self.garbage = 0
        self.readings = 0

    def note(self, message, now_ms):
        topic, payload, readings = message
        self.messages += 1
        self.bytes += len(topic) + len(payload)
        if readings is None:
            self.garbage += 1
            return
        self.readings += len(readings)
        for reading in readings:
            series = self.series.setdefault(reading.series, Series(reading.kind))
            series.note(reading, now_ms)

    def fate(self, fate):
        return sum(series.fates[fate] for series in self.series.values())


class Audit:
    """Compares each window that came upstream with what was published into it."""

    def __init__(self, books, rows, window_ms, span):
        self.books = books
        self.window_ms = window_ms
        self.span = span  # (from, to) in which vnotchd says that readings may be lost, or None
        self.in_windows = collections.Counter()  # series -> readings in tumbling windows
        self.lost = collections.Counter()
        self.complete = 0
        self.windows = 0
        self.wrong = []
        self.unexplained = []
        seen = set()
        for row in rows:
            self.check_row(row)
            if row["tumbling"]:
                self.in_windows[row["series"]] += row["count"]
                seen.add((row["series"], row["start"]))
        self.count_losses(seen)

    def check_row(self, row):
        self.windows += 1
        series = self.books.series.get(row["series"])
        if series is None:
            self.wrong.append(f"{row['series']}: nobody published it")
        elif series.has_times:
            self.compare(row, series.inside(row["start"], row["end"]))

    def compare(self, row, points):
        where = f"{row['series']}, window {row['window']} from {row['start']}"
        values = [value for _, value, _ in points]
        if row["count"] == len(values) > 0:
            told = tuple(row[key] for key in ("sum", "min", "max"))
            true = (sum(values), min(values), max(values))
            self.complete += 1
            if told != true:
                self.wrong.append(f"{where}: sum, min, max {told}, published {true}")
        elif row["count"] > len(values):
            self.wrong.append(f"{where}: {row['count']} readings, published {len(values)}")
        elif len(values) - row["count"] > self.may_be_lost(points):
            self.unexplained.append(f"{where}: {row['count']} readings of {len(values)}")

    def may_be_lost(self, points):
        """How many of them were on their way in the span that vnotchd told."""
        if self.span is None:
            return 0
        return sum(self.span[0] - TRANSIT_MS <= published_ms <= self.span[1]
                   for _, _, published_ms in points)

    def count_losses(self, seen):
        """Per series; a window of which everything is lost has no row at all."""
        for name, series in self.books.series.items():
            self.lost[name] = series.fates["window"] - self.in_windows[name]
            if not series.has_times:
                continue
            for start in {t - t % self.window_ms for t, _, _ in series.points}:
                points = series.inside(start, start + self.window_ms)
                if (name, start) not in seen and len(points) > self.may_be_lost(points):
                    self.unexplained.append(f"{name}: no window from {start}")

    def by_kind(self, kind):
        """[published, in windows, late, duplicate, future, refused, lost]"""
        names = [name for name, series in self.books.series.items() if series.kind == kind]
        fates = sum((self.books.series[name].fates for name in names), collections.Counter())
        return [sum(fates.values()), sum(self.in_windows[name] for name in names),
                *(fates[fate] for fate in ("late", "duplicate", "future", "refused")),
                sum(self.lost[name] for name in names)]
