"""Which messages on the topic of commands are commands: docs/alerts.md, section Commands."""
import json
import re

from alert_conditions import UNITS

NAMES = ("acknowledge", "shelve", "unshelve", "reset", "out_of_service", "in_service", "list")
MEMBERS = {"alert": NAMES, "series": NAMES, "episode": ("acknowledge", "reset"),
           "for": ("shelve",), "once": ("shelve",), "by": NAMES, "comment": NAMES, "id": NAMES,
           "state": ("list",), "after": ("list",), "command": NAMES}
MOST_MS = 30 * UNITS["d"]


def shelving(members):
    """Whether exactly one of `for` and `once` is there, and right."""
    if ("for" in members) == ("once" in members):
        return False
    if "once" in members:
        return members["once"] is True
    found = isinstance(members["for"], str) and re.fullmatch(r"(\d+)(ms|s|m|h|d)", members["for"])
    return bool(found) and 0 < int(found.group(1)) * UNITS[found.group(2)] <= MOST_MS


def unique(pairs):
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a member twice")
    return dict(pairs)


def parse(payload):
    """The members of a command that changes something, or None."""
    try:
        members = json.loads(payload, object_pairs_hook=unique)
    except ValueError:
        return None
    if not isinstance(members, dict) or members.get("command") not in NAMES[:-1]:
        return None
    command = members["command"]
    if any(command not in MEMBERS.get(name, ()) for name in members):
        return None
    texts = {"alert": 64, "series": 10**6, "by": 64, "comment": 128, "id": 64}
    for name, most in texts.items():
        value = members.get(name, "" if name != "alert" else None)
        if not isinstance(value, str) or len(value.encode()) > most:
            return None
    episode = members.get("episode", 1)
    if isinstance(episode, bool) or not isinstance(episode, int) or episode < 0:
        return None
    if command == "shelve" and not shelving(members):
        return None
    return members
