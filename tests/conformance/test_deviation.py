"""Scores of `detector: residual` against the same rule in doubles, written from docs/anomaly.md."""
import math
import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "nab.d"))
from detector import Detector  # noqa: E402

SEED = 29
WARM_UP = 300
# The tail is a table with straight lines between, the means have fractions of their own.
TOLERANCE, RELATIVE_TOLERANCE = 0.02, 0.002


def tail(z):
    return -math.log10(0.5 * math.erfc(min(z, 16.0) / math.sqrt(2.0))) if z > 0 else 0.30103


class Mean:
    """All readings weigh the same until there are `length` of them."""

    def __init__(self, length, value=0.0):
        self.length, self.value, self.readings = length, value, 0

    def add(self, value):
        self.readings += 1
        step = (value - self.value) / min(self.readings, self.length)
        self.value += step
        return step


class Model:
    """Values in units of the resolution."""

    def __init__(self):
        self.level, self.size = Mean(8), Mean(512)
        self.near, self.usual, self.variance = Mean(8), Mean(1024), Mean(1024)
        self.readings = 0

    def add(self, value):
        self.readings += 1
        if self.readings == 1:
            self.level.add(value)
            return 0.0
        distance = abs(value - self.level.value)
        deviation = 1.25 * self.size.value + 1.0
        if self.readings > 32:
            distance = min(distance, 16 * deviation)
        self.level.add(value)
        self.size.add(distance)
        return self.judge(distance / deviation) if self.readings > 32 else 0.0

    def judge(self, z):
        self.near.add(z)
        above = self.near.value - self.usual.value
        deviation = max(1 / 16, math.sqrt(self.variance.value))
        score = tail(above / deviation)
        settled = self.near.readings > 32
        if settled:
            above = min(above, 4 * deviation)
        step = self.usual.add(self.usual.value + above)
        self.variance.add(above * (above - step))
        return score if settled else 0.0


def plain(rng, _):
    return rng.gauss(0, 100)


def spiky(rng, _):
    return rng.gauss(0, 100) + (rng.random() < 0.005) * rng.choice((-1, 1)) * 5000


def wave(rng, row):
    return 4000 * math.sin(row / 45) + rng.gauss(0, 30)


def bursts(rng, row):
    return rng.gauss(0, 400 if row % 900 > 850 else 20)


def main():
    failures = 0
    for number, course in enumerate((plain, spiky, wave, bursts)):
        rng = random.Random(SEED + number)
        values = [round(course(rng, row)) for row in range(6000)]
        scores = Detector("residual", "1h").scores(
            [(1000 * row, "s", value) for row, value in enumerate(values)], 1)
        model = Model()
        expected = [model.add(value) for value in values]
        worst = max((abs(a - b) - RELATIVE_TOLERANCE * b, row)
                    for row, (a, b) in enumerate(zip(scores, expected)) if row >= WARM_UP)
        print(f"{course.__name__}, seed {SEED + number}: highest {max(scores):.3f}, "
              f"farthest apart {worst[0]:.4f} in row {worst[1]}")
        failures += worst[0] > TOLERANCE
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
