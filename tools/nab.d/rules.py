"""NAB's rules of scoring (numenta/NAB at ea702d7), in our own words.

A detection inside a window counts by a sigmoid of its position, 1 at the window's first row; only
the first one counts. A detection outside costs by a sigmoid of its distance from the window before
it, at most 1. The first rows of a file are free.
"""
import math

# Weights of a detected window, of a false detection, of a missed window.
PROFILES = {"standard": (1.0, 0.11, 1.0), "reward_low_FP": (1.0, 0.22, 1.0),
            "reward_low_FN": (1.0, 0.11, 2.0)}


def scaled_sigmoid(position):
    """Between 1 and -1: 0.9866 at -1, the window's begin; 0 at its end; -1 far behind."""
    return -1.0 if position > 3.0 else 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


def free_rows(rows):
    return min(int(0.15 * rows), 750)


def scored_windows(windows, rows):
    """Windows, as (first row, last row), that don't lie in the free rows altogether."""
    return [window for window in windows if window[1] >= free_rows(rows)]


def weigh(row, windows):
    """The window that a detection lies in, or None, and what it counts, unweighted."""
    before = None
    for first, last in windows:
        if first <= row <= last:
            position = -(last - row + 1) / (last - first + 1)
            return (first, last), scaled_sigmoid(position) / scaled_sigmoid(-1.0)
        if last < row:
            before = (first, last)
    if before is None:
        return None, -1.0
    first, last = before
    width = last - first
    return None, scaled_sigmoid((row - last) / width) if width > 0 else -1.0


def score(detections, windows, rows, profile):
    """The raw score of one file for detections as rows, in order."""
    found_weight, false_weight, missed_weight = PROFILES[profile]
    windows = scored_windows(windows, rows)
    found = {}
    total = 0.0
    for row in detections:
        if row < free_rows(rows):
            continue
        window, value = weigh(row, windows)
        if window is None:
            total += false_weight * value
        else:
            found[window] = max(value, found.get(window, value))
    missed = len(windows) - len(found)
    return total + found_weight * sum(found.values()) - missed_weight * missed


def normalised(total, windows, profile):
    """100 for a detector that sees each window in its first row, 0 for one that is silent."""
    found_weight, _, missed_weight = PROFILES[profile]
    silent, perfect = -missed_weight * windows, found_weight * windows
    return 100.0 * (total - silent) / (perfect - silent)


def alarms(times_ms, scores, threshold, refractory_ms):
    """Rows at which an alert fires: what alert.h says of a DEVIATION without delays."""
    fired = []
    since = None
    for row, value in enumerate(scores):
        if value <= threshold:
            continue
        if since is not None and times_ms[row] - since < refractory_ms:
            continue
        goes_on = since is not None and times_ms[row - 1] - since < refractory_ms
        since = times_ms[row]
        if not goes_on:
            fired.append(row)
    return fired
