"""Events and a panel on a terminal; plain lines anywhere else."""

import datetime
import os
import shutil
import sys
import time

STYLES = {"bad": "1;31", "good": "32", "cut": "1;33", "dim": "2", "bold": "1", "note": "36"}
RULE = "-" * 79


def clock(t_ms, parts=1):
    """Local time of day, to a tenth of a second unless parts is 0."""
    moment = datetime.datetime.fromtimestamp(t_ms / 1000)
    return moment.strftime("%H:%M:%S") + (f".{moment.microsecond // 100000}" if parts else "")


def grouped(number):
    return f"{number:,}"


class Screen:
    """The panel stays at the bottom; what happened scrolls above it."""

    def __init__(self):
        self.out = sys.stdout
        columns, rows = shutil.get_terminal_size((80, 24))
        self.live = self.out.isatty() and os.environ.get("TERM", "dumb") != "dumb" and rows >= 16
        self.color = self.live and "NO_COLOR" not in os.environ
        self.columns = min(columns - 1, 100) if self.live else 100
        self.rows = rows
        self.drawn = 0
        self.panel_lines = []
        self.began = time.monotonic()

    def styled(self, text, style):
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.color and style else text

    def begin(self):
        self.began = time.monotonic()

    def event(self, tag, text, style=None):
        """One line: when, what, and as much of the text as fits below each other."""
        elapsed = time.monotonic() - self.began
        width = min(self.columns, 80) - 18
        pieces = wrapped(text, width)
        lines = [f"{elapsed:5.1f} s  {self.styled(f'{tag:<8}', style)} {pieces[0]}"]
        lines += [" " * 18 + piece for piece in pieces[1:]]
        self.lines(lines)

    def lines(self, lines):
        self.write(lines)

    def panel(self, lines):
        """What is redrawn in place; nothing without a terminal."""
        if self.live:
            self.panel_lines = lines
            self.write([])

    def end_panel(self):
        self.panel([])
        self.live = False

    def write(self, lines):
        erase = f"\x1b[{self.drawn}A\r\x1b[J" if self.drawn else ""
        panel = [line[:self.columns] for line in self.panel_lines[-(self.rows - 4):]]
        styled = [self.styled(line, "dim") if line.startswith("---") else line for line in panel]
        self.drawn = len(panel)
        self.out.write(erase + "".join(line + "\n" for line in lines + styled))
        self.out.flush()


def wrapped(text, width):
    """Lines of at most `width`, cut between words."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return lines + [line]
