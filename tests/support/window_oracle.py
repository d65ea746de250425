"""What windows must give, worked out from all readings each time anew.

Nothing incremental is kept but the readings with the windows that took them, the watermarks and
how often a window has been told: slow, and meant to be plainly right. Rules W1-W13 of
docs/semantics.md. Times are ms, values integers in units of the resolution.

A window is (definition, start) on a grid. A session is (definition, number of its form): each
reading that joins makes a new form, which holds what the forms that it touched held, so that a
form never changes and is told once at most.
"""
from fractions import Fraction
from functools import reduce
from math import gcd

import condition_oracle

NEVER = -(10**30)
FOREVER = 10**30


class WindowOracle:
    """One pipeline. `windows` are dicts: name and size, optionally slide, offset; or name and gap:
    a session; or name and count, optionally slide: a count window; or name and above or below,
    optionally hysteresis, max: a condition window."""

    def __init__(self, windows, ooo=0, lateness=0, scope="series", idle_timeout=None,
                 max_future=None, expected_every=None, time="event", corrections=0,
                 late_every=0):
        self.windows = windows
        self.ooo, self.lateness = ooo, lateness
        self.common = scope == "global"
        self.idle_timeout, self.max_future = idle_timeout, max_future
        self.expected_every = expected_every
        self.corrections, self.late_every = corrections, late_every
        self.deltas = {}     # series -> [((window, start), content)], the oldest first
        self.deltas_told = {}
        self.late_since = {}
        self.revisions_waiting = {}  # series -> windows whose revision waits
        self.by_arrival = time == "arrival"
        self.behind = {}     # (series, window, start) -> readings in it that came late
        self.taken = {}      # series -> [(t, v, {(window, start)})] in order of arrival
        self.marks = {}      # scope -> watermark
        self.arrived = {}    # scope -> processing time of the last arrival
        self.told = {}       # (series, window, start) -> results so far
        self.forms = 0       # of sessions, so far
        self.before = {}     # (series, window, form) -> results and standing bounds inherited
        self.happened = {}   # series -> what condition windows are made of
        self.now = None      # wall clock: what max_future is measured from
        self.steady = NEVER  # monotonic clock: it follows the wall clock, but never back
        self.lines = []

    # Grid

    def covering(self, t):
        """Every (window, start) of the grids that covers t (W1)."""
        found = []
        for number, window in enumerate(self.windows):
            if "size" not in window:
                continue
            slide = window.get("slide", window["size"])
            start = (t - window.get("offset", 0)) // slide * slide + window.get("offset", 0)
            while start > t - window["size"]:
                found.append((number, start))
                start -= slide
        return found

    def content(self, series, window):
        return [(t, v) for t, v, holders in self.taken[series] if window in holders]

    def bounds(self, series, window):
        definition = self.windows[window[0]]
        if "gap" in definition:
            times = [t for t, _ in self.content(series, window)]
            return min(times), max(times) + definition["gap"]
        return window[1], window[1] + definition["size"]

    def end(self, series, window):
        return self.bounds(series, window)[1]

    def is_gone(self, end, series):
        return end - 1 + self.lateness <= self.mark(self.scope_of(series))

    # Accounting

    def slots(self, window):
        """Where the slots of a window of time end, from its start (panes, coverage)."""
        on_grid = [w for w in self.windows if "size" in w]
        origin = on_grid[0].get("offset", 0)
        pane = reduce(gcd, [n for w in on_grid for n in (
            w["size"], w.get("slide", w["size"]), w.get("offset", 0) - origin)])
        panes = window["size"] // pane
        expected = self.expected_every or pane
        if expected > pane:
            together = -(-expected // pane)
            count = max(1, panes // together)
            return [i * together * pane for i in range(1, count)] + [window["size"]]
        fine = min(64, pane // expected)
        return [p * pane + -(-i * pane // fine) for p in range(panes) for i in range(1, fine + 1)]

    def accounting(self, series, window):
        """What a result tells of how its readings came; refusals apart."""
        ends = self.slots(self.windows[window[0]])
        offsets = [t - window[1] for t, _ in self.content(series, window)]
        heard = [any(low <= o < high for o in offsets) for low, high in zip([0] + ends, ends)]
        told = {"late": self.behind.get((series,) + window, 0),
                "gaps": sum(not h and (i == 0 or heard[i - 1]) for i, h in enumerate(heard)),
                "coverage": max(1, 1000 * sum(heard) // len(heard)) * (not all(heard))}
        return {key: count for key, count in told.items() if count}

    def flags(self, series, window):
        gone = self.lateness == 0 or self.mark(self.scope_of(series)) == FOREVER
        corrected = self.corrections and "size" in self.windows[window[0]]
        return ["final"] if gone and not corrected else []

    # Corrections

    def tell_oldest(self, index, series):
        window, content = self.deltas[series].pop(0)
        told = self.deltas_told.get(series, 0)
        self.deltas_told[series] = told + 1
        self.put(index, series, window[0], content, start=window[1],
                 end=window[1] + self.windows[window[0]]["size"], kind="partial", rev=told,
                 flags=["partial"], accounting={"late": len(content)})

    def correct(self, index, series, gone, t, v):
        waiting = self.deltas.setdefault(series, [])
        for window in sorted(gone):
            mine = [content for other, content in waiting if other == window]
            if not mine:
                if len(waiting) == self.corrections:
                    self.tell_oldest(index, series)
                mine = [[]]
                waiting.append((window, mine[0]))
            mine[0].append((t, v))

    def waits(self, series):
        return bool(self.deltas.get(series) or self.revisions_waiting.get(series))

    def revise(self, index, series, mark=FOREVER):
        """Tells the revisions that wait and whose windows are gone by this mark."""
        waiting = self.revisions_waiting.get(series, set())
        for window in sorted(waiting, key=lambda w: (self.end(series, w), w[0])):
            if self.end(series, window) - 1 + self.lateness <= mark:
                waiting.remove(window)
                self.tell(index, series, window, "late")

    def release(self, index, after=0):
        for series in self.taken:
            if self.waits(series) and self.steady - self.late_since[series] >= after:
                while self.deltas.get(series):
                    self.tell_oldest(index, series)
                self.revise(index, series)

    # Sessions

    def touched(self, number, series, t):
        """Forms of sessions that are not gone and lie within a gap, both ends included (W6)."""
        gap = self.windows[number]["gap"]
        found = []
        for window in set().union(*(holders for _, _, holders in self.taken[series]), set()):
            if window[0] == number:
                start, end = self.bounds(series, window)
                if start <= t + gap and end >= t and not self.is_gone(end, series):
                    found.append(window)
        return found

    def has_sessions(self):
        return any("gap" in window for window in self.windows)

    def holds_always(self):
        """With a count window nothing is late: it takes what comes."""
        return any("count" in window for window in self.windows)

    # Conditions

    def is_condition(self, window):
        return "above" in window or "below" in window

    def note(self, series, event):
        """Into the history of the series; what new results it makes is told."""
        history = self.happened.setdefault(series, [])
        for number, window in enumerate(self.windows):
            if self.is_condition(window):
                known = self.told.get((series, number), 0)
                told = list(condition_oracle.results(window, history + [event]))
                self.told[(series, number)] = len(told)
                for index, content, start, end, kind, rev, superseded in told[known:]:
                    more = {"supersedes": [list(superseded)]} if superseded else {}
                    over = self.mark(self.scope_of(series)) == FOREVER
                    final = over or (kind != "idle" and end > start)
                    self.put(index, series, number, content, start=start, end=end, kind=kind,
                             rev=rev, flags=["final"] if final else [], **more)
        history.append(event)

    def close_conditions(self, index, scope, kind):
        for series in self.series_in(scope):
            self.note(series, (index, "close", kind))

    def join(self, series, t):
        """The sessions that take a reading: (new form, the forms that become it)."""
        joined = []
        for number, definition in enumerate(self.windows):
            if "gap" in definition:
                touched = self.touched(number, series, t)
                end = max([t + definition["gap"]] + [self.end(series, w) for w in touched])
                if not self.is_gone(end, series):
                    self.forms += 1
                    joined.append(((number, self.forms), touched))
        return joined

    def unite(self, series, form, touched):
        """What held the touched forms holds the new one instead, and their past is its past."""
        results, standing = 0, []
        for old in touched:
            earlier, inherited = self.before[(series,) + old]
            told = self.told.get((series,) + old, 0)
            results += earlier + told
            standing += [self.bounds(series, old)] if told else inherited
        self.before[(series,) + form] = results, standing
        for _, _, holders in self.taken[series]:
            if not holders.isdisjoint(touched):
                holders.difference_update(touched)
                holders.add(form)

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

    def put(self, index, series, number, content, **more):
        """A result; `more` is what the shape of its window knows."""
        values = [v for _, v in content]
        count, total = len(values), sum(values)
        squares = sum(v * v for v in values)
        earliest, latest = min(t for t, _ in content), max(t for t, _ in content)
        self.lines.append({
            "type": "summary", "index": index, "window": self.windows[number]["name"],
            "series": series, **more, "count": count, "sum": total, "sum_sq": squares,
            "min": min(values), "max": max(values),
            "first": next(v for t, v in content if t == earliest),
            "last": next(v for t, v in reversed(content) if t == latest),
            "mean": Fraction(total, count),
            "variance": Fraction(count * squares - total * total, count * count),
            "content": content})

    def tell(self, index, series, window, kind):
        start, end = self.bounds(series, window)
        key = (series,) + window
        earlier, standing = self.before.get(key, (0, []))
        superseded = sorted(list(bounds) for bounds in standing if bounds != (start, end))
        told = self.told.get(key, 0)
        self.put(index, series, window[0], self.content(series, window), start=start, end=end,
                 kind=kind, rev=earlier + told, flags=self.flags(series, window),
                 **({"accounting": self.accounting(series, window)}
                    if "size" in self.windows[window[0]] else {}),
                 **({"supersedes": superseded} if superseded else {}))
        self.told[key] = told + 1

    def tell_counts(self, index, series):
        """Count windows know no time: each slide-th reading tells the last ones (W7)."""
        arrived = [(t, v) for t, v, _ in self.taken[series]]
        for number, definition in enumerate(self.windows):
            if "count" in definition:
                size, end = definition["count"], len(arrived)
                if end % definition.get("slide", size) == 0:
                    content = arrived[-size:]
                    times = [t for t, _ in content]
                    self.put(index, series, number, content, start=end - len(content), end=end,
                             **{"from": min(times)}, to=max(times), kind="count", rev=0,
                             flags=["final"])

    def drop(self, index, reason, series, t):
        self.lines.append(
            {"type": "drop", "index": index, "reason": reason, "series": series, "t": t})

    def open_windows(self, series):
        """Windows that hold readings and have not been told, by end, then by definition."""
        held = set().union(*(holders for _, _, holders in self.taken[series]), set())
        held -= self.revisions_waiting.get(series, set())
        untold = [w for w in held if (series,) + w not in self.told]
        return sorted(untold, key=lambda w: (self.end(series, w), w[0]))

    def raise_mark(self, index, scope, mark, kind):
        self.marks[scope] = max(self.mark(scope), mark)
        for series in self.series_in(scope):
            self.revise(index, series, self.marks[scope])
            for window in self.open_windows(series):
                if self.marks[scope] >= self.end(series, window) - 1:
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
        alive = [w for w in covering if not self.is_gone(self.end(series, w), series)]
        for window in alive if t <= mark else []:
            key = (series,) + window
            self.behind[key] = self.behind.get(key, 0) + 1
        gone = [w for w in covering if w not in alive] if self.corrections else []
        waited = self.waits(series)
        if gone:
            self.correct(index, series, gone, t, v)
        joined = self.join(series, t)
        conditions = any(self.is_condition(window) for window in self.windows)
        evaluated = conditions and not condition_oracle.is_late(self.happened.get(series, []), t)
        if not alive and not joined and not gone and not evaluated and not self.holds_always():
            late = covering or self.has_sessions() or conditions
            self.drop(index, "late" if late else "no_window", series, t)
        for form, touched in joined:
            self.unite(series, form, touched)
            alive.append(form)
        seen.append((t, v, set(alive)))
        for window in sorted(alive, key=lambda w: (self.end(series, w), w[0])):
            if self.end(series, window) - 1 <= mark:
                if self.late_every and "size" in self.windows[window[0]]:
                    self.revisions_waiting.setdefault(series, set()).add(window)
                else:
                    self.tell(index, series, window, "late")
        self.raise_mark(index, scope, t - self.ooo - 1, "on_time")
        self.tell_counts(index, series)
        self.note(series, (index, "reading", t, v))
        if not waited and self.waits(series):
            self.late_since[series] = self.steady

    def tick(self, index):
        if not self.common:
            self.release(index, self.late_every)
        self.close_idle(index)
        if self.common:
            self.release(index, self.late_every)

    def close_idle(self, index):
        if self.idle_timeout is None:
            return
        for scope, arrival in list(self.arrived.items()):
            if self.steady - arrival < self.idle_timeout:
                continue
            ends = [self.end(s, w) for s in self.series_in(scope) for w in self.open_windows(s)]
            if ends:
                self.raise_mark(index, scope, max(ends) - 1, "idle")
            self.close_conditions(index, scope, "idle")

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
                t = self.now if self.by_arrival else event["t"]
                self.reading(index, event["series"], t, event["v"])
            elif operation == "tick":
                self.tick(index)
            elif operation == "watermark":
                self.watermark(index, event["t"], event.get("series"))
            else:
                for scope in self.scopes():
                    self.raise_mark(index, scope, FOREVER, "on_time")
                    self.close_conditions(index, scope, "on_time")
                self.release(index)
        return self.lines
