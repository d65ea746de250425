"""What was published, reading by reading, and what the results upstream must say about it."""

import bisect
import collections

# fate: window (it belongs into windows), duplicate, late, future, refused.
# value: an integer at the resolution of the series' pipeline.
Reading = collections.namedtuple("Reading", "kind series t_ms value fate", defaults=["window"])

KINDS = ["json", "json array", "senml+json", "senml+cbor"]


class Series:
    def __init__(self, kind):
        self.kind = kind
        self.fates = collections.Counter()
        self.points = []  # (t_ms, value) of readings that belong into windows
        self.sorted = False

    def note(self, reading):
        self.fates[reading.fate] += 1
        if reading.fate == "window":
            self.points.append((reading.t_ms, reading.value))
            self.sorted = False

    def inside(self, start_ms, end_ms):
        """Values of the points with start <= t < end."""
        if not self.sorted:
            self.points.sort()
            self.sorted = True
        first = bisect.bisect_left(self.points, (start_ms,))
        return [value for _, value in
                self.points[first:bisect.bisect_left(self.points, (end_ms,))]]


class Books:
    """The publisher's side."""

    def __init__(self):
        self.series = {}
        self.messages = 0
        self.bytes = 0
        self.garbage = 0
        self.readings = 0
        self.most = {}  # topic -> readings of its longest message
        self.repeats_s = []  # when each reading left that was sent before

    def note(self, message, now_s):
        topic, payload, readings = message
        self.messages += 1
        self.bytes += len(topic) + len(payload)
        if readings is None:
            self.garbage += 1
            return
        self.readings += len(readings)
        self.most[topic] = max(self.most.get(topic, 0), len(readings))
        for reading in readings:
            series = self.series.setdefault(reading.series, Series(reading.kind))
            series.note(reading)
            if reading.fate == "duplicate":
                self.repeats_s.append(now_s)

    def fate(self, fate):
        return sum(series.fates[fate] for series in self.series.values())


class Audit:
    """Compares each window that came upstream with what was published into it."""

    def __init__(self, books, rows, window_ms):
        self.books = books
        self.window_ms = window_ms
        self.in_windows = collections.Counter()  # series -> readings in tumbling windows
        self.lost = collections.Counter()
        self.twice = collections.Counter()
        self.right = 0  # windows
        self.wrong = []
        counts = {}
        for row in rows:
            self.check_row(row)
            if row["tumbling"]:
                self.in_windows[row["series"]] += row["count"]
                counts[row["series"], row["start"]] = row["count"]
        self.compare_counts(counts)

    def check_row(self, row):
        series = self.books.series.get(row["series"], Series(""))
        values = series.inside(row["start"], row["end"])
        told = tuple(row[key] for key in ("count", "sum", "min", "max"))
        true = (len(values), sum(values), min(values, default=None), max(values, default=None))
        if told == true:
            self.right += 1
        else:
            self.wrong.append(f"{row['series']}, window {row['window']} from {row['start']}: "
                              f"count, sum, min, max {told}, published {true}")

    def compare_counts(self, counts):
        """A window of which everything is lost has no row at all."""
        published = collections.Counter(
            (name, t - t % self.window_ms)
            for name, series in self.books.series.items() for t, _ in series.points)
        for place in published.keys() | counts.keys():
            more = counts.get(place, 0) - published[place]
            (self.twice if more > 0 else self.lost)[place[0]] += abs(more)

    def by_kind(self, kind):
        """[published, in windows, late, duplicate, future, refused, lost]"""
        names = [name for name, series in self.books.series.items() if series.kind == kind]
        fates = sum((self.books.series[name].fates for name in names), collections.Counter())
        return [sum(fates.values()), sum(self.in_windows[name] for name in names),
                *(fates[fate] for fate in ("late", "duplicate", "future", "refused")),
                sum(self.lost[name] for name in names)]
