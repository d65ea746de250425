"""vnotch watch with a real broker, a real vnotchd and a terminal: what people see and do."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import termios
import threading
import time
import unittest

from harness import BIN_DIR, STUCK_S, Case, configuration, end, free_port, wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from terminal import LEAVE, Program  # noqa: E402

SUMMARY = "vnotch/gw/summary"
VNOTCH = os.path.join(BIN_DIR, "vnotch")
INPUTS = "- {topic: 'in/{name}', format: number, series: '{name}'}"
PIPELINES = """
- name: temperature
  unit: Cel
  resolution: 0.01
  range: [-40, 125]
  windows: [{name: brief, tumbling: 200ms, statistics: [mean, last, max]}]
  alerts: [{name: overheat, above: 80, severity: critical}]
"""


class Watch(Case):
    def setUp(self):
        super().setUp()
        self.mosquitto = self.broker()
        self.uri = f"mqtt://127.0.0.1:{self.mosquitto.port}"

    def plant(self, **options):
        daemon = self.daemon(configuration(self.mosquitto.port, INPUTS, PIPELINES, **options))
        return daemon.start()

    def program(self, *arguments, **options):
        program = Program([VNOTCH, "watch", "--broker", self.uri, *arguments], **options)
        self.addCleanup(program.close)
        return program

    def piped(self, *arguments):
        process = subprocess.Popen([VNOTCH, "watch", "--broker", self.uri, *arguments],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(end, process)
        return process

    def send_until(self, client, values, condition):
        """Readings of the oven, as many as it takes; returns what the condition does then."""
        deadline = time.monotonic() + STUCK_S
        while not (found := condition()):
            self.assertLess(time.monotonic(), deadline, "nothing comes of all these readings")
            client.publish("in/oven", str(next(values))).wait_for_publish(STUCK_S)
            time.sleep(0.1)
        return found

    @staticmethod
    def lines_until(process, end_of_line):
        """What it prints up to such a line."""
        watchdog = threading.Timer(STUCK_S, process.kill)
        watchdog.start()
        lines = []
        for line in iter(process.stdout.readline, ""):
            lines.append(line)
            if line.endswith(end_of_line + "\n"):
                break
        watchdog.cancel()
        return "".join(lines)

    def state(self, client, alert="overheat", series="line1/temp", **members):
        state = dict(alert=alert, series=series, state="firing", severity="critical", episode=3,
                     value=81.2, limit=80, unit="Cel", starts_at=1795225661000, ends_at=None)
        client.publish(f"vnotch/fake/alert/{alert}/{series}", json.dumps({**state, **members}),
                       retain=True).wait_for_publish(10)

    def test_what_happens_in_a_plant_is_on_the_screen(self):
        self.plant()
        client = self.client(self.mosquitto)
        program = self.program()
        program.wait_text(r"^gw online ")
        client.publish("in/oven", "91.5")
        program.wait_text(r"^>firing +\d+s +overheat +oven +91.5 Cel +critical$")
        client.publish("in/oven", "70")
        program.wait_text(r"^.normal +\d+s +overheat +oven +70 Cel +critical$")
        text = self.send_until(client, itertools.cycle(range(71, 80)), lambda: program.has_text(
            r"^ oven +brief +7\d +7\d +[\d.]+ +\ds +[\u2581-\u2588]{3,}$"))
        self.assertRegex(text, r"^vnotch watch  mqtt://127.0.0.1:\d+  connected  .*Z\n")
        self.assertEqual(len(text.split("\n")), 24)
        self.assertEqual(program.screen.clears, 2, "once painted, only what changes is written")
        program.press("q")
        self.assertEqual(program.wait(), 0)

    def test_it_adapts_to_the_size_of_the_terminal(self):
        client = self.client(self.mosquitto)
        self.state(client)
        program = self.program()
        program.wait_text("line1/temp")
        for rows, columns in ((10, 40), (40, 120), (3, 10), (24, 80)):
            program.resize(rows, columns)
            program.wait_text("^vnotch w")
            program.wait_text("quit$" if columns >= 40 else "vnotch")
            time.sleep(0.2)
            program.read(0.1)
            self.assertEqual(program.screen.rows, rows)
        program.wait_text(r"^>firing .* overheat +line1/temp +81.2 Cel ")

    def test_keys_give_commands_and_the_answer_is_shown(self):
        device = self.client(self.mosquitto, topics=("vnotch/fake/command",))
        self.state(device)
        program = self.program()
        program.wait_text("^>firing")
        expected = {"a": dict(command="acknowledge", episode=3), "s": dict(command="shelve"),
                    "u": dict(command="unshelve"), "r": dict(command="reset", episode=3),
                    "o": dict(command="out_of_service"), "i": dict(command="in_service")}
        expected["s"]["for"] = "30m"
        for count, (key, members) in enumerate(expected.items(), 1):
            program.press(key)
            wait_for(lambda: len(device.on("vnotch/fake/command")) >= count, STUCK_S,
                     key)
            message = device.all_messages()[-1]
            command = json.loads(message.payload)
            self.assertEqual((message.qos, message.retain), (1, False))
            self.assertEqual(command, dict(members, alert="overheat", series="line1/temp",
                                           by="ann", id=command["id"]))
            answer = dict(id=command["id"], command=command["command"], result="done", changed=1)
            if key == "u":
                answer.update(result="error", error="no_effect", text="it is \x1b[2Jnot shelved")
            device.publish("vnotch/fake/response", json.dumps(answer))
            said = r"refused, no_effect: it is \\x1b\[2Jnot shelved" if key == "u" else "done"
            program.wait_text(rf"^{members['command']} overheat line1/temp: {said}")
        program.press("a")
        program.wait_text("^acknowledge overheat line1/temp: no answer from fake within 5 s")

    def test_an_alert_of_a_plant_obeys_the_keys(self):
        latched = PIPELINES.replace("severity: critical", "severity: critical, latch: true")
        self.daemon(configuration(self.mosquitto.port, INPUTS, latched)).start()
        client = self.client(self.mosquitto)
        program = self.program()
        client.publish("in/oven", "91.5")
        row = r"^>{} +\d+s +overheat +oven +{} Cel +critical{}$"
        program.wait_text(row.format("firing", "91.5", ""))
        program.wait_text("^ alerts: 1 active, 1 unacknowledged, ")
        for key, command, marks in (("a", "acknowledge", " ack"), ("s", "shelve", " AS"),
                                    ("u", "unshelve", " ack"), ("o", "out_of_service", " ack out"),
                                    ("i", "in_service", " ack")):
            program.press(key)
            program.wait_text(f"^{command} overheat oven: done")
            program.wait_text(row.format("firing", "91.5", marks))
        program.press("a")
        program.wait_text("^acknowledge overheat oven: refused, no_effect")
        client.publish("in/oven", "20")
        program.wait_text(row.format("recovering", "20", " AL"))
        program.press("r")
        program.wait_text("^reset overheat oven: done")
        program.wait_text(row.format("normal", "20", " ack"))

    def test_the_terminal_is_given_back_however_it_ends(self):
        endings = {"q": 0, "\x03": 0, signal.SIGTERM: 0, signal.SIGHUP: 0,
                   signal.SIGQUIT: -signal.SIGQUIT, signal.SIGABRT: -signal.SIGABRT,
                   signal.SIGSEGV: -signal.SIGSEGV}
        for ending, status in endings.items():
            with self.subTest(ending=ending):
                program = self.program()
                program.wait_text("no summaries yet")
                self.assertNotEqual(termios.tcgetattr(program.terminal), program.modes)
                self.assertFalse(program.screen.cursor_shown)
                if isinstance(ending, str):
                    program.press(ending)
                else:
                    os.kill(program.pid, ending)
                self.check_given_back(program)
                self.assertEqual(program.wait(), status)
                self.assertEqual(program.output.count(LEAVE), 1)

    def check_given_back(self, program):
        deadline = time.monotonic() + STUCK_S
        while not program.output.endswith(LEAVE) and time.monotonic() < deadline:
            program.read(0.02)
        self.assertTrue(program.output.endswith(LEAVE), program.output[-100:])
        self.assertTrue(program.screen.cursor_shown)
        wait_for(lambda: termios.tcgetattr(program.terminal) == program.modes, STUCK_S,
                 "modes are as before")

    def test_a_pause_gives_the_terminal_back_for_its_time(self):
        program = self.program()
        program.wait_text("no summaries yet")
        program.press("\x1a")
        wait_for(lambda: os.waitpid(program.pid, os.WUNTRACED | os.WNOHANG)[0] != 0, STUCK_S,
                 "stopped")
        program.read(0.1)
        self.check_given_back(program)
        self.assertFalse(program.screen.other_screen)
        os.kill(program.pid, signal.SIGCONT)
        program.screen.clear()
        program.wait_text("no summaries yet")
        self.assertTrue(program.screen.other_screen)
        program.press("q")
        self.assertEqual(program.wait(), 0)

    def test_names_from_the_network_are_escaped(self):
        client = self.client(self.mosquitto)
        self.state(client, alert="x", series="\u202egnp", severity="\x1b]0;x\x07",
                   unit="\u009b2J", summary="\x1b[2J\U0001f600")
        client.publish("vnotch/fake/event", b"\xff\x1b[2J")
        program = self.program()
        text = program.wait_text(r"\\u\{202e\}gnp")  # the screen refuses any other sequence
        self.assertIn("\\x1b[2J\\u{1f600}", text)
        piped = self.piped()
        line = piped.stdout.readline()
        self.assertIn(" fake is firing x \\u{202e}gnp value 81.2 \\u{9b}2J limit 80 severity "
                      "\\x1b]0;x\\x07 episode 3", line)

    def test_a_lost_connection_is_shown_and_comes_back(self):
        program = self.program()
        program.wait_text("  connected ")
        self.mosquitto.stop()
        program.wait_text("  no connection ")
        program.press("a")
        self.mosquitto.start()
        program.wait_text("  connected ")
        client = self.client(self.mosquitto)
        self.state(client)
        program.wait_text("^>firing")

    def test_a_watcher_leaves_no_session_behind(self):
        program = self.program()
        program.wait_text("  connected ")
        program.press("q")
        program.wait()
        wait_for(lambda: re.search(r"as vnotch-watch-[0-9a-f]{8} \(p2, c1, k60",
                                   self.mosquitto.log()), STUCK_S, self.mosquitto.log)

    def test_lines_for_logs_and_pipes(self):
        daemon = self.plant()
        client = self.client(self.mosquitto)
        client.publish("in/hall", "99")
        self.wait_json(client, "vnotch/gw/alert/overheat/hall", lambda s: s["state"] == "firing")
        wait_for(lambda: client.on("vnotch/gw/event"), STUCK_S, "its event, before anybody watches")
        process = self.piped()
        lines = [process.stdout.readline() for _ in range(2)]
        self.assertRegex("".join(sorted(line[21:] for line in lines)),
                         r"^gw is firing overheat hall value 99 Cel limit 80 severity critical "
                         r"episode 1\ngw online\n$")
        client.publish("in/oven", "91.5")
        self.send_until(client, itertools.repeat(20), lambda: len(client.on(SUMMARY)) > 1)
        daemon.stop()
        out = self.lines_until(process, "gw offline")
        process.terminate()
        rest, err = process.communicate(timeout=STUCK_S)
        self.assertEqual((process.returncode, err), (0, ""))
        out += rest
        for pattern in (r"firing overheat oven value 91.5 Cel limit 80 severity critical episode 1",
                        r"resolved overheat oven value 20 Cel .*",
                        r"summary oven brief mean \S+ last 20 max \S+ count \d kind \w+ rev \d",
                        r"offline"):
            self.assertRegex(out, rf"(?m)^[-0-9]{{10}}T[:0-9]{{8}}Z gw {pattern}$")
        self.assertNotIn("\x1b", out)

    def test_messages_that_make_no_sense_are_told(self):
        client = self.client(self.mosquitto)
        client.publish("vnotch/fake/event", "{", retain=True).wait_for_publish(10)
        process = self.piped()
        self.assertIn(" 1 made no sense", process.stderr.readline())
        process.terminate()
        self.assertEqual(process.wait(STUCK_S), 0)

    def test_a_dumb_terminal_gets_lines(self):
        client = self.client(self.mosquitto)
        self.state(client)
        program = self.program(environment={"TERM": "dumb"})
        line = b"fake is firing overheat line1/temp value 81.2 Cel"
        deadline = time.monotonic() + STUCK_S
        while line not in program.output and time.monotonic() < deadline:
            program.read(0.1)
        self.assertIn(line, program.output)
        self.assertNotIn(b"\x1b", program.output)

    def test_a_reader_that_goes_ends_it(self):
        client = self.client(self.mosquitto)
        self.state(client)
        process = self.piped()
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(STUCK_S), 0)
        self.assertEqual(process.stderr.read(), "")

    def test_once_the_present_state_is_printed(self):
        client = self.client(self.mosquitto)
        self.state(client)
        for i in range(30):
            self.state(client, series=f"s{i}", state="normal")
        result = subprocess.run([VNOTCH, "watch", "--broker", self.uri, "--once"], timeout=60,
                                capture_output=True, text=True, check=False,
                                env=dict(os.environ, COLUMNS="100", LC_ALL="C.UTF-8"))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"(?m)^ firing +\S+ overheat +line1/temp +81.2 Cel ")
        self.assertEqual(len(re.findall(r"(?m)^ normal ", result.stdout)), 30)
        self.assertNotIn("\x1b", result.stdout)

    def test_latest_results_are_there_at_once(self):
        text = configuration(self.mosquitto.port, INPUTS, PIPELINES)
        text = text.replace("{flush_every: 50ms}", "{flush_every: 50ms, latest: true}")
        self.daemon(text).start()
        client = self.client(self.mosquitto)
        self.send_until(client, itertools.repeat(20),
                        lambda: client.on("vnotch/gw/latest/brief/oven"))
        result = subprocess.run([VNOTCH, "watch", "--broker", self.uri, "--once"], timeout=60,
                                capture_output=True, text=True, check=False)
        self.assertRegex(result.stdout, r"(?m)^ oven +brief +20 +20 ")

    def test_a_configuration_names_broker_and_device(self):
        path = os.path.join(self.folder, "c.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(configuration(self.mosquitto.port, INPUTS, PIPELINES, device="fake",
                                     topics="{prefix: a/b}"))
        client = self.client(self.mosquitto)
        for device in ("fake", "other"):
            client.publish(f"a/b/{device}/status", "online", retain=True).wait_for_publish(10)
        result = subprocess.run([VNOTCH, "watch", "--config", path, "--once"], timeout=60,
                                capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("fake online", result.stdout)
        self.assertNotIn("other", result.stdout)


class Errors(unittest.TestCase):
    def run_watch(self, *arguments):
        return subprocess.run([VNOTCH, "watch", *arguments], capture_output=True, text=True,
                              timeout=60, check=False, stdin=subprocess.DEVNULL)

    def test_wrong_use_is_64(self):
        for arguments, words in ((["--fast"], "unknown argument '--fast'"),
                                 (["--broker"], "missing behind '--broker'"),
                                 (["--broker", "", "--once"], "missing behind '--broker'"),
                                 (["--config", "x", "--device", "y"], "leave them out"),
                                 (["--device", "a/b"], "without wildcards"),
                                 (["--device", "a" * 65], "at most 64"),
                                 (["--prefix", "a/#"], "without wildcards"),
                                 (["--prefix", "/a"], "levels of a topic"),
                                 (["--broker", "http://x"], "mqtt://")):
            result = self.run_watch(*arguments)
            self.assertEqual(result.returncode, 64, arguments)
            self.assertIn(words, result.stderr)
            self.assertEqual(result.stdout, "")
        self.assertEqual(self.run_watch("--config", "/nonexistent").returncode, 78)
        self.assertIn("usage: vnotch watch", self.run_watch("--help").stdout)

    def test_a_broker_that_is_not_there_is_69(self):
        uri = f"mqtt://127.0.0.1:{free_port()}"
        for arguments in ([], ["--once"]):
            result = self.run_watch("--broker", uri, *arguments)
            self.assertEqual(result.returncode, 69)
            self.assertRegex(result.stderr,
                             "^vnotch: cannot connect to the broker, check that it runs and is "
                             rf"reachable broker={uri} .*\n$")
            self.assertEqual(result.stdout, "")


if __name__ == "__main__":
    unittest.main()
