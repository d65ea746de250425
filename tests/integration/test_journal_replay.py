"""A device's journal replayed: through its own configuration, and through another one."""
import json
import os
import subprocess
import unittest

from harness import BASE_MS, Case, configuration, wait_for

INPUTS = """
- topic: "plant/{device}"
  format: json
  fields: [{path: v, series: "{device}"}]
  time: {path: t, unit: ms}
  sequence: {path: seq}
"""
PIPELINES = """
- name: temperature
  match: "*"
  resolution: 0.01
  windows:
    - {name: minute, tumbling: 1m, statistics: [count, sum, min, max]}
  alerts:
    - {name: hot, above: LIMIT, hysteresis: 1}
"""
STATISTICS = ("series", "start", "end", "kind", "rev", "count", "sum", "min", "max")
READINGS = 120


def messages():
    """Two readings a second, of two devices; every 20th is 90 degrees."""
    for i in range(READINGS):
        value = 90 if i % 20 == 7 else 20 + i % 10
        payload = {"v": value, "t": BASE_MS + 2500 * i, "seq": i, "name": "Zähler\u0001"}
        for device in ("a", "b"):
            yield f"plant/{device}", json.dumps(payload, ensure_ascii=False)


def firings(rows):
    return [(row["series"], row["at"]) for row in rows
            if row["type"] == "alert" and row["state"] == "firing"]


class JournalReplay(Case):
    def sim(self, *arguments):
        return subprocess.run([os.path.join(os.environ["VN_BIN_DIR"], "vnotch-sim"), *arguments],
                              capture_output=True, check=False)

    def replay(self, text):
        path = os.path.join(self.folder, "other.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = self.sim("replay", "--config", path, "--journal", self.state_file())
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def record(self):
        """A device that is killed behind its last message."""
        broker = self.broker()
        state = f"file: {self.state_file()}, size: 4MiB, durability: journal"
        text = configuration(broker.port, INPUTS, PIPELINES.replace("LIMIT", "80"), state)
        client = self.client(broker)
        daemon = self.daemon(text).start()
        wait_for(lambda: client.on("vnotch/gw/status") == [b"online"], 10, "status online")
        client.publish_all(list(messages()))
        self.wait_json(client, "vnotch/gw/stats",
                       lambda stats: stats["readings"]["received"] == 2 * READINGS)
        daemon.kill()
        return text, client

    def test_the_past_is_told_again_and_judged_by_another_rule(self):
        text, client = self.record()
        live = self.wait_summaries(client, 8)
        rows = self.replay(text)
        told = [tuple(row[key] for key in STATISTICS) for row in live]
        again = [tuple(row[key] for key in STATISTICS) for row in rows if row["type"] == "summary"]
        self.assertTrue(told)
        self.assertEqual(sorted(told), sorted(again))
        times = [BASE_MS + 2500 * i for i in range(READINGS) if i % 20 == 7]
        self.assertEqual(firings(rows), [(s, at) for at in times for s in ("a", "b")])
        other = self.replay(text.replace("above: 80", "above: 95"))
        self.assertEqual(firings(other), [])
        self.assertEqual(other[-1]["accepted"], 2 * READINGS)

    def test_the_journal_can_be_kept_as_a_trace(self):
        self.record()
        done = self.sim("journal", "--state", self.state_file())
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        payloads = [bytes.fromhex(row["payload_hex"]).decode() for row in rows]
        self.assertEqual([(row["topic"], p) for row, p in zip(rows, payloads)], list(messages()))
        self.assertTrue(all(row["at"] > BASE_MS for row in rows))

    def test_what_is_no_journal_is_said(self):
        path = os.path.join(self.folder, "empty")
        with open(path, "wb") as file:
            file.write(bytes(1 << 16))
        done = self.sim("journal", "--state", path)
        self.assertEqual(done.returncode, 65)
        self.assertIn(b"no state file of vnotch", done.stderr)
        self.assertEqual(self.sim("journal", "--state", path + "x").returncode, 74)
        self.assertEqual(self.sim("journal").returncode, 64)


if __name__ == "__main__":
    unittest.main()
