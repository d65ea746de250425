"""What subscribers are told of alerts: rules A8 and A23 to A31 of docs/alerts.md.

The state machine (alert_oracle) says what happened to an alert; a Teller decides whether that is an
event. There is one Teller for each alert and series, and one Flood for the device.
"""
from alert_conditions import duration

class Flood:
    """A30: a token bucket, counted in tokens times ms, and an alert of its own."""

    def __init__(self, rule, device):
        self.device = device
        self.size = int(rule["alerts"])
        self.per = duration(rule["per"])
        self.level = self.size * self.per
        self.filled_at = None
        self.is_on = False
        self.episode = 0

    def fill(self, now):
        if self.filled_at is not None:
            gained = self.size * (now - self.filled_at)
            self.level = min(self.size * self.per, self.level + gained)
        self.filled_at = now

    def event(self, phase, rev, at):
        return {"alert": "flood", "series": self.device, "phase": phase, "episode": self.episode,
                "rev": rev, "at": at}

    def take(self, now):
        """None if there was a token, else the event with which the flood begins."""
        self.fill(now)
        if self.level >= self.per:
            self.level -= self.per
            return None
        self.is_on = True
        self.episode += 1
        return self.event("firing", 0, now)

    def end(self, now):
        """The event with which the flood is over, or None."""
        self.fill(now)
        if not self.is_on or self.level < self.size * self.per:
            return None
        self.is_on = False
        return self.event("resolved", 1, now)


class Teller:
    """What is told of one alert of one series, and what people said about it."""

    def __init__(self, alert, device):
        self.alert = alert      # the state machine
        self.device = device
        rule = alert.rule
        self.is_public = rule.get("publish", "true") == "true"
        self.is_urgent = rule.get("urgent", "false") == "true"
        self.repeat_every = duration(rule.get("repeat_every"))
        self.rev = 0
        self.is_told = False    # `firing` of this episode
        self.no_data_told = False
        self.last_told = None   # `at` of the last firing, escalated, eased, repeated
        self.acknowledged = False
        self.shelved_until = None
        self.shelved_once = False
        self.out_of_service = False
        self.is_first = False

    # What mutes

    def is_shelved(self):
        return self.shelved_once or (
            self.shelved_until is not None and self.device.now < self.shelved_until)

    def is_put_aside(self):
        return not self.is_public or self.out_of_service or self.is_shelved()

    def is_inhibited(self):
        return any(cause.inhibits() for cause in self.alert.causes)

    def in_flood(self):
        flood = self.device.flood
        return flood is not None and flood.is_on and not self.is_urgent

    # What happens

    def tell(self, phase, at):
        event = {"alert": self.alert.rule["name"], "series": self.alert.series, "phase": phase,
                 "episode": self.alert.episode, "rev": self.rev, "at": at}
        if "levels" in self.alert.rule:
            event["level"] = self.alert.shown_level()
        if "group" in self.alert.rule and phase == "firing":
            event["first_in_group"] = self.is_first
        self.rev += 1
        self.device.put_event(event)

    def begin(self, at):
        """An episode began (A7, A23, A31)."""
        self.rev = 0
        self.is_told = self.acknowledged = False
        group = self.alert.rule.get("group")
        self.is_first = not any(
            other.is_open() for other in self.device.alerts()
            if other is not self.alert and other.rule.get("group") == group)
        self.try_to_tell(at)

    def try_to_tell(self, at):
        """`firing`, if it is due and nothing mutes it (A26)."""
        if self.alert.state != "firing" or self.is_told:
            return
        if self.is_put_aside() or self.is_inhibited() or self.in_flood():
            return
        if self.device.flood is not None and not self.is_urgent:
            begun = self.device.flood.take(self.device.now)
            if begun:
                self.device.put_event(begun)
                return
        self.is_told = True
        self.last_told = at
        self.tell("firing", at)

    def goes_on(self, at, was_firing):
        """An evaluation left it firing, or took it back to firing (A12, A24)."""
        if not self.is_told:
            self.try_to_tell(at)
        elif self.alert.level != self.alert.level_before:
            phase = "escalated" if self.alert.level > self.alert.level_before else "eased"
            if not self.is_put_aside():
                self.last_told = at
                self.tell(phase, at)
        elif was_firing:
            self.repeat(at)

    def repeat(self, at):
        if self.repeat_every is None or self.acknowledged or not self.is_told:
            return
        if at < self.last_told + self.repeat_every or self.is_put_aside() or self.in_flood():
            return
        self.last_told = at
        self.tell("repeated", at)

    def latched(self, at):
        if self.is_told and not self.is_put_aside():
            self.tell("latched", at)

    def end(self, at):
        if self.is_told:
            self.tell("resolved", at)
        self.is_told = False
        if self.shelved_once:
            self.shelved_once = False
            if self.is_public:
                self.tell("unshelved", at)

    def no_data(self, at):
        self.no_data_told = not self.is_put_aside()
        if self.no_data_told:
            self.tell("no_data", at)

    def data(self, at):
        if self.no_data_told:
            self.tell("data", at)
        self.no_data_told = False

    def tick(self):
        if self.shelved_until is not None and self.device.now >= self.shelved_until:
            self.shelved_until = None
            self.did("unshelved")

    def did(self, phase):
        """What a person did, or what ends by itself what a person did."""
        if self.is_public:
            self.tell(phase, self.device.now)

    # Commands (C1 to C5): whether they have a meaning, and what they do

    def can(self, command):
        return {
            "acknowledge": self.alert.episode > 0 and not self.acknowledged,
            "shelve": True,
            "unshelve": self.is_shelved(),
            "reset": self.alert.is_latched,
            "out_of_service": not self.out_of_service,
            "in_service": self.out_of_service,
        }[command]

    def carry_out(self, command, until):
        """`until`: of `shelve`, None for once."""
        if command == "acknowledge":
            self.acknowledged = True
            self.did("acknowledged")
        elif command == "shelve":
            self.shelved_until, self.shelved_once = until, until is None
            self.did("shelved")
        elif command == "unshelve":
            self.shelved_until, self.shelved_once = None, False
            self.did("unshelved")
        elif command == "reset":
            self.alert.reset(self.device.now)
        else:
            self.out_of_service = command == "out_of_service"
            self.did(command)
