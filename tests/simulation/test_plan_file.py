"""The blob that firmware loads, replayed: what the configuration gives, byte for byte."""
import os
import pathlib
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["VN_SOURCE_DIR"])
BIN = pathlib.Path(os.environ["VN_BIN_DIR"])


def run(program, *arguments, given=None):
    return subprocess.run([BIN / program, *arguments], input=given, capture_output=True, text=True,
                          check=False, timeout=60)


class PlanFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vnotch-plan-")
        self.addCleanup(folder.cleanup)
        self.blob = pathlib.Path(folder.name, "plan.cbor")

    def replay(self, option, file):
        trace = "time,series,value\n" + "".join(
            f"{1795219200000 + 700 * i},s{i % 3},{20 + i * 37 % 101 * (1 + i // 300 % 2)}\n"
            for i in range(1200))
        return run("vnotch-sim", "replay", option, file, "--trace", "-", "--events", given=trace)

    def check_plan(self, file):
        self.assertEqual(run("vnotch", "compile", file, "-o", self.blob).returncode, 0)
        expected = self.replay("--config", file)
        self.assertEqual(expected.returncode, 0, expected.stderr)
        self.assertGreater(expected.stdout.count('"type":"summary"'), 10)
        loaded = self.replay("--plan", self.blob)
        self.assertEqual((loaded.returncode, loaded.stderr), (0, ""))
        self.assertEqual(loaded.stdout, expected.stdout)

    def test_the_node_of_the_boards(self):
        self.check_plan(SOURCE / "platform" / "cortex-m" / "node.yaml")

    def test_the_nano_node(self):
        self.check_plan(SOURCE / "tests" / "compiled" / "nano.yaml")

    def test_what_is_no_plan_is_refused(self):
        self.check_plan(SOURCE / "tests" / "compiled" / "nano.yaml")
        good = self.blob.read_bytes()
        for wrong, reason in ((good[:90] + bytes([good[90] ^ 1]) + good[91:], "checksum"),
                              (good[:-1], "checksum"), (b"", "not what their format demands")):
            self.blob.write_bytes(wrong)
            refused = self.replay("--plan", self.blob)
            self.assertEqual((refused.returncode, refused.stdout), (78, ""))
            self.assertIn(reason, refused.stderr)
        missing = self.replay("--plan", self.blob.with_name("missing"))
        self.assertEqual((missing.returncode, missing.stdout), (78, ""))
        both = ("--plan", self.blob, "--config", self.blob, "--trace", "-")
        self.assertEqual(run("vnotch-sim", "replay", *both).returncode, 64)


if __name__ == "__main__":
    unittest.main()
