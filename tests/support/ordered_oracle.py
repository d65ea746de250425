"""What statistics in time order must give, worked out from all readings each time anew.

On top of the window oracle: each series has the readings that have passed, in order of time, and
those that wait for the watermark. A result is worked out from what has passed so far. The rules are
those of docs/semantics.md, "Statistics in time order". Values are integers, results exact; only the
exponential mean is a float.
"""
from fractions import Fraction

import window_oracle


class OrderedOracle(window_oracle.WindowOracle):
    """`rule`: reorder, linear, max_hold, modulus (None: none), half_life or alpha."""

    def __init__(self, windows, rule, **delays):
        super().__init__(windows, **delays)
        self.rule = rule
        self.passed = {}   # series -> [(t, v, exponential mean behind it)]
        self.waiting = {}  # series -> [(t, v)] by time, then arrival
        self.coming = None  # the reading that makes windows fire
        self.unordered = 0

    # Order

    def let_pass(self, series, t, v):
        passed = self.passed.setdefault(series, [])
        if passed and t < passed[-1][0]:
            self.unordered += 1
            return
        mean = Fraction(v) if not passed else self.forget(passed[-1], t, v)
        passed.append((t, v, float(mean)))

    def forget(self, last, t, v):
        if self.rule["half_life"] is not None:
            share = 1 - 2 ** (-(t - last[0]) / self.rule["half_life"])
        else:
            share = self.rule["alpha"]
        return last[2] + share * (v - last[2])

    def drain(self, series, mark):
        waiting = self.waiting.setdefault(series, [])
        while waiting and waiting[0][0] <= mark:
            self.let_pass(series, *waiting.pop(0))

    def take(self, series, t, v):
        mark = self.mark(self.scope_of(series))
        self.drain(series, mark)
        passed, waiting = self.passed.setdefault(series, []), self.waiting[series]
        if self.ooo == 0 or t <= mark or (passed and t < passed[-1][0]):
            self.let_pass(series, t, v)
            return
        if len(waiting) == self.rule["reorder"]:
            if t < waiting[0][0]:
                self.let_pass(series, t, v)
                return
            self.let_pass(series, *waiting.pop(0))
        place = sum(1 for other in waiting if other[0] <= t)
        waiting.insert(place, (t, v))

    # Events

    def reading(self, index, series, t, v):
        covering = self.covering(t)
        accepted = any(not self.is_gone(start + self.windows[number]["size"], series)
                       for number, start in covering)
        late = t <= self.mark(self.scope_of(series))
        if accepted and late:
            self.take(series, t, v)
        self.coming = (series, t, v) if accepted else None
        super().reading(index, series, t, v)
        self.coming = None
        if accepted and not late:
            self.take(series, t, v)

    def raise_mark(self, index, scope, mark, kind):
        for series in self.series_in(scope):
            self.drain(series, max(mark, self.mark(scope)))
        super().raise_mark(index, scope, mark, kind)

    # Results

    def put(self, index, series, number, content, **more):
        super().put(index, series, number, content, **more)
        self.lines[-1]["ordered"] = self.values(series, more["start"], more["end"])

    def after(self, series, end):
        """The first reading behind a window, where it is known when the window fires."""
        later = [(t, v) for t, v, _ in self.passed[series] if t >= end]
        if self.ooo != 0:
            return None
        if later:
            return later[0]
        if self.coming is not None and self.coming[0] == series and self.coming[1] >= end:
            return self.coming[1:]
        return None

    def values(self, series, start, end):
        passed = self.passed.setdefault(series, [])
        inside = [(t, v) for t, v, _ in passed if start <= t < end]
        if not inside:
            return {}
        before = [(t, v) for t, v, _ in passed if t < start][-1:]
        found = {"exponential_mean": [m for t, _, m in passed if start <= t < end][-1]}
        area, covered = self.area(before + inside, start, end, self.after(series, end))
        if covered > 0:
            found.update(integral=area / 1000, covered_ms=covered,
                         time_weighted_mean=area / covered)
        points = before + inside
        found["increase"] = sum(self.step(p[1], q[1]) for p, q in zip(points, points[1:]))
        elapsed = points[-1][0] - points[0][0]
        if elapsed > 0:
            found["rate"] = Fraction(1000 * found["increase"], elapsed)
        return found

    def step(self, p, q):
        if q >= p:
            return q - p
        modulus = self.rule["modulus"]
        if modulus is not None and p - q <= modulus:
            return q + modulus - p
        return max(q, 0)

    def area(self, points, start, end, after):
        """The integral in value ms and the time that it covers."""
        hold = self.rule["max_hold"]
        area, covered = Fraction(0), 0
        if self.rule["linear"]:
            points = points + ([after] if after else [])
            for (t, v), (u, w) in zip(points, points[1:]):
                low, high = max(t, start), min(u, end)
                if high > low and (hold is None or u - t <= hold):
                    middle = Fraction(low + high, 2)
                    area += (v + (middle - t) * Fraction(w - v, u - t)) * (high - low)
                    covered += high - low
            return area, covered
        for (t, v), (u, _) in zip(points, points[1:] + [(end, 0)]):
            low, high = max(t, start), u if hold is None else min(u, t + hold)
            if high > low:
                area += v * (high - low)
                covered += high - low
        return area, covered
