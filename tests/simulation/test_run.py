#!/usr/bin/env python3
"""vnotch-sim run: devices agree with the oracle, runs repeat, and wrong devices are found."""

import json
import os
import subprocess
import tempfile
import unittest

SIM = os.path.join(os.environ["VN_BIN_DIR"], "vnotch-sim")
# More seeds: VN_CASES, from VN_SEED on.
CASES = int(os.environ.get("VN_CASES", "12"))
FIRST = int(os.environ.get("VN_SEED", "1"))

# Each way to be wrong on purpose, and what brings it to light.
FLAWS = {
    "acknowledge-early": ("cut", "journal"), "drop-one": ("none", ""),
    "lying-sync": ("cut", "journal"), "forget-verdict": ("break,half-open,mute", ""),
    "reencode": ("break,half-open,mute", ""), "publish-early": ("cut,kill", "journal"),
    "confirm-early": ("break", ""), "never-again": ("break", ""),
    "drop-state": ("half-open,mute", ""), "forget-outbox": ("twice", ""),
    "forget-journal": ("kill", "journal"), "forget-watermark": ("kill", ""),
    "forget-numbers": ("cut,break", "journal"), "forget-alerts": ("kill", ""),
    "untold-loss": ("kill", "checkpoint"), "no-quarantine": ("none", ""),
    "wrong-edge": ("none", ""), "wall-for-mono": ("clock-step", ""),
    "move-no-outbox": ("move", ""), "move-no-numbers": ("move", ""),
    "move-no-journal": ("move", "journal"), "lose-answer": ("command", "journal"),
    "cut-savepoint": ("command", ""), "lose-notice": ("break,half-open,mute", "")}
# Few outboxes overflow.
SEEDS = {"lose-notice": "240..260"}


def run(*arguments):
    return subprocess.run([SIM, "run", *arguments], capture_output=True, text=True, check=False)


class Run(unittest.TestCase):
    def test_devices_agree_with_the_oracle_whatever_goes_wrong(self):
        seeds = f"{FIRST}..{FIRST + CASES - 1}"
        got = run("--seeds", seeds, "--minutes", "30")
        self.assertEqual(got.returncode, 0, f"seeds {seeds}\n{got.stdout}{got.stderr}")
        totals = json.loads(got.stdout)
        print(got.stdout)
        self.assertEqual((totals["failed"], totals["cases"]), (0, CASES))
        for what in ("readings", "redelivered", "published_again", "torn", "results_checked"):
            self.assertGreater(totals[what], 0, what)

    def test_the_same_seed_gives_the_same_run(self):
        one = json.loads(run("--seed", "3", "--minutes", "30").stdout)
        again = json.loads(run("--seed", "3", "--minutes", "30").stdout)
        other = json.loads(run("--seed", "4", "--minutes", "30").stdout)
        self.assertEqual(one["hash"], again["hash"])
        self.assertNotEqual(one["hash"], other["hash"])

    def test_devices_that_are_too_busy_are_passed_over(self):
        common = ["--seeds", "1..20", "--minutes", "10", "--faults", "none", "--oracle", "off"]
        every, calm = (json.loads(run(*common, *more).stdout)
                       for more in ([], ["--readings-a-day", "1000"]))
        self.assertEqual((every["cases"], every["passed_over"]), (20, 0))
        self.assertEqual(calm["cases"] + calm["passed_over"], 20)
        self.assertGreater(calm["cases"], 0)
        self.assertGreater(every["readings"] / every["cases"], 5 * calm["readings"] / calm["cases"])

    def test_without_the_oracle_the_books_are_judged_all_the_same(self):
        common = ["--minutes", "30", "--oracle", "off", "--faults", "cut,kill",
                  "--durability", "checkpoint", "--shrink", "0"]
        got = run("--seeds", "1..30", *common)
        self.assertEqual(got.returncode, 0, got.stdout + got.stderr)
        totals = json.loads(got.stdout)
        self.assertGreater(totals["lost_by_device"], 0)
        self.assertEqual(totals["results_checked"], 0)
        wrong = run("--seeds", "1..30", "--flaw", "untold-loss", "--until-failure", *common)
        self.assertEqual(wrong.returncode, 1, wrong.stdout + wrong.stderr)

    def test_devices_that_move_and_take_commands_lose_nothing_and_count_nothing_twice(self):
        got = run("--seeds", "1..40", "--minutes", "30", "--faults", "move,command,kill")
        self.assertEqual(got.returncode, 0, got.stdout + got.stderr)
        totals = json.loads(got.stdout)
        self.assertGreater(totals["moves"], 20)
        self.assertGreater(totals["answers"], 20)

    def find(self, flaw, faults, *more):
        """A device that is wrong on purpose is found, and the case is small and fails again."""
        with tempfile.TemporaryDirectory() as folder:
            got = run("--seeds", "1..60", "--minutes", "30", "--faults", faults, "--flaw", flaw,
                      "--until-failure", "--shrink", "120", "--cases", folder, *more)
            self.assertEqual(got.returncode, 1, got.stdout + got.stderr)
            name, = os.listdir(folder)
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
            self.assertLessEqual(len(lines), 40)
            replayed = run("--case", path, "--flaw", flaw)
            self.assertEqual(replayed.returncode, 1, replayed.stdout)
            sound = run("--case", path)
            self.assertEqual(sound.returncode, 0, sound.stdout + "\n".join(lines))

    def test_an_acknowledgement_before_the_message_is_durable_is_found(self):
        self.find("acknowledge-early", "cut", "--durability", "journal")

    def test_one_message_that_is_lost_is_found(self):
        self.find("drop-one", "none")

    def test_a_flash_that_lies_about_what_is_durable_is_found(self):
        self.find("lying-sync", "cut,kill,twice", "--durability", "journal")

    def test_a_result_that_is_forgotten_before_upstream_has_it_is_found(self):
        self.find("forget-verdict", "break,half-open,mute")

    def test_a_message_that_comes_again_with_other_bytes_is_found(self):
        self.find("reencode", "break,half-open,mute")

    def test_each_flaw_is_found_within_few_seeds(self):
        usage = run("--flaw", "?").stderr
        words = usage[usage.index("flaws:"):].split()[1:]
        self.assertEqual(set(words), {"none", *FLAWS})
        for flaw, (faults, durability) in FLAWS.items():
            mode = ["--durability", durability] if durability else []
            common = ["--minutes", "30", "--faults", faults, "--shrink", "0", *mode]
            got = run("--seeds", SEEDS.get(flaw, "1..150"), "--until-failure", "--flaw", flaw,
                      *common)
            self.assertEqual(got.returncode, 1, f"{flaw}: nobody noticed it: {got.stdout}")
            said = next(line for line in got.stderr.splitlines() if line.startswith("seed "))
            print(f"{flaw}: {said[:120]}")
            seed = said[len("seed "):said.index(":")]
            sound = run("--seed", seed, *common)
            self.assertEqual(sound.returncode, 0, f"{flaw}: not the flaw's work: {sound.stderr}")

    def test_what_is_wrong_with_a_command_line_is_said(self):
        for arguments in (["--seeds", "9..1"], ["--days", "0"], ["--faults", "rain"],
                          ["--what", "1"], ["--seed"]):
            got = run(*arguments)
            self.assertEqual(got.returncode, 64, arguments)
            self.assertIn("usage", got.stderr)

    def test_what_is_wrong_with_a_case_is_said_with_its_line(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.case")
            for text in ("seed 1\nrain 4\n", "seed 1\nfault cut 1\n", "window hopping 1 1 1\n"):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                got = run("--case", path)
                self.assertEqual(got.returncode, 65, text)
                self.assertIn(f"{path}:{text.count(chr(10))}: error: ", got.stderr)


if __name__ == "__main__":
    unittest.main()
