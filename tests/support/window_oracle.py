"""What windows must give, worked out from all readings each time anew.

Nothing incremental is kept but the readings with the windows that took them, the watermarks and
how often a window has been told: slow, and meant to be plainly right. Rules W1-W13 of
docs/semantics.md. Times are ms, values integers in units of the resolution.
"""
from fractions import Fraction

NEVER = -(10**30)
FOREVER = 10**30


class WindowOracle:
    """One pipeline. `windows` are dicts: name, size, and optionally slide, offset."""

    def __init__(self, windows, ooo=0, lateness=0, scope="series", idle_timeout=None,
                 max_future=None):
        self.windows = windows
        self.ooo, self.lateness = ooo, lateness
        self.common = scope == "global"
        self.idle_timeout, self.max_future = idle_timeout, max_future
        self.taken = {}      # series -> [(t, v, {(window, start)})] in order of arrival
        self.marks = {}      # scope -> watermark
        self.arrived = {}    # scope -> processing time of the last arrival
        self.told = {}       # (series, window, start) -> results so far
        self.now = None      # wall clock: what max_future is measured from
        self.steady = NEVER  # monotonic clock: it follows the wall clock, but never back
        self.lines = []

    # Grid

    def covering(self, t):
        """Every (window, start) of the grids that covers t (W1)."""
        found = []
        for number, window in enumerate(self.windows):
            slide = window.get("slide", window["size"])
            start = (t - window.get("offset", 0)) // slide * slide + window.get("offset", 0)
            while start > t - window["size"]:
                found.append((number, start))
                start -= slide
        return found

    def end(self, window):
        return window[1] + self.windows[window[0]]["size"]

    # Scopes

    def scope_of(self, series):
        return "" if self.common else series

    def scopes(self):
        return list(dict.fromkeys(self.scope_of(series) for series in self.taken))

    def series_in(self, scope):
        return [s for s in self.taken if self.common or s == scope]

    def mark(self, scope):
        return self.marks.get(scope, NEVER)

    # Telling

    def tell(self, index, series, window, kind):
        content = [(t, v) for t, v, holders in self.taken[series] if window in holders]
        values = [v for _, v in content]
        count, total = len(values), sum(values)
        squares = sum(v * v for v in values)
        earliest, latest = min(t for t, _ in content), max(t for t, _ in content)
        key = (series,) + window
        self.lines.append({
            "type": "summary", "index": index, "window": self.windows[window[0]]["name"],
            "series": series, "start": window[1], "end": self.end(window), "kind": kind,
            "rev": self.told.get(key, 0), "count": count, "sum": total, "sum_sq": squares,
            "min": min(values), "max": max(values),
            "first": next(v for t, v in content if t == earliest),
            "last": next(v for t, v in reversed(content) if t == latest),
            "mean": Fraction(total, count),
            "variance": Fraction(count * squares - total * total, count * count),
            "content": content})
        self.told[key] = self.told.get(key, 0) + 1

    def drop(self, index, reason, series, t):
        self.lines.append(
            {"type": "drop", "index": index, "reason": reason, "series": series, "t": t})

    def open_windows(self, series):
        """Windows that hold readings and have not been told, by end, then by definition."""
        held = set().union(*(holders for _, _, holders in self.taken[series]), set())
        untold = [w for w in held if (series,) + w not in self.told]
        return sorted(untold, key=lambda w: (self.end(w), w[0]))

    def raise_mark(self, index, scope, mark, kind):
        self.marks[scope] = max(self.mark(scope), mark)
        for series in self.series_in(scope):
            for window in self.open_windows(series):
                if self.marks[scope] >= self.end(window) - 1:
                    self.tell(index, series, window, kind)

    # Events

    def set_clock(self, now):
        self.now, self.steady = now, max(self.steady, now)

    def reading(self, index, series, t, v):
        seen = self.taken.setdefault(series, [])
        if self.max_future is not None and self.now is not None and t > self.now + self.max_future:
            self.drop(index, "future", series, t)
            return
        scope = self.scope_of(series)
        self.arrived[scope] = self.steady
        mark = self.mark(scope)
        covering = self.covering(t)
        alive = [w for w in covering if not self.end(w) - 1 + self.lateness <= mark]
        if not alive:
            self.drop(index, "late" if covering else "no_window", series, t)
        seen.append((t, v, set(alive)))
        for window in sorted(alive, key=lambda w: (self.end(w), w[0])):
            if self.end(window) - 1 <= mark:
                self.tell(index, series, window, "late")
        self.raise_mark(index, scope, t - self.ooo - 1, "on_time")

    def tick(self, index):
        if self.idle_timeout is None:
            return
        for scope, arrival in list(self.arrived.items()):
            if self.steady - arrival < self.idle_timeout:
                continue
            ends = [self.end(w) for s in self.series_in(scope) for w in self.open_windows(s)]
            if ends:
                self.raise_mark(index, scope, max(ends) - 1, "idle")

    def watermark(self, index, mark, series=None):
        if series is None or series in self.taken:
            for scope in self.scopes() if series is None else [self.scope_of(series)]:
                self.raise_mark(index, scope, mark, "on_time")

    def run(self, events):
        """Events are trace lines as dicts; `v` is an integer here."""
        given = False
        for index, event in enumerate(events):
            if "at" in event:
                given = True
                self.set_clock(event["at"])
            elif not given and "v" in event:
                self.set_clock(event["t"])
            operation = event.get("op")
            if operation is None:
                self.reading(index, event["series"], event["t"], event["v"])
            elif operation == "tick":
                self.tick(index)
            elif operation == "watermark":
                self.watermark(index, event["t"], event.get("series"))
            else:
                for scope in self.scopes():
                    self.raise_mark(index, scope, FOREVER, "on_time")
        return self.lines
