"""Savepoints as people make and use them: vnotch savepoint export and import around vnotchd."""

import json
import os
import subprocess
import sys
import unittest

from harness import BASE_MS, NUMBERED_INPUT, Case, configuration

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import cddl_check  # noqa: E402
import strict_cbor  # noqa: E402

SOURCE_DIR = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN_DIR = os.environ.get("VN_BIN_DIR", os.path.join(SOURCE_DIR, "build", "release", "bin"))
SCHEMA = cddl_check.load(os.path.join(SOURCE_DIR, "docs", "savepoint.cddl"))

PIPELINES = """
- name: temperature
  resolution: 0.01
  deduplicate: 4
  range: [-50, 150]
  windows:
    - {name: minute, tumbling: 1m, statistics: [count, sum, p95], sample: 2}
    - {name: visit, session: {gap: 30s}, statistics: [count]}
  alerts:
    - {name: overheat, above: 80, for: 10s}
"""


def reading(seconds, value, sequence, device="a"):
    return f"j/{device}", json.dumps({"v": value, "t": BASE_MS + 1000 * seconds, "seq": sequence})


def savepoint(*arguments):
    return subprocess.run([os.path.join(BIN_DIR, "vnotch"), "savepoint", *arguments],
                          capture_output=True, timeout=60, check=False)


class Savepoint(Case):
    def path(self, name):
        return os.path.join(self.folder, name)

    def configure(self, name, port, flash="", pipelines=PIPELINES):
        state = f"file: {self.path(name + '.state')}, checkpoint_every: 100ms{flash}"
        text = configuration(port, NUMBERED_INPUT, pipelines, state)
        with open(self.path(name + ".yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        return text

    def wait_received(self, client, count):
        return self.wait_json(client, "vnotch/gw/stats",
                              lambda s: s["readings"]["received"] >= count)

    def export(self, name, output):
        done = savepoint("export", "--config", self.path(name + ".yaml"), "--output", output)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        with open(output, "rb") as file:
            data = file.read()
        self.assertIn(f"{len(data)} bytes".encode(), done.stdout)
        return data

    def move(self, old, new, *more):
        return savepoint("import", "--config", self.path(new + ".yaml"), "--input", old, *more)

    def test_a_device_moves_to_a_flash_of_another_geometry(self):
        broker = self.broker()
        client = self.client(broker)
        daemon = self.daemon(self.configure("old", broker.port)).start()
        client.publish_all([reading(0, 1, 0), reading(10, 2, 1), reading(20, 90, 2)])
        boot = self.wait_received(client, 3)["boot"]
        busy = savepoint("export", "--config", self.path("old.yaml"))
        self.assertEqual((busy.returncode, busy.stdout), (69, b""))
        self.assertIn(b"stop vnotchd first", busy.stderr)
        self.assertEqual(daemon.stop(), 0, daemon.log())
        data = self.export("old", self.path("a.savepoint"))
        value = strict_cbor.loads(data)
        self.assertEqual(list(SCHEMA.errors("savepoint", value)), [])
        self.assertEqual((value[1], value[2], value[7]), ("gw", boot, True))
        self.assertEqual([series[0] for series in value[10]], ["a"])
        again = savepoint("export", "--config", self.path("old.yaml"))
        self.assertEqual((again.returncode, again.stdout), (0, data))

        flash = ", size: 4MiB, flash: {erase_block: 64KiB, program_unit: 512B}"
        new = self.configure("new", broker.port, flash)
        done = self.move(self.path("a.savepoint"), "new")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(os.path.getsize(self.path("new.state")), 4 << 20)
        self.assertEqual(self.export("new", self.path("b.savepoint")), data)
        moved = self.daemon(new, name="moved").start()
        client.publish_all([reading(30, 91, 3), reading(61, 5, 4)])
        row = self.wait_summaries(client, 1, where=lambda r: r["window"] == "minute")[0]
        self.assertEqual((row["count"], row["sum"], row["boot"]), (4, 184.0, boot + 1))
        figures = self.wait_received(client, 5)
        self.assertTrue(figures["recovery"]["clean"])
        self.assertEqual(figures["readings"]["accepted"], 5)
        self.assertEqual(moved.stop(), 0, moved.log())

    def test_a_running_daemon_writes_one_when_told(self):
        broker = self.broker()
        client = self.client(broker)
        daemon = self.daemon(self.configure("old", broker.port)).start()
        client.publish_all([reading(0, 1, 0), reading(10, 2, 1)])
        boot = self.wait_received(client, 2)["boot"]
        client.publish("vnotch/gw/command", json.dumps({"command": "savepoint", "id": "7"}))
        answer = self.wait_json(client, "vnotch/gw/response", lambda a: a["id"] == "7")
        path = self.path("old.state.savepoint")
        self.assertEqual((answer["result"], answer["file"]), ("done", path))
        self.assertEqual(answer["bytes"], os.path.getsize(path))
        with open(path, "rb") as file:
            value = strict_cbor.loads(file.read())
        self.assertEqual(list(SCHEMA.errors("savepoint", value)), [])
        self.assertEqual((value[2], value[3], value[7]), (boot, answer["seq"], False))
        client.publish_all([reading(20, 4, 2)])
        self.wait_received(client, 3)
        daemon.kill()
        new = self.configure("new", broker.port, ", size: 1MiB, flash: {program_unit: 16B}")
        self.assertEqual(self.move(path, "new").returncode, 0)
        self.daemon(new, name="moved").start()
        figures = self.wait_json(client, "vnotch/gw/stats",
                                 lambda s: s["boot"] == boot + 1)
        self.assertEqual(figures["readings"]["received"], 2)
        self.assertFalse(figures["recovery"]["clean"])
        self.assertGreater(figures["recovery"]["lost_to"], figures["recovery"]["lost_from"])

    def test_a_state_is_replaced_only_when_told_and_kept_aside(self):
        broker = self.broker()
        client = self.client(broker)
        daemon = self.daemon(self.configure("old", broker.port)).start()
        client.publish_all([reading(0, 1, 0)])
        self.wait_received(client, 1)
        self.assertEqual(daemon.stop(), 0, daemon.log())
        data = self.export("old", self.path("a.savepoint"))
        with open(self.path("old.state"), "rb") as file:
            before = file.read()
        refused = self.move(self.path("a.savepoint"), "old")
        self.assertEqual(refused.returncode, 65)
        self.assertIn(b"--force", refused.stderr)
        with open(self.path("old.state"), "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(self.move(self.path("a.savepoint"), "old", "--force").returncode, 0)
        with open(self.path("old.state.old"), "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(self.export("old", self.path("b.savepoint")), data)
        left = [name for name in os.listdir(self.folder) if name.endswith((".import", ".new"))]
        self.assertEqual(left, [])

    def test_what_is_wrong_is_said(self):
        self.configure("new", 1)
        with open(self.path("none.yaml"), "w", encoding="utf-8") as file:
            file.write(configuration(1, NUMBERED_INPUT, PIPELINES))
        with open(self.path("bad.savepoint"), "wb") as file:
            file.write(b"\xae\x00\x01\x01bgw")
        config = self.path("new.yaml")
        cases = [
            (["export"], 64, "--config"),
            (["restore"], 64, "restore"),
            ([], 64, "export or import"),
            (["import", "--config", config], 64, "--input"),
            (["export", "--config", config, "--force"], 64, "--force"),
            (["export", "--config"], 64, "--config"),
            (["export", "--config", config], 65, "new.state"),
            (["export", "--config", self.path("none.yaml")], 78, "keeps no state"),
            (["export", "--config", self.path("nowhere.yaml")], 78, "nowhere.yaml"),
            (["import", "--config", config, "--input", self.path("nowhere")], 74, "nowhere"),
            (["import", "--config", config, "--input", self.path("bad.savepoint")], 65,
             "no savepoint, or damaged"),
        ]
        for arguments, status, word in cases:
            result = savepoint(*arguments)
            self.assertEqual(result.returncode, status, (arguments, result.stderr))
            self.assertIn(word, result.stderr.decode(), arguments)
            self.assertEqual(result.stdout, b"")
        self.assertFalse(os.path.exists(self.path("new.state")))


if __name__ == "__main__":
    unittest.main()
