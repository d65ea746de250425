"""What was published, reading by reading, and what the results upstream must say about it."""

import bisect
import collections

# fate: window (it belongs into windows), duplicate, late, future, refused.
# t_ms None: the sender tells no time, vnotchd takes that of the arrival.
# value: an integer at the resolution of the series' pipeline.
Reading = collections.namedtuple("Reading", "kind series t_ms value fate", defaults=["window"])

KINDS = ["number", "json", "json array", "senml+json", "senml+cbor"]


class Series:
    def __init__(self, kind):
        self.kind = kind
        self.fates = collections.Counter()
        self.points = []  # (t_ms, value) of readings that belong into windows
        self.has_times = True
        self.sorted = False

    def note(self, reading):
        self.fates[reading.fate] += 1
        if reading.fate == "window":
            self.has_times = self.has_times and reading.t_ms is not None
            self.points.append((reading.t_ms or 0, reading.value))
            self.sorted = False

    def inside(self, start_ms, end_ms):
        """Values with start <= t < end."""
        if not self.sorted:
            self.points.sort()
            self.sorted = True
        first = bisect.bisect_left(self.points, (start_ms,))
        return [value for _, value in self.points[first:bisect.bisect_left(self.points,
                                                                           (end_ms,))]]


class Books:
    """The publisher's side."""

    def __init__(self):
        self.series = {}
        self.messages = 0
        self.bytes = 0
        self.garbage = 0
        self.readings = 0

    def note(self, message):
        topic, payload, readings = message
        self.messages += 1
        self.bytes += len(topic) + len(payload)
        if readings is None:
            self.garbage += 1
            return
        self.readings += len(readings)
        for reading in readings:
            series = self.series.setdefault(reading.series, Series(reading.kind))
            series.note(reading)

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

    def compare(self, row, values):
        where = f"{row['series']}, window {row['window']} from {row['start']}"
        if row["count"] == len(values):
            told = tuple(row[key] for key in ("sum", "min", "max"))
            true = (sum(values), min(values), max(values)) if values else None
            self.complete += 1
            if told != true:
                self.wrong.append(f"{where}: sum, min, max {told}, published {true}")
        elif row["count"] > len(values):
            self.wrong.append(f"{where}: {row['count']} readings, published {len(values)}")
        elif not self.may_lose(row["start"], row["end"]):
            self.unexplained.append(f"{where}: {row['count']} readings of {len(values)}")

    def may_lose(self, start_ms, end_ms):
        return self.span is not None and start_ms <= self.span[1] and end_ms > self.span[0]

    def count_losses(self, seen):
        """Per series; a window of which everything is lost has no row at all."""
        for name, series in self.books.series.items():
            self.lost[name] = series.fates["window"] - self.in_windows[name]
            if not series.has_times:
                continue
            for start in {t - t % self.window_ms for t, _ in series.points}:
                if (name, start) not in seen and not self.may_lose(start, start + self.window_ms):
                    self.unexplained.append(f"{name} {start}: no window came")

    def by_kind(self, kind):
        """[published, in windows, late, duplicate, future, refused, lost]"""
        names = [name for name, series in self.books.series.items() if series.kind == kind]
        fates = sum((self.books.series[name].fates for name in names), collections.Counter())
        return [sum(fates.values()), sum(self.in_windows[name] for name in names),
                *(fates[fate] for fate in ("late", "duplicate", "future", "refused")),
                sum(self.lost[name] for name in names)]
