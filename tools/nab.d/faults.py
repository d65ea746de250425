"""Faults of our own making, in series of our own making: what is told, how soon, how often wrongly.

A reading each five minutes for three weeks, the fault in the third one. Delays are medians, in
readings; the first reading of a fault has the delay 0. False alarms are counted in series without a
fault, after the first week.
"""
import math
import random
import statistics

STEP_MS = 300_000
DAY = 288
BEGIN = 17 * DAY + 97
RUNS = 20
QUIET_WEEKS = 9
NOISE = 1.0


def white(rng, rows):
    return [20 + rng.gauss(0, NOISE) for _ in range(rows)]


def daily(rng, rows):
    return [20 + 10 * math.sin(2 * math.pi * row / DAY) + rng.gauss(0, NOISE)
            for row in range(rows)]


def wandering(rng, rows):
    level, values = 0.0, []
    for _ in range(rows):
        level = 0.95 * level + rng.gauss(0, NOISE)
        values.append(20 + level)
    return values


BASELINES = {"white noise": white, "a daily wave and noise": daily, "autoregressive": wandering}


def spike(rng, values, size):
    values[0] += size * NOISE
    return 1


def shift(rng, values, size):
    values[:] = [value + size * NOISE for value in values]
    return DAY


def drift(rng, values, size):
    values[:] = [value + size * NOISE * row / DAY for row, value in enumerate(values)]
    return DAY


def noisy(rng, values, factor):
    values[:] = [value + rng.gauss(0, NOISE * math.sqrt(factor ** 2 - 1)) for value in values]
    return DAY


def stuck(rng, values, _):
    values[:] = [values[0]] * len(values)
    return DAY


def dropout(rng, values, _):
    values[:] = [0.0] * len(values)
    return DAY


# Name, what it does, size in deviations of the noise.
FAULTS = (("spike of 10 deviations", spike, 10), ("level shift of 6", shift, 6),
          ("drift of 10 a day", drift, 10), ("noise times 4", noisy, 4),
          ("stuck", stuck, None), ("dropout to 0", dropout, None))


def rows_of(name, values):
    return ((row * STEP_MS, name, f"{value:.3f}") for row, value in enumerate(values))


def alarms_of(detector, series):
    """For each name the rows at which its alert fires."""
    fired = {name: [] for name in series}
    trace = (row for name, values in series.items() for row in rows_of(name, values))
    for line in detector.replay(trace, 0.001, len(series)):
        if line["type"] == "alert" and line["state"] == "firing":
            fired[line["series"]].append(line["at"] // STEP_MS)
    return fired


def faulty(baseline, fault, size, seed):
    """The series, and in how many readings the fault has to be told."""
    rng = random.Random(seed)
    values = BASELINES[baseline](rng, BEGIN + DAY)
    tail = values[BEGIN:]
    patience = fault(rng, tail, size)
    return values[:BEGIN] + tail, patience


def told(detector, baseline, fault, size):
    """How many of the runs tell the fault, and the median delay."""
    made = {f"r{seed}": faulty(baseline, fault, size, seed) for seed in range(RUNS)}
    fired = alarms_of(detector, {name: values for name, (values, _) in made.items()})
    delays = []
    for name, (_, patience) in made.items():
        inside = [row - BEGIN for row in fired[name] if BEGIN <= row < BEGIN + patience]
        delays += inside[:1]
    return {"found": len(delays),
            "delay": statistics.median_low(delays) if delays else None}


def false_alarms(detector, baseline):
    rows = (QUIET_WEEKS + 1) * 7 * DAY
    quiet = {f"q{seed}": BASELINES[baseline](random.Random(1000 + seed), rows)
             for seed in range(RUNS)}
    fired = alarms_of(detector, quiet)
    count = sum(row >= 7 * DAY for rows in fired.values() for row in rows)
    return count / (RUNS * QUIET_WEEKS)


def measure(detector):
    return {"detector": detector.name, "refractory": detector.refractory,
            "threshold": detector.threshold, "runs": RUNS, "baselines": list(BASELINES),
            "faults": {name: [told(detector, baseline, fault, size) for baseline in BASELINES]
                       for name, fault, size in FAULTS},
            "false_alarms": [false_alarms(detector, baseline) for baseline in BASELINES]}
