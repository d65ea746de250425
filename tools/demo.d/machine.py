"""The machine's own readings: processor, memory, network, temperatures."""

import glob
import json
import re

from books import Reading

PERIOD_S = 0.5
ZONES_MAX = 4


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def processor_ticks():
    """(busy, all) since the start of the machine."""
    fields = [int(field) for field in read_text("/proc/stat").split("\n", 1)[0].split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


def memory_used_percent():
    figures = dict(re.findall(r"^(\w+):\s+(\d+)", read_text("/proc/meminfo"), re.M))
    total = int(figures["MemTotal"])
    return 100 * (total - int(figures.get("MemAvailable", figures["MemFree"]))) / total


def network_bytes():
    """(in, out) over all interfaces, loopback included: the demo's own traffic shows."""
    rows = [line.split(":", 1)[1].split() for line in
            read_text("/proc/net/dev").splitlines()[2:]]
    return sum(int(row[0]) for row in rows), sum(int(row[8]) for row in rows)


def thermal_zones():
    """Name -> file of the zones that can be read; often none in a virtual machine."""
    zones = {}
    for path in sorted(glob.glob("/sys/class/thermal/thermal_zone*")):
        try:
            int(read_text(path + "/temp"))
            name = re.sub(r"[^A-Za-z0-9_.-]", "-", read_text(path + "/type").strip()) or "zone"
        except (OSError, ValueError):
            continue
        zones.setdefault(name[:40], path + "/temp")
    return dict(list(zones.items())[:ZONES_MAX])


class Machine:
    """Reads what /proc and /sys say, twice a second."""

    def __init__(self):
        self.zones = thermal_zones()
        self.ticks = processor_ticks()
        self.network = (network_bytes(), None)
        self.sequences = {}
        self.next_s = PERIOD_S / 2

    def due(self, moment):
        if moment.elapsed_s < self.next_s:
            return []
        self.next_s = max(self.next_s + PERIOD_S, moment.elapsed_s)
        messages = self.network_message(moment)
        messages += [message for name, path in self.zones.items()
                     for message in self.thermal_message(moment, name, path)]
        return messages + [
            self.percent_message(moment, "machine/cpu", self.processor_percent()),
            self.percent_message(moment, "machine/memory", memory_used_percent())]

    def flush(self):
        return []

    def processor_percent(self):
        busy, total = processor_ticks()
        busy_before, total_before = self.ticks
        self.ticks = (busy, total)
        spent = total - total_before
        return min(100.0, max(0.0, 100 * (busy - busy_before) / spent)) if spent > 0 else 0.0

    def percent_message(self, moment, series, percent):
        scaled = round(100 * percent)
        payload = json.dumps({"t": moment.wall_ms, "seq": self.sequence(series),
                              "percent": scaled / 100})
        return series, payload, [Reading("json", series, moment.wall_ms, scaled)]

    def sequence(self, series):
        self.sequences[series] = self.sequences.get(series, -1) + 1
        return self.sequences[series]

    def network_message(self, moment):
        now = (network_bytes(), moment.elapsed_s)
        before, self.network = self.network, now
        if before[1] is None or now[1] <= before[1]:
            return []
        rates = [min(2**31 - 1, max(0, round((new - old) / (now[1] - before[1]))))
                 for new, old in zip(now[0], before[0])]
        payload = json.dumps({"t": moment.wall_ms, "seq": self.sequence("net"),
                              "bytes_per_s": {"in": rates[0], "out": rates[1]}})
        return [("machine/net/network", payload,
                 [Reading("json", "machine/net-in", moment.wall_ms, rates[0]),
                  Reading("json", "machine/net-out", moment.wall_ms, rates[1])])]

    def thermal_message(self, moment, name, path):
        try:
            scaled = round(int(read_text(path)) / 10)
        except (OSError, ValueError):
            return []
        payload = json.dumps({"t": moment.wall_ms, "seq": self.sequence(name),
                              "celsius": scaled / 100})
        return [(f"machine/thermal/{name}", payload,
                 [Reading("json", f"machine/temp-{name}", moment.wall_ms, scaled)])]
