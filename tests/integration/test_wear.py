"""What a running device tells of its flash, and what messages may write of it a day."""

import json
import unittest

from harness import BASE_MS, NUMBERED_INPUT, Case, configuration, wait_for

PIPELINES = """
- name: temperature
  windows:
    - {name: minute, tumbling: 1m, statistics: [count]}
"""
UNIT = 512  # bytes of a message in the journal: a program unit


def reading(sequence, device="a"):
    text = {"v": 20, "t": BASE_MS + 10 * sequence, "seq": sequence}
    return f"j/{device}", json.dumps(text)


class Wear(Case):
    def start(self, state, flash="", pipelines=PIPELINES):
        broker = self.broker()
        text = (f"file: {self.state_file()}, size: 512KiB, durability: journal, "
                f"flash: {{erase_block: 4KiB{flash}}}{state}")
        options = {"capacity": "{series: 4, outbox: 16KiB, input_queue: 32, message: 1KiB}"}
        config = configuration(broker.port, NUMBERED_INPUT, pipelines, text, **options)
        daemon = self.daemon(config).start()
        return self.client(broker), daemon

    def stats(self, client, condition):
        return self.wait_json(client, "vnotch/gw/stats", condition)

    def test_stats_tell_what_is_written_and_how_long_the_flash_lasts(self):
        client, daemon = self.start("")
        client.publish_all([reading(i) for i in range(50)])
        flash = self.stats(client, lambda s: s["readings"]["accepted"] == 50)["flash"]
        self.assertEqual(flash["entries"], 50)
        self.assertEqual(flash["journal_bytes"], 50 * UNIT)
        self.assertGreater(flash["fresh_bytes"], flash["journal_bytes"])
        self.assertGreaterEqual(flash["commits"], 1)
        self.assertGreaterEqual(flash["amplification"], 1)
        self.assertGreaterEqual(flash["most_worn"], flash["least_worn"])
        self.assertGreater(flash["bytes_per_day"], 0)
        self.assertGreaterEqual(flash["years"], flash["years_left"])
        self.assertEqual((flash["lifetime_years"], flash["limited"]), (0, 0))
        client.publish_all([reading(i) for i in range(50)])
        again = self.stats(client, lambda s: s["readings"]["duplicate"] == 50)["flash"]
        self.assertEqual((again["entries"], again["journal_bytes"]), (50, 50 * UNIT))
        self.assertEqual(daemon.stop(), 0, daemon.log())
        daemon.start()
        after = self.stats(client, lambda s: s["uptime_ms"] >= 0 and not s["recovery"]["fresh"])
        self.assertGreaterEqual(after["flash"]["erases_ever"], again["erases_ever"])
        self.assertEqual(after["flash"]["entries"], 0)

    def test_messages_above_a_days_worth_are_acknowledged_and_told(self):
        client, daemon = self.start(", journal_per_day: 128KiB, journal_per_source: 64KiB")
        client.publish_all([reading(i) for i in range(300)])
        stats = self.stats(client, lambda s: s["messages"]["received"] == 300)
        taken = stats["readings"]["accepted"]
        self.assertIn(taken - 64 * 1024 // UNIT, (0, 1))  # the last one may be more than was left
        self.assertEqual(stats["reasons"], {"limited": 300 - taken})
        self.assertEqual(stats["flash"]["limited"], 300 - taken)
        self.assertEqual(stats["messages"]["refused"], 300 - taken)
        letter = self.wait_json(client, "vnotch/gw/dead-letter",
                                lambda l: l["reason"] == "limited")
        self.assertEqual(letter["topic"], "j/a")
        client.publish_all([reading(i, "b") for i in range(20)])
        stats = self.stats(client, lambda s: s["messages"]["received"] == 320)
        self.assertEqual(stats["readings"]["accepted"], taken + 20)
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_a_flash_that_wears_out_too_fast_is_told_of(self):
        """A reading an hour was promised; what comes writes the region through in seconds."""
        client, daemon = self.start(", journal_per_day: 1GiB", ", lifetime: 5y",
                                    PIPELINES + "  expected_every: 1h\n")
        self.assertIn("journal_per_day", daemon.log())
        sent = 0
        short = False
        while not short:
            client.publish_all([reading(sent + i) for i in range(200)])
            sent += 200
            stats = self.stats(client, lambda s, n=sent: s["messages"]["received"] >= n)
            short = stats["flash"]["short"]
            self.assertLess(sent, 10000)
        flash = stats["flash"]
        self.assertTrue(flash["measured"])
        self.assertLess(flash["years"], flash["lifetime_years"])
        wait_for(lambda: "the flash wears out before its lifetime" in daemon.log(), 15, daemon.log)


if __name__ == "__main__":
    unittest.main()
