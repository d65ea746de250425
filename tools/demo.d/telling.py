"""Turns what vnotchd publishes into lines that people read."""

from configuration import units
from screen import RULE, clock, grouped

UNITS = units()
ROWS = ["machine/cpu", "machine/memory", "machine/net-in", "machine/net-out", "a/oven",
        "a/pressure", "a/flow", "b/oven", "b/level", "b/vibration", "tanks/1", "meters/1"]


def decimal(scaled, exponent):
    """An integer at 10^exponent as text, as exact as it is."""
    if exponent >= 0:
        return grouped(scaled * 10 ** exponent)
    return f"{scaled / 10 ** -exponent:,.{-exponent}f}"


def reason_of(event):
    """Why it fires, in a few words."""
    if event["value"] is None:
        return "no reading"
    of = "" if event["of"] == "value" else event["of"] + " "
    if event["limit"] is None:
        return f"{of}{event['value']:.2f} {event['unit']} unchanged"
    sign = ">" if event["value"] > event["limit"] else "<"
    return f"{of}{event['value']:.2f} {sign} {event['limit']:g} {event['unit']}"


def tell_event(screen, event, kill_ms):
    since = clock(event["starts_at"])
    name = f"{event['alert']} {event['series']}"
    if event["phase"] == "firing":
        screen.event("FIRING", f"{name}: {reason_of(event)} since {since}", "bad")
        return
    when = f"fired since {since}"
    if kill_ms is not None and event["starts_at"] < kill_ms < event["ends_at"]:
        when += f", before the kill: still episode {event['episode']}"
    screen.event("resolved", f"{name}, {when}", "good")


def tell_letter(screen, letter):
    screen.event("refused", f"{letter['topic']}: {letter['text']}", "note")


def tell_recovery(screen, recovery):
    if recovery.get("lost_from") is None:
        screen.event("restart", "the state is back, nothing is lost", "good")
        return
    screen.event("restart", f"{recovery['series_restored']} series restored; what came from "
                 f"{clock(recovery['lost_from'])} to {clock(recovery['lost_to'])} may be missing",
                 "good")


def table(watch):
    """The last window of each series."""
    lines = [f"{'series':<16}{'window from':<13}{'readings':>8}{'mean':>12}{'min':>11} .."
             f"{'max':>11}  unit"]
    for series in ROWS + [name for name in watch.latest if name.startswith("machine/temp")]:
        row = watch.latest.get(series)
        if row is None:
            continue
        mean = row["sum"] / row["count"] * 10.0 ** row["exponent"]
        digits = max(0, -row["exponent"])
        lines.append(f"{series[:15]:<16}{clock(row['start'], 0):<13}{row['count']:>8}"
                     f"{mean:>12,.{digits}f}{decimal(row['min'], row['exponent']):>11} .."
                     f"{decimal(row['max'], row['exponent']):>11}  {UNITS[row['pipeline']]}")
    hidden = len(watch.latest) - (len(lines) - 1)
    if hidden > 0:
        lines.append(f"and {hidden} more series")
    return lines


def counters(books, watch):
    """Published on our side, counted on vnotchd's."""
    stats = watch.stats["readings"] if watch.stats else {}
    apart = sum(stats.get(key, 0) for key in ("late", "duplicate", "quarantined", "rejected"))
    return (f"{grouped(books.readings)} published, {grouped(stats.get('accepted', 0))} in windows, "
            f"{grouped(apart)} set apart, {grouped(stats.get('missing', 0))} lost")


def firing_line(watch):
    names = [f"{alert} {series}" for alert, series in watch.firing]
    return "firing: " + (", ".join(names) if names else "nothing")


def panel(books, watch, progress):
    return [RULE] + table(watch) + [RULE, firing_line(watch), f"{progress}: {counters(books, watch)}"]
