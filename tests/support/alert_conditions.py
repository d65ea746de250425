"""Whether the condition of an alert holds, worked out from the list of its evaluations.

Rules A1, A2, A11 to A18 of docs/alerts.md. A rule is a dict as the configuration has it, all of its
scalars as text: {"name": "hot", "above": "10", "for": "5ms"}. Values are exact fractions in the
pipeline's unit, times are ms.
"""
import math
import re
from fractions import Fraction

UNITS = {"ms": 1, "s": 1000, "m": 60000, "h": 3600000, "d": 86400000}
NOT_EVALUATED = None
ORDERED = ("time_weighted_mean", "integral", "increase", "rate", "exponential_mean")


def duration(text, default=None):
    """ms of "5ms", "2s"; `default` of None."""
    if text is None:
        return default
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text).groups()
    return int(number) * UNITS[unit]


def limit(text):
    return None if text is None else Fraction(text)


class Band:
    """A2 and A11: one limit, or two, and what held last."""

    def __init__(self, rule, hysteresis):
        self.hysteresis = Fraction(rule.get("hysteresis", hysteresis))
        self.is_inside = "inside" in rule
        low, high = rule.get("inside") or rule.get("outside") or (
            rule.get("below"), rule.get("above"))
        self.low, self.high = limit(low), limit(high)
        self.holds = False

    def beyond(self, value, margin):
        """Below the low limit or above the high one, both moved inwards by the margin."""
        return (self.low is not None and value < self.low + margin or
                self.high is not None and value > self.high - margin)

    def take(self, value):
        if self.is_inside:
            self.holds = not self.beyond(value, -self.hysteresis if self.holds else 0)
        else:
            self.holds = self.beyond(value, self.hysteresis if self.holds else 0)
        return self.holds


class Levels:
    """A12: the number of the highest level that holds; of a plain rule 1 or 0."""

    def __init__(self, rule, hysteresis):
        self.bands = [Band(level, hysteresis) for level in rule.get("levels", [rule])]

    def take(self, value):
        return max([n for n, band in enumerate(self.bands, 1) if band.take(value)], default=0)


def line_through(content):
    """Least squares: mean time, mean value, slope per ms; None with less than two times."""
    times = [Fraction(t) for t, _ in content]
    mean_t, mean_v = sum(times) / len(times), sum(v for _, v in content) / Fraction(len(content))
    spread = sum((t - mean_t) ** 2 for t in times)
    if spread == 0:
        return None
    return mean_t, mean_v, sum((t - mean_t) * (v - mean_v) for t, v in content) / spread


def statistic(summary, name):
    """A14; None where it is not defined."""
    content, count = summary["content"], summary["count"]
    squares = summary["variance"] * count
    if name in ORDERED:
        return summary["ordered"].get(name)
    if name == "range":
        return summary["max"] - summary["min"]
    if name == "slope":
        line = line_through(content)
        return None if line is None else 1000 * line[2]
    if name.endswith("_sample"):
        variance = squares / (count - 1) if count > 1 else None
    else:
        variance = summary["variance"]
    if name.startswith("variance"):
        return variance
    if name.startswith("stddev"):
        return None if variance is None else Fraction(math.sqrt(variance))
    return Fraction(summary[name])


class Condition:
    """What the evaluations of one alert and series say: levels, 0 for false (A1, A2, A11-A15)."""

    def __init__(self, rule):
        self.rule = rule
        self.kept = []  # (t, v) of every evaluation so far, v a fraction or a summary
        self.levels = None
        if any(key in rule for key in ("above", "below", "inside", "outside", "levels")):
            self.levels = Levels(rule, rule.get("hysteresis", "0"))
        if "rate_of_change" in rule:
            self.levels = Levels(rule["rate_of_change"], rule.get("hysteresis", "0"))

    def is_late(self, t):
        return bool(self.kept) and t < self.kept[-1][0]

    def take(self, t, seen):
        """The level at an evaluation; None if it is none. `seen` is a value or a summary."""
        if self.is_late(t):
            return NOT_EVALUATED
        before = self.kept[-1] if self.kept else None
        if "rate_of_change" in self.rule:
            level = self.rate(before, t, seen)
        elif "unchanged_for" in self.rule:
            level = self.unchanged(t, seen)
        elif "reaches" in self.rule or "falls_to" in self.rule:
            level = self.predicted(t, seen)
        else:
            if self.rule.get("of", "value") != "value":
                seen = statistic(seen, self.rule["of"].split(".")[1])
            level = NOT_EVALUATED if seen is None else self.levels.take(seen)
        if level is not NOT_EVALUATED:
            self.kept.append((t, seen))
        return level

    def rate(self, before, t, value):
        if before is None:
            return 0
        if before[0] == t:
            return NOT_EVALUATED
        per = duration(self.rule["rate_of_change"]["per"])
        return self.levels.take((value - before[1]) * per / Fraction(t - before[0]))

    def unchanged(self, t, value):
        since = t
        for earlier_t, earlier in reversed(self.kept):
            if earlier != value:
                break
            since = earlier_t
        return int(t - since >= duration(self.rule["unchanged_for"]))

    def predicted(self, end, summary):
        line = line_through(summary["content"])
        if line is None:
            return NOT_EVALUATED
        mean_t, mean_v, slope = line
        seen = [mean_v + slope * (when - mean_t)
                for when in (end, end + duration(self.rule["within"]))]
        if "reaches" in self.rule:
            return int(max(seen) >= Fraction(self.rule["reaches"]))
        return int(min(seen) <= Fraction(self.rule["falls_to"]))


class Verdict:
    """A17, then A16: the levels that count, and what the last M of them say."""

    def __init__(self, rule, other):
        consecutive = rule.get("consecutive", "1")
        self.least = int(rule.get("at_least", consecutive))
        self.among = int(rule.get("of_last", consecutive))
        self.other = other  # the Verdict of `after`, or None
        self.within = duration(rule.get("within")) if other else None
        self.counts = False
        self.counted = []   # levels, 0: false or not counting yet
        self.last_true = None  # time of the last true verdict

    def take(self, t, level):
        """The level of the verdict, 0: false."""
        if self.other:
            begun = self.other.last_true is not None and (
                t - self.within <= self.other.last_true <= t)
            self.counts = level > 0 and (self.counts or begun)
            level = level if self.counts else 0
        self.counted.append(level)
        true = [n for n in self.counted[-self.among:] if n > 0]
        verdict = len(true) >= self.least
        self.last_true = t if verdict else self.last_true
        return true[-1] if verdict else 0


class Silence:
    """A9 and A18: after how long without arrival the series is absent."""

    def __init__(self, rule):
        self.rule = rule["absent_for"]
        self.gaps = 0
        self.period_8 = 0

    def learn(self, gap):
        self.period_8 = 8 * gap if self.gaps == 0 else (
            self.period_8 + gap - self.period_8 // 8)
        self.gaps += 1

    def patience(self):
        if isinstance(self.rule, str):
            return duration(self.rule)
        least, most = duration(self.rule["at_least"]), duration(self.rule["at_most"])
        if self.gaps < 8:
            return most
        learned = math.floor(Fraction(self.rule["times"]) * self.period_8 / 8)
        return min(max(learned, least), most)
