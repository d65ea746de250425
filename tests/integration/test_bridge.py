#!/usr/bin/env python3
"""Sensors, broker, bridge, firmware in an emulator, and back: what subscribers get is what a replay
of the same readings gives, also when the line is noisy and breaks, and the bridge is killed."""

import json
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import unittest

import harness
import test_firmware as firmware

BRIDGE = os.path.join(harness.BIN_DIR, "vnotch-sim")
BOARDS = {"cortex-m3": "mps2-an385", "cortex-m4f": "mps2-an386"}
TOPIC = "s/plant"
STATUS = "vnotch/node-1/status"
QUIET_BYTES = 40
# What a replay has no word for, or writes with all its digits; repeats are in the accounting.
NOT_COMPARED = {"device", "boot", "seq", "mean", "stddev", "accounting"}


def qemu(folder, preset, *arguments, listen="device"):
    """A node that listens with its serial line on a socket."""
    options = "enable=on,target=native,arg=node" + "".join(f",arg={a}" for a in arguments)
    return subprocess.Popen(
        ["qemu-system-arm", "-M", BOARDS[preset], "-display", "none", "-monitor", "none",
         "-serial", f"unix:{folder}/{listen},server=on,wait=off", "-semihosting-config", options,
         "-kernel", f"{firmware.SOURCE}/build/{preset}/bin/node.elf"], stdin=subprocess.DEVNULL)


class Line(threading.Thread):
    """A serial line between the bridge's socket and the device's: it can be noisy, and break."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.device = os.path.join(folder, "device")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(folder, "line"))
        self.listener.listen(1)
        # Noise goes into both directions: behind whatever passes, which may be a part of a frame,
        # or behind the ends of frames only, so that frames themselves arrive.
        self.noise = b""
        self.between = b""
        self.quiet_bytes = 0  # since the last noise
        self.broken = threading.Event()
        self.ended = False
        self.start()

    def run(self):
        while not self.ended:
            try:
                bridge, _ = self.listener.accept()
            except OSError:
                return
            with bridge, socket.socket(socket.AF_UNIX) as device:
                try:
                    device.connect(self.device)
                    self.pass_on(bridge, device)
                except OSError:
                    pass

    def pass_on(self, bridge, device):
        """A thread a direction: a device that waits to be heard hears nothing itself."""
        self.broken.clear()
        ways = [threading.Thread(target=self.carry, args=way, daemon=True)
                for way in ((bridge, device), (device, bridge))]
        for way in ways:
            way.start()
        while not self.ended and all(way.is_alive() for way in ways):
            if self.broken.wait(0.05):
                break
        for end in (bridge, device):
            end.shutdown(socket.SHUT_RDWR)
        for way in ways:
            way.join()

    def carry(self, source, sink):
        try:
            while data := source.recv(4096):
                sink.sendall(self.with_noise(data))
        except OSError:
            pass

    def with_noise(self, data):
        data = data.replace(b"\0", b"\0" + self.between)
        self.quiet_bytes += len(data)
        if self.quiet_bytes < QUIET_BYTES:
            return data  # answers to noise must not bring more noise than the line can carry
        self.quiet_bytes = 0
        return data + self.noise

    def close(self):
        self.ended = True
        self.listener.close()


class Device:
    """What a device says and hears, by hand, on a pseudo terminal."""

    def __init__(self):
        self.end, self.other = os.openpty()
        self.path = os.ttyname(self.other)
        self.bytes, self.heard = b"", []

    def tell(self, kind, number=0, topic=b"", payload=b"", flags=0):
        body = struct.pack("<BBQH", kind, flags, number, len(topic)) + topic + payload
        os.write(self.end, firmware.stuffed(body + struct.pack("<I", firmware.crc32c(body))))

    def hear(self, kind, again=None):
        """The next frame of this kind: (number, flags, topic, payload). Not one of number `again`:
        that was sent once more before our answer to it was heard."""
        def found():
            if select.select([self.end], [], [], 0.1)[0]:
                self.bytes += os.read(self.end, 4096)
            while b"\0" in self.bytes:
                raw, self.bytes = self.bytes.split(b"\0", 1)
                if raw:
                    body = firmware.unstuffed(raw)
                    its, flags, number, length = struct.unpack("<BBQH", body[:12])
                    self.heard.append((its, (number, flags, body[12:12 + length],
                                             body[12 + length:-4])))
            self.heard = [heard for heard in self.heard
                          if again is None or heard[0] != kind or heard[1][0] != again]
            return next((heard for heard in self.heard if heard[0] == kind), None)
        heard = harness.wait_for(found, 20, lambda: f"{kind}: {self.heard}")
        self.heard.remove(heard)
        return heard[1]

    def close(self):
        os.close(self.end)
        os.close(self.other)


class Bridge(harness.Case):
    def start_bridge(self, broker, *arguments, line="device", wait=True):
        log = open(os.path.join(self.folder, "bridge.log"), "ab")
        before = self.log().count(" subscribed ")
        self.addCleanup(log.close)
        process = subprocess.Popen(
            [BRIDGE, "bridge", "--serial", os.path.join(self.folder, line),
             *(arguments or ("--broker", f"mqtt://127.0.0.1:{broker.port}", "--device", "node-1",
                             "--topic", "s/#", "--stop"))],
            stdout=subprocess.PIPE, stderr=log, text=True)
        self.addCleanup(harness.end, process)
        self.addCleanup(process.stdout.close)
        if wait:
            harness.wait_for(lambda: self.log().count(" subscribed ") > before, 30, self.log)
        return process

    def log(self):
        with open(os.path.join(self.folder, "bridge.log"), encoding="utf-8") as file:
            return file.read()

    def start_node(self, preset, *arguments):
        node = qemu(self.folder, preset, *arguments)
        self.addCleanup(node.wait)
        self.addCleanup(node.kill)
        harness.wait_for(lambda: os.path.exists(os.path.join(self.folder, "device")), 20, "QEMU")
        return node

    def expected(self, packs):
        return firmware.Firmware.replay(self, packs)

    def finish(self, bridge, node):
        """Ends the bridge, which stops the node, and returns the figures."""
        bridge.send_signal(signal.SIGTERM)
        out, _ = bridge.communicate(timeout=harness.STUCK_S)
        self.assertEqual(bridge.returncode, 0, self.log())
        self.assertEqual(node.wait(harness.STUCK_S), 0)
        return json.loads(out.splitlines()[-1])

    def wait_taken(self, bridge, count):
        """Until the device has taken so many messages."""
        def taken():
            bridge.send_signal(signal.SIGUSR1)
            return json.loads(bridge.stdout.readline())["to_device"]
        harness.wait_for(lambda: taken() >= count, 60, self.log)

    def rows(self, client):
        """All results that subscribers got, each once, in the order of their messages' numbers."""
        seen = {}
        messages = b"".join(client.on("vnotch/node-1/summary"))
        for row in firmware.summaries(firmware.lines_of("vnotch", "decode", "-", input=messages)):
            key = (row["boot"], row["seq"], row["series"], row["start"], row["rev"])
            self.assertEqual(seen.setdefault(key, row), row, "another time, another result")
        return list(seen.values())

    def compare(self, client, packs):
        expected, edges = self.expected(packs)
        events = {}
        said = []

        def all_results():
            if len(client.on("vnotch/node-1/summary")) > len(said):
                said[:] = client.on("vnotch/node-1/summary")
                return len(self.rows(client)) >= len(expected)
            return False
        harness.wait_for(all_results, 90,
                         lambda: f"{len(self.rows(client))} of {len(expected)}\n{self.log()}")
        results = self.rows(client)
        self.assertEqual(len(results), len(expected))
        for result, exact in zip(results, expected):
            for name in set(result) - NOT_COMPARED:
                self.assertEqual(result[name], exact[name], name)
            self.assertLess({"pipeline", "series", "start", "count", "mean", "sample"}, set(result))
        harness.wait_for(lambda: len(client.on("vnotch/node-1/event")) >= len(edges), 30, "events")
        for event in map(json.loads, client.on("vnotch/node-1/event")):
            events[event["boot"], event["seq"]] = (event["series"], event["state"], event["at"])
        self.assertEqual(list(events.values()), edges)

    def packs(self):
        return list(firmware.Firmware.packs(self))

    def test_results_are_those_of_a_replay_and_alerts_are_retained(self):
        for preset in BOARDS:
            with self.subTest(preset):
                packs = self.packs()
                broker = self.broker()
                client = self.client(broker)
                node = self.start_node(preset)
                bridge = self.start_bridge(broker)
                client.publish_all([(TOPIC, pack) for pack in packs])
                self.compare(client, packs)
                self.wait_taken(bridge, len(packs))
                figures = self.finish(bridge, node)
                self.assertEqual(figures["to_device"], len(packs))
                self.assertEqual((figures["noise_bytes"], figures["dropped"]), (0, 0))
                harness.wait_for(lambda c=client: c.on(STATUS)[-1] == b"offline", 10,
                                 "the last word, behind all that was told")
                told = [m for m in client.all_messages()
                        if not m.retain and m.topic != STATUS]
                self.assertEqual(figures["from_device"], len(told))
                late = self.client(broker, topics=["vnotch/node-1/#"])
                harness.wait_for(lambda c=late: len(c.all_messages()) >= 4, 10, "retained")
                retained = {m.topic for m in late.all_messages() if m.retain}
                self.assertIn(STATUS, retained)
                self.assertEqual(len([t for t in retained if "/alert/hot/" in t]), 3)
                self.assertEqual(late.on(STATUS), [b"offline"])
                broker.stop()
                os.unlink(os.path.join(self.folder, "device"))

    def test_nothing_is_lost_or_counted_twice_on_a_bad_line(self):
        packs = self.packs()
        broker = self.broker()
        client = self.client(broker, name="plant")  # what comes while it is away waits for it
        node = self.start_node("cortex-m3")
        line = Line(self.folder)
        self.addCleanup(line.close)
        bridge = self.start_bridge(broker, line="line")
        for i, pack in enumerate(packs):
            client.publish(TOPIC, pack)
            if i % 8 == 3:
                line.noise = b"\x07noise\xff\x00" if i % 16 == 3 else b"\xff\xff\x03"
            elif i % 8 == 5:
                line.noise = b""
                line.broken.set()
            elif i == 22:
                bridge.kill()
            elif i == 24:
                bridge.wait()
                bridge = self.start_bridge(broker, line="line")
            elif i == 30:
                broker.stop()
                broker.start()
                harness.wait_for(lambda: client.connects == 2, 10, "the test's client is back")
        line.noise = b""
        self.compare(client, packs)
        figures = self.finish(bridge, node)
        self.assertGreater(figures["line_opens"], 0)

    def test_a_terminal_carries_any_bytes_and_only_what_arrived_is_acknowledged(self):
        broker = self.broker()
        client = self.client(broker, topics=["vnotch/#", "other"])
        device = Device()
        self.addCleanup(device.close)
        bridge = self.start_bridge(broker, "--broker", f"mqtt://127.0.0.1:{broker.port}",
                                   "--device", "d", "--topic", "s/#", line=device.path)
        device.hear(firmware.TIME)
        device.hear(firmware.BEGIN)
        every = bytes(range(256)) * 3
        first = client.publish("s/a", every)
        number, _, topic, payload = device.hear(firmware.MESSAGE)
        self.assertEqual((topic, payload), (b"s/a", every))
        self.assertEqual(device.hear(firmware.MESSAGE)[0], number, "no answer: once more")
        device.tell(firmware.REFUSED, number, payload=b"\xec")  # VN_ERR_FULL
        self.assertEqual(device.hear(firmware.MESSAGE)[0], number)
        device.tell(firmware.ACKNOWLEDGE, number)
        harness.wait_for(first.is_published, 10, "the device has it, so that the broker is told")
        client.publish("s/b", b"2")
        second = device.hear(firmware.MESSAGE, again=number)
        self.assertEqual((second[0], second[2]), (number + 1, b"s/b"))
        device.tell(firmware.REFUSED, second[0], payload=b"\xeb")  # VN_ERR_TOO_BIG: never
        device.tell(firmware.MESSAGE, 1, b"summary", every)
        device.tell(firmware.MESSAGE, 2, b"alert/x/y", b"{}", 1)
        device.tell(firmware.MESSAGE, 3, b"other", b"z", 2)
        device.tell(firmware.MESSAGE, 4, b"wild/#", b"z")
        self.assertEqual({device.hear(firmware.ACKNOWLEDGE)[0] for _ in range(4)}, {1, 2, 3, 4})
        harness.wait_for(lambda: len(client.on("other")) == 1, 10, "other")
        self.assertEqual(client.on("vnotch/d/summary"), [every])
        self.assertEqual(client.on("vnotch/d/alert/x/y"), [b"{}"])
        client.publish("s/c", b"3")
        self.assertEqual(device.hear(firmware.MESSAGE, again=number + 1)[0], number + 2)
        broker.stop()
        harness.wait_for(lambda: re.search("is lost .*-bridge-out", self.log()), 10, self.log)
        # What comes now isn't acknowledged, and asked for when it is back.
        device.tell(firmware.MESSAGE, 5, b"event", b"5")
        broker.start()
        device.hear(firmware.BEGIN)
        self.assertFalse(any(its == firmware.ACKNOWLEDGE for its, _ in device.heard))
        device.tell(firmware.MESSAGE, 5, b"event", b"5")
        self.assertEqual(device.hear(firmware.ACKNOWLEDGE)[0], 5)
        bridge.terminate()  # one message waits for the device: the broker keeps it
        figures = json.loads(bridge.communicate(timeout=harness.STUCK_S)[0].splitlines()[-1])
        self.assertEqual((figures["to_device"], figures["dropped"]), (1, 2))
        self.assertEqual(figures["refused"], {"VN_ERR_FULL": 1, "VN_ERR_TOO_BIG": 1})
        self.start_bridge(broker, "--broker", f"mqtt://127.0.0.1:{broker.port}", "--device", "d",
                          "--topic", "s/#", line=device.path, wait=False)
        device.heard.clear()
        self.assertEqual(device.hear(firmware.MESSAGE)[2:], (b"s/c", b"3"))

    def test_a_device_that_is_killed_goes_on_from_its_flash(self):
        packs = self.packs()
        broker = self.broker()
        client = self.client(broker)
        flash = "flash=" + os.path.join(self.folder, "flash")
        node = self.start_node("cortex-m3", flash)
        bridge = self.start_bridge(broker)
        for i, pack in enumerate(packs):
            client.publish(TOPIC, pack)
            if i in (9, 25):
                self.wait_taken(bridge, i - 3)
                node.kill()
                node.wait()
                os.unlink(os.path.join(self.folder, "device"))
                node = self.start_node("cortex-m3", flash)
        self.compare(client, packs)
        self.wait_taken(bridge, len(packs))
        figures = self.finish(bridge, node)
        self.assertEqual(figures["to_device"], len(packs))
        self.assertEqual(figures["line_opens"], 3)

    def test_noise_is_counted_and_said(self):
        broker = self.broker()
        client = self.client(broker)
        node = self.start_node("cortex-m3")
        line = Line(self.folder)
        self.addCleanup(line.close)
        bridge = self.start_bridge(broker, line="line")
        line.between = b"\x05ab\x00"
        client.publish_all([(TOPIC, pack) for pack in self.packs()[:2]])
        harness.wait_for(lambda: "the device refuses" in self.log(), 30, self.log)
        line.between = b""
        client.publish_all([(TOPIC, b"x" * 2000), (TOPIC, self.packs()[2])])
        self.wait_taken(bridge, 3)
        self.assertIn("it is dropped", self.log())
        figures = self.finish(bridge, node)
        self.assertEqual((figures["to_device"], figures["dropped"]), (3, 1))
        self.assertGreater(figures["noise_frames"], 0)
        self.assertGreaterEqual(figures["noise_bytes"], 4 * figures["noise_frames"])
        self.assertGreater(figures["refused"]["VN_ERR_FORMAT"], 0)

    def test_a_configuration_names_broker_and_topics(self):
        with open(firmware.CONFIGURATION, encoding="utf-8") as file:
            text = file.read()
        broker = self.broker()
        path = os.path.join(self.folder, "node.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + f"broker: {{uri: 'mqtt://127.0.0.1:{broker.port}'}}\n")
        packs = self.packs()[:20]
        client = self.client(broker)
        bridge = self.start_bridge(broker, "--config", path, "--stop")  # nobody is there yet
        client.publish_all([(TOPIC, pack) for pack in packs])
        harness.wait_for(lambda: "can't be opened" in self.log(), 30, self.log)
        node = self.start_node("cortex-m3")
        self.compare(client, packs)
        self.wait_taken(bridge, len(packs))
        self.assertEqual(self.finish(bridge, node)["to_device"], len(packs))

    def test_wrong_command_lines_are_told(self):
        good = ["--serial", "x", "--broker", "mqtt://h", "--device", "d", "--topic", "a/#"]
        for change, words in ((good[2:], "--serial"), (good[:2], "--broker"),
                              (good[:4] + good[6:], "device"), (good[:6], "topic is missing"),
                              (good + ["--topic", "a/#/b"], "#"),
                              (good + ["--baud", "12"], "speed"),
                              (good + ["--time-every", "0"], "seconds"),
                              (good + ["--x"], "--x"), (good + ["--prefix", "a/"], "prefix"),
                              (good + ["--topic"], "missing"),
                              (good + ["--topic", "{a}/b"], "braces"),
                              (good + ["--config", "c"], "leave them out"),
                              (good[:3] + ["xx://h"] + good[4:], "must be mqtt://")):
            with self.subTest(change):
                done = subprocess.run([BRIDGE, "bridge", *change], capture_output=True, text=True,
                                      timeout=harness.STUCK_S, check=False)
                self.assertEqual(done.returncode, 64, done.stderr)
                self.assertIn(words, done.stderr)
        done = subprocess.run([BRIDGE, "bridge", "--serial", "x", "--config", "/nowhere"],
                              capture_output=True, text=True, timeout=harness.STUCK_S, check=False)
        self.assertEqual(done.returncode, 78)
        done = subprocess.run([BRIDGE, "bridge", "--help"], capture_output=True, text=True,
                              timeout=harness.STUCK_S, check=False)
        self.assertEqual(done.returncode, 0)
        self.assertIn("--time-every S", done.stdout)


def main():
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            print(f"{tool} is missing: run tools/setup cortex", file=sys.stderr)
            sys.exit(1 if os.environ.get("CI") else 77)
    for preset in BOARDS:
        build = subprocess.run(["tools/build", "--no-install", preset, "node"], cwd=firmware.SOURCE,
                               capture_output=True, text=True, check=False)
        if build.returncode != 0:
            sys.exit(build.stdout[-3000:] + build.stderr[-3000:])
    unittest.main()


if __name__ == "__main__":
    main()
