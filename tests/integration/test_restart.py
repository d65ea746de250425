"""Windows, alerts and identities go on over clean and hard restarts."""

import itertools
import json
import time
import unittest

from harness import BASE_MS, NUMBERED_INPUT, Case, configuration, wait_for

PIPELINES = """
- name: temperature
  resolution: 0.01
  windows:
    - {name: minute, tumbling: 1m, statistics: [count, sum]}
  alerts:
    - {name: overheat, above: 80, for: 10s}
"""


def reading(seconds, value, sequence, device="a"):
    return f"j/{device}", json.dumps({"v": value, "t": BASE_MS + 1000 * seconds, "seq": sequence})


class Restart(Case):
    def start(self, checkpoint="100ms"):
        broker = self.broker()
        state = f"file: {self.state_file()}, checkpoint_every: {checkpoint}"
        daemon = self.daemon(configuration(broker.port, NUMBERED_INPUT, PIPELINES, state)).start()
        return broker, self.client(broker), daemon

    def figures(self, client, received):
        return self.wait_json(client, "vnotch/gw/stats",
                              lambda s: s["readings"]["received"] >= received)

    def test_a_clean_restart_continues_windows_alerts_and_counters(self):
        _, client, daemon = self.start(checkpoint="1h")
        client.publish_all([reading(0, 1, 0), reading(10, 2, 1), reading(20, 90, 2)])
        boot = self.figures(client, 3)["boot"]
        self.assertEqual(daemon.stop(), 0, daemon.log())
        daemon.start()
        client.publish_all([reading(30, 91, 3), reading(61, 5, 4)])
        row = self.wait_summaries(client, 1)[0]
        self.assertEqual((row["count"], row["sum"], row["boot"]), (4, 184.0, boot + 1))
        alert = self.wait_json(client, "vnotch/gw/alert/overheat/a",
                               lambda a: a["state"] == "firing" or a["episode"] == 1)
        self.assertEqual((alert["episode"], alert["starts_at"]), (1, BASE_MS + 20000))
        figures = self.figures(client, 5)
        self.assertEqual(figures["boot"], boot + 1)
        self.assertTrue(figures["recovery"]["clean"])
        self.assertEqual(figures["readings"]["accepted"], 5)
        self.assertEqual(figures["readings"]["missing"], 0)

    def test_a_kill_after_a_checkpoint_loses_nothing(self):
        _, client, daemon = self.start()
        client.publish_all([reading(i, 1, i) for i in range(20)])
        self.figures(client, 20)
        self.wait_checkpoint(client)
        daemon.kill()
        daemon.start()
        client.publish_all([reading(61, 5, 20)])
        row = self.wait_summaries(client, 1)[0]
        self.assertEqual((row["count"], row["sum"]), (20, 20.0))
        figures = self.figures(client, 21)
        self.assertFalse(figures["recovery"]["clean"])
        self.assertEqual(figures["readings"]["missing"], 0)

    def wait_checkpoint(self, client):
        """Until what is told by now is written: two commits more, for one may have begun before.
        Readings of another series, which may get lost, give them something to write."""
        first = self.wait_json(client, "vnotch/gw/stats", lambda stats: True)
        other = itertools.count()
        def is_written():
            client.publish_all([reading(0, 1, next(other), "b")])
            time.sleep(0.05)
            stats = json.loads(client.on("vnotch/gw/stats")[-1])
            return stats["flash"]["commits"] >= first["flash"]["commits"] + 2
        wait_for(is_written, 60, "two commits")

    def test_messages_sent_while_the_daemon_is_away_are_kept_by_the_broker(self):
        _, client, daemon = self.start()
        client.publish_all([reading(0, 1, 0)])
        self.figures(client, 1)
        self.assertEqual(daemon.stop(), 0)
        client.publish_all([reading(i, 1, i) for i in range(1, 50)])
        daemon.start()
        client.publish_all([reading(61, 1, 50)])
        self.assertEqual(self.wait_summaries(client, 1)[0]["count"], 50)

    def test_a_sequence_number_sent_twice_counts_once(self):
        _, client, daemon = self.start()
        client.publish_all([reading(0, 1, 0), reading(1, 2, 1), reading(1, 2, 1)])
        self.assertEqual(self.figures(client, 3)["readings"]["duplicate"], 1)
        self.assertEqual(daemon.stop(), 0)
        daemon.start()
        client.publish_all([reading(1, 2, 1), reading(61, 0, 2)])
        self.assertEqual(self.wait_summaries(client, 1)[0]["sum"], 3.0)

    def test_a_summary_leaves_once_over_a_clean_restart(self):
        _, client, daemon = self.start()
        client.publish_all([reading(0, 1, 0), reading(61, 1, 1)])
        self.wait_summaries(client, 1)
        self.figures(client, 2)
        self.assertEqual(daemon.stop(), 0)
        daemon.start()
        client.publish_all([reading(121, 1, 2)])
        rows = self.wait_summaries(client, 2)
        self.assertEqual([row["start"] for row in rows], [BASE_MS, BASE_MS + 60000])


if __name__ == "__main__":
    unittest.main()
