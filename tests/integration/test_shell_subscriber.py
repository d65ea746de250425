"""The section "In a shell" of docs/alerts.md, line by line: what it says is printed is printed.

Each ```sh block is run, and the ```text block behind it is what its mosquitto_sub, or the one that
still runs, prints then; "..." stands for anything. Added to the commands is the port, and nothing
else; what stops a service stops vnotchd.
"""

import os
import re
import shlex
import subprocess
import unittest

from harness import SOURCE_DIR, Case, wait_for

PAGE = os.path.join(SOURCE_DIR, "docs", "alerts.md")


def section(title):
    with open(PAGE, encoding="utf-8") as file:
        return re.search(rf"^## {title}\n(.*?)^## ", file.read(), re.S | re.M)[1]


def fences(text):
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.S | re.M)


def is_what_is_said(line, said):
    return re.fullmatch(".*".join(re.escape(part) for part in said.split("...")), line)


class Shell(Case):
    def setUp(self):
        super().setUp()
        self.running = self.broker()
        self.output = []  # of the last mosquitto_sub that ended, or of the one that runs
        self.told = 0     # lines that were compared
        self.path = os.path.join(self.folder, "subscriber")

    def run_line(self, line):
        if line.startswith("systemctl stop "):
            self.assertEqual(self.vnotchd.stop(), 0)
            return
        words = shlex.split(line)
        self.assertIn(words[0], ("mosquitto_sub", "mosquitto_pub"))
        words += ["-p", str(self.running.port)]
        if words[0] == "mosquitto_sub" and "-C" not in words:
            with open(self.path, "wb") as file:
                subscriber = subprocess.Popen(words, stdout=file)
            self.addCleanup(subscriber.wait)
            self.addCleanup(subscriber.terminate)
            return
        done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=True)
        self.output = done.stdout.splitlines() if words[0] == "mosquitto_sub" else None

    def lines_since(self):
        """What has been printed since the last comparison."""
        if self.output:
            return self.output
        with open(self.path, encoding="utf-8") as file:
            whole = file.read()
        return whole[:whole.rfind("\n") + 1].splitlines()[self.told:]

    def compare(self, said):
        wait_for(lambda: len(self.lines_since()) >= len(said), 15,
                 lambda: f"{said}, but {self.lines_since()}")
        printed = self.lines_since()
        self.assertEqual(len(printed), len(said), printed)
        for line, expected in zip(printed, said):
            self.assertTrue(is_what_is_said(line, expected), f"{line}\nis not\n{expected}")
        if self.output:
            self.output = None
        else:
            self.told += len(said)

    def test_what_the_page_says_is_printed(self):
        (language, config), *blocks = fences(section("In a shell"))
        self.assertEqual(language, "yml")
        self.vnotchd = self.daemon(config.replace(":1883", f":{self.running.port}"))
        self.vnotchd.start()
        compared = 0
        for language, text in blocks:
            if language == "sh":
                for line in text.splitlines():
                    self.run_line(line)
            else:
                self.assertEqual(language, "text")
                self.compare(text.splitlines())
                compared += 1
        self.assertGreaterEqual(compared, 5)


if __name__ == "__main__":
    unittest.main()
