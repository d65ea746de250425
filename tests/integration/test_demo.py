"""The demo balances its books, notices when they don't, and leaves nothing behind."""

import glob
import os
import re
import signal
import subprocess
import tempfile
import unittest

from harness import BIN_DIR, SOURCE_DIR, STUCK_S, wait_for

DEMO = os.path.join(SOURCE_DIR, "tools", "demo")
COUNT = r"([\d,]+)"


def number(text):
    return int(text.replace(",", ""))


class Demo(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="vnotch-test-")
        self.addCleanup(self.folder.cleanup)

    def start(self, *arguments, sabotage=""):
        environment = dict(os.environ, TMPDIR=self.folder.name, VN_DEMO_SABOTAGE=sabotage)
        process = subprocess.Popen([DEMO, "--no-install", "--bin", BIN_DIR, *arguments],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=environment)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=STUCK_S)

    def leavings(self):
        """Folders and processes: the command line of each child names the folder."""
        left = os.listdir(self.folder.name)
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    command = file.read()
            except OSError:
                continue
            if os.path.join(self.folder.name, "vnotch-demo-") in command:
                left.append(command.replace("\0", " "))
        return left

    def closing(self, out):
        """(published, counted, dropped, lost, twice) of the last line, and its sign."""
        last = re.fullmatch(rf"published {COUNT} (=|against) counted {COUNT} \+ dropped {COUNT}, "
                            rf"lost {COUNT}, twice {COUNT}", out.splitlines()[-1])
        self.assertIsNotNone(last, out)
        figures = [number(last[group]) for group in (1, 3, 4, 5, 6)]
        reasons = re.findall(rf"[a-z_]+ {COUNT}", out.splitlines()[-2].split(":")[1])
        self.assertEqual(sum(map(number, reasons)), figures[2], out)
        return figures, last[2]

    def wrong_lines(self, process):
        """What the accounting of a sabotaged run complains about, and its last line."""
        out, err = process.communicate(timeout=2 * STUCK_S)
        self.assertEqual(process.returncode, 1, out + err)
        self.assertIn("The books do not balance", out)
        wrong = "\n".join(line for line in out.splitlines() if line.endswith("WRONG"))
        (published, counted, dropped, lost, twice), sign = self.closing(out)
        self.assertEqual(sign, "against")
        self.assertEqual(published - counted - dropped, lost - twice)
        return wrong, lost, twice

    def test_the_books_balance_over_a_kill(self):
        process = self.start("--seconds", "12")
        out, err = process.communicate(timeout=2 * STUCK_S)
        self.assertEqual((process.returncode, err), (0, ""), out + err)
        self.assertNotIn("WRONG", out)
        self.assertIn("kill -9", out)
        (published, counted, dropped, lost, twice), sign = self.closing(out)
        self.assertEqual((sign, lost, twice), ("=", 0, 0))
        self.assertEqual(published, counted + dropped)
        self.assertGreater(counted, 2000)
        self.assertGreater(dropped, 0)
        for kind in ("json", "json array", "senml\\+json", "senml\\+cbor"):
            row = re.search(rf"^{kind} +{COUNT} +{COUNT}", out, re.M)
            self.assertGreater(number(row[2]), 0, row[0])
        for alert in ("overheat a/oven", "silent b/level", "stuck a/flow"):
            self.assertRegex(out, f"FIRING +{alert}")
            self.assertRegex(out, f"resolved +{alert}")
        self.assertRegex(out, "resolved overheat a/oven .*\n? *.*over the kill")
        for line in out.splitlines():
            self.assertTrue(len(line) <= 80 or line.startswith("configuration"), line)
        self.assertEqual(self.leavings(), [])

    def test_a_reading_that_never_arrives_or_counts_twice_is_noticed(self):
        runs = [self.start("--seconds", "8", sabotage=name)
                for name in ("pack", "numbered", "twice")]
        complaints = ("no reading is lost", "no sequence number is missing",
                      "no reading counts twice")
        for process, words, apart in zip(runs, complaints, ((20, 0), (1, 0), (0, 1))):
            wrong, lost, twice = self.wrong_lines(process)
            self.assertIn(words, wrong)
            self.assertEqual((lost, twice), apart)
        self.assertEqual(self.leavings(), [])

    def test_an_interrupt_cleans_up(self):
        process = self.start("--seconds", "30")
        wait_for(lambda: any("vnotchd" in entry for entry in self.leavings()), STUCK_S,
                 "vnotchd is started")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=STUCK_S)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn("interrupted", err)
        self.assertEqual(self.leavings(), [])

    def test_what_is_missing_is_said(self):
        for arguments, code, words in ((["--seconds", "3"], 64, "from 8 to 3600"),
                                       (["--seconds"], 64, "needs a value"),
                                       (["--fast"], 64, "unknown option"),
                                       (["--bin", self.folder.name], 69, "tools/build")):
            with self.subTest(arguments=arguments):
                process = self.start(*arguments)
                _, err = process.communicate(timeout=STUCK_S)
                self.assertEqual(process.returncode, code, err)
                self.assertIn(words, err)
        self.assertEqual(self.leavings(), [])


if __name__ == "__main__":
    unittest.main()
