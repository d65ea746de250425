"""Statistics of whole windows against exact integers, estimates against their bounds.

VN_CASES sets how many windows each kind of data has (150), VN_SEED the first seed.
"""
import bisect
import math
import os
import pathlib
import random
import sys
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import replay  # noqa: E402

SIZE = 1000
BINS = 64
INT32 = (1 - 2**31, 2**31 - 1)  # quantiles want a range narrower than all values
EXACT = ("count", "sum", "sum_sq", "min", "max", "first", "last", "range")
QUANTILES = {"p50": 500000, "p90": 900000, "p95": 950000, "p99": 990000}
QUOTIENTS = ("mean", "variance", "variance_sample")  # exact, told with 17 digits
DOUBLES = ("stddev", "stddev_sample", "slope")  # the nearest double or the next one
DISTINCT_ERROR = 0.15  # root of the mean square of the relative error


def config(low, high):
    names = ["count", "sum", "sum_sq", "min", "max", "first", "last", "range", "slope", "distinct",
             *QUOTIENTS, *DOUBLES, *QUANTILES]
    statistics = ", ".join(dict.fromkeys(names))
    return (f"pipelines:\n  - name: p\n    resolution: 1\n    range: [{low}, {high}]\n"
            f"    windows:\n      - {{name: w, tumbling: {SIZE}ms, statistics: [{statistics}]}}\n"
            f"      - {{name: part, tumbling: {SIZE // 4}ms}}\n")  # so that w is put together


def extremes(rng):
    return rng.choice((INT32[0], INT32[0] + 1, -1, 0, 1, INT32[1] - 1, INT32[1]))


KINDS = {  # name: (range, a value by the generator and the number of the window)
    "any": (INT32, lambda rng, _: rng.randint(*INT32)),
    "extremes": (INT32, lambda rng, _: extremes(rng)),
    "offset": (INT32, lambda rng, _: 2**31 - 1 - rng.randint(0, 3)),
    "sensor": ((-4000, 12500), lambda rng, _: round(rng.gauss(2137, 300))),
    "level": ((0, 100), lambda rng, window: window % 101),
    "two": ((0, 1), lambda rng, _: rng.randint(0, 1)),
}


def random_window(rng, kind, window):
    """Readings [(t, v)] of a window, in order of arrival; some at equal times."""
    count = rng.choice((1, 2, 3, 10, 100, 400))
    times = sorted(rng.randrange(SIZE) for _ in range(count))
    make = KINDS[kind][1]
    return [(window * SIZE + t, make(rng, window)) for t in times]


def slope_of(readings):
    """Of the least-squares line, per second; None with one time only."""
    n = len(readings)
    t0 = readings[0][0]
    st, sv = sum(t - t0 for t, _ in readings), sum(v for _, v in readings)
    stt = sum((t - t0) ** 2 for t, _ in readings)
    stv = sum((t - t0) * v for t, v in readings)
    below = n * stt - st * st
    return Fraction(1000 * (n * stv - st * sv), below) if below else None


def exact_of(readings):
    values = [v for _, v in readings]
    n, total, squares = len(values), sum(values), sum(v * v for v in values)
    variance = Fraction(n * squares - total * total, n * n)
    sample = Fraction(n * squares - total * total, n * (n - 1)) if n > 1 else None
    return {"count": n, "sum": total, "sum_sq": squares, "min": min(values), "max": max(values),
            "first": values[0], "last": values[-1], "range": max(values) - min(values),
            "mean": Fraction(total, n), "variance": variance, "variance_sample": sample,
            "stddev": root(variance), "stddev_sample": None if sample is None else root(sample),
            "slope": slope_of(readings)}


def root(square):
    """The square root as a fraction, right to 80 bits behind a double's."""
    scale = 4 ** (140 + max(0, square.denominator.bit_length()))
    return Fraction(math.isqrt(square.numerator * scale // square.denominator),
                    math.isqrt(scale))


def is_rounded(got, exact):
    """17 significant digits, half to even."""
    with localcontext(prec=17, rounding=ROUND_HALF_EVEN):
        return got == Fraction(Decimal(exact.numerator) / Decimal(exact.denominator))


def is_double(got, exact):
    """The double nearest to the truth, or one beside it."""
    nearest = exact.numerator / exact.denominator
    return nearest in [math.nextafter(float(got), to) for to in (-math.inf, nearest, math.inf)]


def bin_of(value, low, high):
    return (value - low) * BINS // (high - low + 1)


def quantile_problem(line, values, low, high):
    """The value lies in the bin of the true one: the rank is off by less than its content."""
    ordered = sorted(values)
    for word, per_million in QUANTILES.items():
        got = line[word]
        truth = ordered[max(1, -(-len(ordered) * per_million // 10**6)) - 1]
        here = [v for v in ordered if bin_of(v, low, high) == bin_of(truth, low, high)]
        if not ordered[0] <= got <= ordered[-1]:
            return f"{word} is {got}, not within {ordered[0]} and {ordered[-1]}"
        if bin_of(got, low, high) != bin_of(truth, low, high):
            return f"{word} is {got}, not in the bin of {truth}"
        off = abs(bisect.bisect_left(ordered, got) - bisect.bisect_left(ordered, truth))
        if off > len(here):
            return f"the rank of {word} is off by {off}"
    return None


def problem_of(line, readings, low, high):
    """What is wrong with a result, or None."""
    values = [v for _, v in readings]
    truth = exact_of(readings)
    for key in EXACT:
        if line.get(key) != truth[key]:
            return f"{key} is {line.get(key)}, not {truth[key]}"
    for key in QUOTIENTS + DOUBLES:
        if (truth[key] is None) != (key not in line):
            return f"{key} is {line.get(key)}, the exact one {truth[key]}"
        is_near = is_rounded if key in QUOTIENTS else is_double
        if truth[key] is not None and not is_near(line[key], truth[key]):
            return f"{key} is {float(line[key])!r}, not {float(truth[key])!r}"
    if line["distinct"] > len(values) or line["distinct"] < 1:
        return f"distinct is {line['distinct']} of {len(values)}"
    return quantile_problem(line, values, low, high)


def run_kind(runner, kind, seed, windows):
    """Squared relative errors of distinct; raises at the first wrong result."""
    rng = random.Random(f"{kind} {seed}")
    low, high = KINDS[kind][0]
    content = [random_window(rng, kind, number) for number in range(-windows // 2, windows // 2)]
    events = [f'{{"series":"a","t":{t},"v":{v}}}' for window in content for t, v in window]
    results, _ = runner.run(config(low, high), events + ['{"op":"flush"}'])
    results = [line for line in results if line["window"] == "w"]
    assert len(results) == len(content), f"{len(results)} results for {len(content)} windows"
    errors = []
    for line, readings in zip(results, content):
        problem = problem_of(line, readings, low, high)
        assert problem is None, f"{kind}, window at {line['start']}: {problem}"
        different = len({v for _, v in readings})
        errors.append((line["distinct"] / different - 1) ** 2)
    return errors


def main():
    seed, windows = int(os.environ.get("VN_SEED", "1")), int(os.environ.get("VN_CASES", "150"))
    print(f"seed {seed}")
    with replay.Replay() as runner:
        for kind in KINDS:
            errors = run_kind(runner, kind, seed, windows)
            error = math.sqrt(sum(errors) / len(errors))
            print(f"{kind}: {len(errors)} windows as exact arithmetic says; "
                  f"error of distinct {100 * error:.1f} %")
            assert error <= DISTINCT_ERROR, f"distinct is off by {error}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
