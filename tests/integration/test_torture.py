"""A few seconds of what torture.py does for minutes, in both durable modes; the seed is fixed."""

import os
import unittest

from torture import enter_namespace, torture

SEED = int(os.environ.get("VN_SEED", "20240917"))
SECONDS = float(os.environ.get("VN_SECONDS", "5"))
RATE = int(os.environ.get("VN_RATE", "2000"))


class ShortTorture(unittest.TestCase):
    def run_mode(self, durability):
        print(f"seed={SEED}")
        problems = torture(SECONDS, SEED, durability, RATE)
        self.assertFalse(problems, f"{len(problems)} problems, seed {SEED}: {problems[:10]}")

    def test_in_journal_mode_the_books_balance_to_the_last_reading(self):
        self.run_mode("journal")

    def test_in_checkpoint_mode_the_loss_is_an_interval_and_told(self):
        self.run_mode("checkpoint")


if __name__ == "__main__":
    enter_namespace(os.environ)
    unittest.main()
