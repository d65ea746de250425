"""What alerts must say, worked out from the list of evaluations of each rule and series.

Rules A1-A10 of docs/semantics.md. Values are integers in units of the resolution, or fractions.
A rule is a dict: name, of ("value" or "window.statistic"), one of above, below, unchanged_for,
absent_for, and optionally hysteresis, for, keep_firing_for.
"""
from fractions import Fraction


def conditions(rule, evaluations):
    """For each (index, t, v) in order: index, t and whether the condition holds; older ones than
    the last are left out (A1)."""
    kept = []
    holds = False
    for index, t, v in evaluations:
        if kept and t < kept[-1][0]:
            continue
        kept.append((t, v))
        if "unchanged_for" in rule:
            since = t
            for earlier_t, earlier_v in reversed(kept):
                if earlier_v != v:
                    break
                since = earlier_t
            holds = t - since >= rule["unchanged_for"]
        else:
            sign = 1 if "above" in rule else -1
            limit = rule["above"] if "above" in rule else rule["below"]
            reach = sign * (v - limit)
            holds = reach > -rule.get("hysteresis", 0) if holds else reach > 0
        yield index, t, holds


def transitions(rule, evaluations):
    """(index, state, episode, at) of each change of state (A3-A7)."""
    state, since, episode = "normal", None, 0
    for index, t, holds in conditions(rule, evaluations):
        before = state
        if state in ("normal", "pending"):
            if not holds:
                state = "normal"
            else:
                since = t if state == "normal" else since
                state = "firing" if t >= since + rule.get("for", 0) and (
                    before == "pending" or rule.get("for", 0) == 0) else "pending"
                episode += state == "firing"
        elif holds:
            state = "firing"
        else:
            since = t if state == "firing" else since
            due = t >= since + rule.get("keep_firing_for", 0)
            direct = rule.get("keep_firing_for", 0) == 0
            state = "normal" if due and (before == "recovering" or direct) else "recovering"
        if state != before:
            yield index, state, episode, t


def absences(rule, arrivals, ticks):
    """A9: `arrivals` and `ticks` are [(index, now)]; both lists ascend."""
    episode, last, firing = 0, None, False
    moments = sorted([(i, now, "arrival") for i, now in arrivals] +
                     [(i, now, "tick") for i, now in ticks])
    for index, now, what in moments:
        overdue = last is not None and now - last >= rule["absent_for"] and not firing
        if what == "tick" and overdue:
            episode, firing = episode + 1, True
            yield index, "firing", episode, last + rule["absent_for"]
        if what == "arrival":
            if firing:
                yield index, "normal", episode, now
            last, firing = now, False


def statistic(summary, name):
    if name == "range":
        return summary["max"] - summary["min"]
    return Fraction(summary[name])


def expected(rules, events, summaries):
    """Alert lines of a pipeline: `events` as the trace has them, every one with its `at`;
    `summaries` are the window oracle's lines."""
    lines = []
    readings = [(i, e) for i, e in enumerate(events) if "v" in e]
    ticks = [(i, e["at"]) for i, e in enumerate(events) if e.get("op") == "tick"]
    for rule in rules:
        for series in sorted({e["series"] for _, e in readings}):
            mine = [(i, e) for i, e in readings if e["series"] == series]
            if "absent_for" in rule:
                found = absences(rule, [(i, e["at"]) for i, e in mine], ticks)
            elif rule.get("of", "value") == "value":
                found = transitions(rule, [(i, e["t"], e["v"]) for i, e in mine])
            else:
                window, name = rule["of"].split(".")
                found = transitions(rule, [
                    (s["index"], s.get("to", s["end"]), statistic(s, name)) for s in summaries
                    if s["type"] == "summary" and s["series"] == series and
                    s["window"] == window and s["rev"] == 0])
            lines += [{"type": "alert", "index": index, "alert": rule["name"], "series": series,
                       "state": state, "episode": episode, "at": at}
                      for index, state, episode, at in found]
    return lines
