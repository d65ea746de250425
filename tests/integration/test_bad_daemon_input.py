"""What a daemon meets in the field: bad files, full disks, brokers that come and go, garbage."""

import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import unittest

from harness import (BASE_MS, Broker, Case, NUMBERED_INPUT, STUCK_S, VNOTCHD, configuration,
                     wait_for)

SEED = int(os.environ.get("VN_SEED", "20240917"))
INPUTS = NUMBERED_INPUT + """\
- {topic: "c/{device}", format: cbor, fields: [{path: v, series: "{device}"}]}
- {topic: "s/{node}", format: senml+json}
- {topic: "b/{node}", format: senml+cbor}
- {topic: "n/{sensor}", format: number, series: "{sensor}"}
"""
PIPELINES = """
- name: all
  resolution: 0.01
  windows:
    - {name: minute, tumbling: 1m, statistics: [count, sum]}
"""


def reading(sequence, value=1.0, device="a"):
    return f"j/{device}", json.dumps({"v": value, "t": BASE_MS + sequence, "seq": sequence})


class BadInput(Case):
    def text(self, port, state=None, **options):
        state = f"file: {self.state_file()}" if state is None else state
        return configuration(port, INPUTS, PIPELINES, state, **options)

    def start(self, **options):
        broker = self.broker()
        client = self.client(broker)
        return broker, client, self.daemon(self.text(broker.port, **options)).start()

    def figures(self, client, received):
        return self.wait_json(client, "vnotch/gw/stats",
                              lambda s: s["readings"]["received"] >= received, 30)

    def refused(self, code, config, words, **options):
        """A start that must fail with this code and explain itself."""
        daemon = self.daemon(config, "refused")
        daemon.start(wait=False, **options)
        self.assertEqual(daemon.wait(), code, daemon.log())
        self.assertIn(words, daemon.log())

    def test_works_with_all_standard_descriptors_closed(self):
        broker = self.broker()
        client = self.client(broker)
        daemon = self.daemon(self.text(broker.port))
        def close_all():
            for fd in (0, 1, 2):
                os.close(fd)
        daemon.start(preexec_fn=close_all)
        client.publish_all([reading(i) for i in range(10)])
        self.assertEqual(self.figures(client, 10)["readings"]["accepted"], 10)
        self.assertEqual(daemon.stop(), 0)

    def test_a_burst_into_a_tiny_queue_loses_nothing(self):
        _, client, daemon = self.start(capacity="{input_queue: 4, message: 256B, series: 100, "
                                                "outbox: 64KiB}")
        client.publish_all([reading(i) for i in range(5000)], 60)
        figures = self.figures(client, 5000)
        self.assertEqual((figures["readings"]["accepted"], figures["readings"]["missing"]),
                         (5000, 0))
        self.assertEqual(figures["messages"]["dropped"], 0)
        self.assertEqual(daemon.stop(), 0)

    def test_a_burst_after_an_outage_loses_no_result(self):
        """Two results per reading, far more than the outbox holds: messages wait in the queue."""
        broker = self.broker()
        client = self.client(broker)
        alerts = "  alerts: [{name: high, above: 1}]"
        text = configuration(broker.port, INPUTS, PIPELINES + alerts,
                             f"file: {self.state_file()}",
                             capacity="{series: 100, outbox: 64KiB, input_queue: 4096}")
        daemon = self.daemon(text).start()
        self.assertEqual(daemon.stop(), 0, daemon.log())
        client.publish_all([reading(i, i % 2 * 2) for i in range(3001)], 60)
        daemon.start()
        figures = self.figures(client, 3001)
        self.assertEqual(figures["outputs"]["dropped"], 0)
        wait_for(lambda: len(client.on("vnotch/gw/event")) >= 3000, 30, "all events")
        self.assertEqual(daemon.stop(), 0)
        phases = {(json.loads(event)["episode"], json.loads(event)["phase"])
                  for event in client.on("vnotch/gw/event")}
        self.assertEqual(len(phases), 3000)

    def test_a_message_that_is_too_long_is_counted(self):
        _, client, daemon = self.start(capacity="{message: 256B, series: 100, outbox: 256KiB}")
        client.publish_all([("j/a", "x" * 1000), reading(0)])
        figures = self.figures(client, 1)
        self.assertEqual(figures["messages"]["dropped"], 1)
        self.assertEqual(figures["reasons"]["too_big"], 1)
        self.assertEqual(daemon.stop(), 0)

    def test_a_second_daemon_on_the_state_file_is_refused(self):
        broker, client, daemon = self.start()
        self.refused(69, self.text(broker.port, broker=f"{{uri: 'mqtt://127.0.0.1:{broker.port}', "
                                                       "client_id: other}"),
                     self.state_file())
        client.publish_all([reading(0)])
        self.assertEqual(self.figures(client, 1)["readings"]["accepted"], 1)
        self.assertEqual(daemon.stop(), 0)

    def test_a_file_of_another_kind_is_refused_and_left_alone(self):
        broker = self.broker()
        for size in (45000, 8 << 20):  # the second is the size that the state has
            content = (b"Dear diary, today I measured the weir again.\n" * (size // 45 + 1))[:size]
            with open(self.state_file(), "wb") as file:
                file.write(content)
            self.refused(65, self.text(broker.port), "to start afresh")
            with open(self.state_file(), "rb") as file:
                self.assertTrue(file.read() == content, "the file was changed")

    def test_a_truncated_state_file_is_refused_and_left_alone(self):
        broker, client, daemon = self.start()
        client.publish_all([reading(0)])
        self.figures(client, 1)
        self.assertEqual(daemon.stop(), 0)
        os.truncate(self.state_file(), 100000)
        self.refused(65, self.text(broker.port), self.state_file())
        self.assertEqual(os.stat(self.state_file()).st_size, 100000)

    def test_a_state_of_another_geometry_is_refused(self):
        broker, client, daemon = self.start()
        client.publish_all([reading(0)])
        self.figures(client, 1)
        self.assertEqual(daemon.stop(), 0)
        state = f"file: {self.state_file()}, flash: {{erase_block: 8KiB}}"
        self.refused(65, self.text(broker.port, state), "geometry")

    def test_a_damaged_state_file_is_survived_or_refused(self):
        broker, client, daemon = self.start()
        client.publish_all([reading(i) for i in range(100)])
        self.figures(client, 100)
        self.assertEqual(daemon.stop(), 0)
        intact = self.state_file() + ".intact"
        shutil.copy(self.state_file(), intact)
        generator = random.Random(SEED)
        for _ in range(10):
            shutil.copy(intact, self.state_file())
            with open(self.state_file(), "r+b") as file:
                for _ in range(generator.choice([1, 10, 1000])):
                    file.seek(generator.randrange(os.stat(intact).st_size // 16))
                    file.write(bytes([generator.randrange(256)]))
            daemon.start(wait=False)
            code = daemon.stop() if daemon.becomes_ready() else daemon.wait()
            self.assertIn(code, (0, 65), f"seed {SEED}:\n{daemon.log()}")

    def test_a_disk_without_room_is_refused(self):
        broker = self.broker()
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        self.refused(74, self.text(broker.port), "free space", preexec_fn=limit)

    def test_a_state_folder_that_is_missing_is_refused(self):
        broker = self.broker()
        self.refused(74, self.text(broker.port, "file: /nonexistent/vnotch/state"), "folder")

    def test_a_broker_that_restarts_loses_nothing(self):
        broker, client, daemon = self.start()
        client.publish_all([reading(i) for i in range(100)])
        self.figures(client, 100)
        broker.stop()  # what it wasn't told to be taken comes again
        broker.start()
        wait_for(lambda: client.connects == 2, 10, "the test's client is back")
        client.publish_all([reading(i) for i in range(100, 200)])
        wait_for(lambda: client.on("vnotch/gw/status")[-1] == b"online", 15, "online again")
        figures = self.wait_json(client, "vnotch/gw/stats",
                                 lambda s: s["readings"]["accepted"] >= 200)
        self.assertEqual((figures["readings"]["accepted"], figures["readings"]["missing"]),
                         (200, 0))
        self.assertEqual(figures["mqtt"]["connects_in"], 2)
        self.assertEqual(daemon.stop(), 0)

    def test_a_broker_that_forgets_the_session_is_reported(self):
        broker, client, daemon = self.start()
        client.publish_all([reading(0)])
        self.figures(client, 1)
        broker.stop()
        os.unlink(os.path.join(broker.folder, "mosquitto.db"))
        broker.start()
        wait_for(lambda: client.connects == 2, 10, "the test's client is back")
        figures = self.wait_json(client, "vnotch/gw/stats",
                                 lambda s: s["mqtt"]["sessions_lost"] == 1)
        self.assertIn("forgotten our session", daemon.log())
        self.assertEqual(figures["mqtt"]["connects_in"], 2)
        self.assertEqual(daemon.stop(), 0)

    def test_a_broker_that_comes_late_is_waited_for(self):
        broker = Broker(self.folder)
        self.addCleanup(broker.stop)
        daemon = self.daemon(self.text(broker.port)).start(wait=False)
        wait_for(lambda: "cannot connect" in daemon.log(), 10, "a word about it")
        broker.start()
        client = self.client(broker)
        daemon.wait_notified("READY=1", 15)
        client.publish_all([reading(0)])
        self.assertEqual(self.figures(client, 1)["readings"]["accepted"], 1)
        self.assertEqual(daemon.stop(), 0)

    def test_a_stop_without_a_broker_ends_in_time(self):
        broker, client, daemon = self.start()
        client.publish_all([reading(0)])
        self.figures(client, 1)
        broker.stop()
        wait_for(lambda: "is lost" in daemon.log(), 10, "the loss is noticed")
        daemon.process.send_signal(signal.SIGINT)
        daemon.process.send_signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(15), 0, daemon.log())

    def test_a_broker_that_never_answers_does_not_hold_up_the_stop(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            daemon = self.daemon(self.text(silent.getsockname()[1])).start(wait=False)
            connections = [silent.accept()[0] for _ in range(2)]
            self.assertEqual(daemon.stop(15), 0, daemon.log())
            for connection in connections:
                connection.close()

    def test_garbage_on_every_input_changes_nothing(self):
        _, client, daemon = self.start()
        generator = random.Random(SEED)
        for topic in ("j/g", "c/g", "s/g", "b/g", "n/g", "j/\u00fc", "n/a b", "j/" + "d" * 300):
            client.publish_all([(topic, generator.randbytes(generator.randrange(300)))
                                for _ in range(100)])
        client.publish_all([reading(0), reading(60000)])
        row = self.wait_summaries(client, 1, where=lambda r: r["series"] == "a")[0]
        self.assertEqual(row["count"], 1)
        figures = self.wait_json(client, "vnotch/gw/stats",
                                 lambda s: s["messages"]["queued"] == 0 and
                                 s["messages"]["received"] >= 802)
        self.assertGreater(sum(figures["reasons"].values()), 700)
        parts = ("accepted", "late", "no_window", "duplicate", "limited", "quarantined", "rejected")
        self.assertEqual(figures["readings"]["received"],
                         sum(figures["readings"][part] for part in parts))
        self.assertEqual(daemon.stop(), 0)
        self.assertNotIn("\x1b", daemon.log())

    def test_the_watchdog_is_fed_while_the_loop_turns(self):
        broker = self.broker()
        daemon = self.daemon(self.text(broker.port))
        daemon.start(environment={"WATCHDOG_USEC": "400000"})
        for _ in range(3):
            daemon.wait_notified("WATCHDOG=1", 2)
        daemon.process.send_signal(signal.SIGTERM)
        daemon.wait_notified("STOPPING=1", 5)
        self.assertEqual(daemon.wait(), 0)


class CommandLine(Case):
    def run_vnotchd(self, *arguments):
        return subprocess.run([VNOTCHD, *arguments], capture_output=True, text=True,
                              timeout=STUCK_S, check=False)

    def write(self, text):
        path = os.path.join(self.folder, "vnotchd.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_usage_errors_exit_with_64_and_show_the_usage(self):
        for arguments in ([], ["--config"], ["--nonsense"], ["file.yaml"], ["--check-config"]):
            with self.subTest(arguments=arguments):
                result = self.run_vnotchd(*arguments)
                self.assertEqual(result.returncode, 64)
                self.assertIn("usage: vnotchd", result.stderr)

    def test_version_and_help_exit_with_0(self):
        self.assertRegex(self.run_vnotchd("--version").stdout, r"^vnotchd \d+\.\d+\.\d+\n$")
        self.assertIn("--check-config", self.run_vnotchd("--help").stdout)

    def test_check_config_reports_all_errors_and_exits_with_78(self):
        path = self.write("device: gw\nbroker: {uri: 'mqtt://h', mqt: 5}\nnonsense: 1\n")
        result = self.run_vnotchd("--config", path, "--check-config")
        self.assertEqual(result.returncode, 78)
        self.assertIn(f"{path}:2:", result.stderr)
        self.assertIn(f"{path}:3:", result.stderr)

    def test_check_config_of_a_good_file_starts_nothing(self):
        path = self.write(configuration(1, INPUTS, PIPELINES, f"file: {self.state_file()}"))
        result = self.run_vnotchd("--config", path, "--check-config")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertFalse(os.path.exists(self.state_file()))

    def test_a_missing_configuration_exits_with_78(self):
        result = self.run_vnotchd("--config", os.path.join(self.folder, "none.yaml"))
        self.assertEqual(result.returncode, 78)
        self.assertIn("none.yaml", result.stderr)


if __name__ == "__main__":
    unittest.main()
