"""The accounting at the end: equations over everything that was published."""

from books import KINDS, Audit
from screen import clock, grouped


class Ledger:
    """Both sides together; `equations` holds (text, holds, what is wrong)."""

    def __init__(self, show):
        self.books = show.books
        self.watch = show.watch
        self.stats = show.watch.stats
        self.counted = show.watch.stats["readings"]
        self.span = show.lost_span
        self.redelivered = show.redelivered
        self.audit = Audit(show.books, show.watch.rows.values(), show.window_ms, show.lost_span)
        self.equations = []
        self.check()

    def holds(self):
        return all(holds for _, holds, _ in self.equations)

    def equal(self, what, published, counted):
        sign = "=" if published == counted else "against"
        text = f"{what}: {grouped(published)} {sign} {grouped(counted)}"
        self.equations.append((text, published == counted,
                               f"{grouped(abs(published - counted))} apart"))

    def require(self, what, problems):
        self.equations.append((what, not problems, "; ".join(problems[:3])))

    def check(self):
        self.check_readings()
        self.check_windows()
        self.check_messages()

    def check_readings(self):
        counted, books = self.counted, self.books
        parts = ["accepted", "late", "no_window", "duplicate", "limited", "quarantined",
                 "rejected"]
        extra = self.extra_copies()
        sent = books.readings + extra
        found = sum(counted[part] for part in parts) + counted["missing"]
        again = f" ({extra} sent again by the broker)" if extra else ""
        self.equal(f"published{again} = in windows + set apart + lost", sent, found)
        self.equal("received by vnotchd = in windows + set apart", counted["received"],
                   sum(counted[part] for part in parts))
        for fate, part, what in (("duplicate", "duplicate", "sent twice = duplicates"),
                                 ("late", "late", "far too late = late"),
                                 ("future", "quarantined", "from the future = quarantined"),
                                 ("refused", "rejected", "unusable values = rejected")):
            more = extra if fate == "duplicate" else 0
            self.equal(what, books.fate(fate) + more, counted[part])

    def extra_copies(self):
        """Readings in flight at the kill that came again although they had been counted."""
        extra = self.counted["duplicate"] - self.books.fate("duplicate")
        return extra if 0 < extra <= self.redelivered * 10 else 0

    def check_windows(self):
        audit, counted = self.audit, self.counted
        self.equal("in windows = readings in the summaries upstream", counted["accepted"],
                   sum(audit.in_windows.values()))
        self.equal("lost, told by vnotchd = not in the summaries", counted["missing"],
                   sum(audit.lost.values()))
        span = f" from {clock(self.span[0])} to {clock(self.span[1])}" if self.span else ""
        negative = [f"{name}: {-lost} too many" for name, lost in audit.lost.items() if lost < 0]
        self.require(f"count, sum, min, max of {grouped(audit.complete)} windows are those "
                     "published", audit.wrong + negative)
        told = [] if self.span else ["vnotchd told no span"]
        self.require(f"nothing is lost but in the span told{span}", told + audit.unexplained)

    def check_messages(self):
        messages, outputs = self.stats["messages"], self.stats["outputs"]
        self.equal("garbage messages = refused", self.books.garbage, messages["refused"])
        letters = self.books.garbage + self.books.fate("refused") + self.books.fate("future")
        self.equal("unusable messages and readings = dead letters", letters, self.watch.letters)
        left = [f"{value} {what}" for what, value in
                (("messages dropped", messages["dropped"]), ("messages queued",
                 messages["queued"]), ("outputs dropped", outputs["dropped"]),
                 ("outputs waiting", outputs["waiting"])) if value]
        self.require("nothing dropped for want of room, nothing left waiting", left)
        holes = [f"number {number} never came" for number in sorted(self.watch.holes())]
        self.require(f"{grouped(len(self.watch.numbers))} outputs, numbered without a hole, "
                     "none told twice", holes + self.watch.conflicts)

    def table(self):
        """What the publisher and the summaries say by format; and what vnotchd says in all."""
        lines = [self.row("readings", ["published", "in windows", "late", "twice", "future",
                                       "refused", "lost"])]
        rows = [self.audit.by_kind(kind) for kind in KINDS]
        lines += [self.row(kind, map(grouped, row)) for kind, row in zip(KINDS, rows)]
        lines.append(self.row("all", [grouped(sum(column)) for column in zip(*rows)]))
        told = [self.counted[part] for part in ("accepted", "late", "duplicate", "quarantined",
                                                "rejected", "missing")]
        return lines + [self.row("vnotchd says", [""] + [grouped(number) for number in told])]

    @staticmethod
    def row(name, cells):
        widths = (10, 12, 8, 8, 8, 9, 8)
        return f"{name:<14}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths))


def report(screen, show):
    """Prints the accounting; true when every equation holds."""
    ledger = Ledger(show)
    watch, books = show.watch, show.books
    screen.lines(["", screen.styled("Accounting", "bold"), ""] + ledger.table() + [""])
    for number, (text, holds, wrong) in enumerate(ledger.equations, 1):
        mark = screen.styled("ok", "good") if holds else screen.styled("WRONG", "bad")
        screen.lines([f"{number:2}  {text:<70} {mark}"])
        if not holds:
            screen.lines([f"      {wrong}"])
    screen.lines([
        "", f"in   {grouped(books.messages)} messages, {books.bytes / 1024:,.0f} KiB",
        f"out  {grouped(watch.messages)} messages, {watch.bytes / 1024:,.0f} KiB: "
        f"{grouped(len(watch.rows))} windows, {watch.revisions} corrections of windows",
        f"     sent again after the kill, with the same bytes: {watch.repeated}",
        f"vnotchd's memory {watch.stats['resident_bytes'] / 2**20:.1f} MiB", ""])
    if ledger.holds():
        screen.lines([screen.styled(
            f"The books balance: {grouped(books.readings)} readings published, every one is "
            "accounted for.", "good")])
    else:
        screen.lines([screen.styled("The books do not balance: see WRONG above.", "bad")])
    return ledger.holds()
