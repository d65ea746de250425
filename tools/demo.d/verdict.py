"""The accounting at the end: equations over everything that was published."""

from books import KINDS, Audit
from screen import grouped

# Why vnotchd counts a reading in no window, in its words.
DROPPED = ["late", "no_window", "duplicate", "limited", "quarantined", "rejected"]


class Ledger:
    """Both sides together; `equations` holds (text, holds, what is wrong)."""

    def __init__(self, show):
        self.books = show.books
        self.watch = show.watch
        self.stats = show.watch.stats
        self.told = show.watch.stats["readings"]
        self.audit = Audit(show.books, show.watch.rows.values(), show.window_ms)
        self.more = self.more_repeats(show)
        self.dropped = {part: self.told[part] for part in DROPPED}
        self.dropped["duplicate"] -= self.more
        self.counted = sum(self.audit.in_windows.values())
        self.lost = sum(self.audit.lost.values())
        self.twice = sum(self.audit.twice.values())
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
        told, books = self.told, self.books
        more = ""
        if self.more > 0:
            more = f" + {self.more} sent again by the broker"
        elif self.more < 0:
            more = f" - {-self.more} repeats forgotten at the kill"
        self.equal(f"published{more} = received", books.readings + self.more, told["received"])
        self.equal("received = in windows + set apart", told["received"],
                   told["accepted"] + sum(told[part] for part in DROPPED))
        for fate, part, what in (("duplicate", "duplicate", "sent twice = duplicates"),
                                 ("late", "late", "far too late = late"),
                                 ("future", "quarantined", "from the future = quarantined"),
                                 ("refused", "rejected", "unusable values = rejected")):
            apart = self.more if fate == "duplicate" else 0
            self.equal(what, books.fate(fate) + apart, told[part])

    def more_repeats(self, show):
        """
        Than were published. Readings in flight at the kill come again although they are in the
        journal: no more than the messages hold that the broker says it sent once more. Fewer:
        repeats aren't in the journal, so that those since the last commit are forgotten.
        """
        more = self.told["duplicate"] - self.books.fate("duplicate")
        most = sum(self.books.most.get(topic, 0) for topic in show.again)
        return more if -show.forgettable <= more <= most else 0

    def check_windows(self):
        self.equal("in windows = readings in the summaries upstream", self.told["accepted"],
                   self.counted)
        self.require(f"count, sum, min, max of {grouped(self.audit.right)} windows are those "
                     "published", self.audit.wrong)
        missing = self.told["missing"]
        self.require("no sequence number is missing",
                     [f"vnotchd counts {missing} missing"] if missing else [])
        self.require("no reading is lost", self.named(self.audit.lost))
        self.require("no reading counts twice", self.named(self.audit.twice))

    @staticmethod
    def named(counts):
        return [f"{name}: {count}" for name, count in counts.items() if count]

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
        lines = [self.row("readings", ["published", "in windows", "late", "repeats", "future",
                                       "refused", "lost"])]
        rows = [self.audit.by_kind(kind) for kind in KINDS]
        lines += [self.row(kind, map(grouped, row)) for kind, row in zip(KINDS, rows)]
        lines.append(self.row("all", [grouped(sum(column)) for column in zip(*rows)]))
        told = [self.told[part] for part in ("accepted", "late", "duplicate", "quarantined",
                                             "rejected", "missing")]
        return lines + [self.row("vnotchd says", [""] + [grouped(number) for number in told])]

    @staticmethod
    def row(name, cells):
        widths = (10, 12, 8, 8, 8, 9, 8)
        return f"{name:<14}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths))

    def closing(self):
        """What publishers counted, what came upstream, and what vnotchd gives reasons for."""
        dropped = sum(self.dropped.values())
        reasons = ", ".join(f"{part} {grouped(count)}" for part, count in self.dropped.items()
                            if count)
        sign = "=" if self.books.readings == self.counted + dropped else "against"
        return [f"dropped {grouped(dropped)}: {reasons or 'nothing'}",
                f"published {grouped(self.books.readings)} {sign} counted {grouped(self.counted)} "
                f"+ dropped {grouped(dropped)}, lost {grouped(self.lost)}, "
                f"twice {grouped(self.twice)}"]


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
        verdict = screen.styled("The books balance: every reading published is accounted for.",
                                "good")
    else:
        verdict = screen.styled("The books do not balance: see WRONG above.", "bad")
    screen.lines([verdict, ""] + ledger.closing())
    return ledger.holds()
