#!/usr/bin/env python3
"""Cases that once failed never fail again."""

import glob
import os
import subprocess
import unittest

SIM = os.path.join(os.environ["VN_BIN_DIR"], "vnotch-sim")
CORPUS = os.path.join(os.environ["VN_SOURCE_DIR"], "tests", "simulation", "corpus")


class Corpus(unittest.TestCase):
    def test_cases_that_once_failed_show_no_difference(self):
        cases = sorted(glob.glob(os.path.join(CORPUS, "*.case")))
        self.assertTrue(cases, CORPUS)
        for case in cases:
            with self.subTest(case=os.path.basename(case)):
                with open(case, encoding="utf-8") as file:
                    self.assertLessEqual(len(file.read().splitlines()), 40)
                got = subprocess.run([SIM, "run", "--case", case], capture_output=True, text=True,
                                     check=False)
                self.assertEqual(got.returncode, 0, got.stdout + got.stderr)


if __name__ == "__main__":
    unittest.main()
