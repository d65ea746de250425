#!/usr/bin/env python3
"""A node in an emulator, behind its serial line: packs in, summaries and alerts out, and noise."""

import json
import math
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import cbor2

SOURCE = os.environ["VN_SOURCE_DIR"]
BIN = os.environ["VN_BIN_DIR"]
CONFIGURATION = f"{SOURCE}/platform/cortex-m/node.yaml"
MESSAGE, ACKNOWLEDGE, REFUSED, TIME, BEGIN, STOP, PLAN = range(1, 8)
T0 = 1795219200000
BOARDS = {"cortex-m3": "mps2-an385", "cortex-m55": "mps3-an547"}


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def stuffed(data):
    out, block = bytearray(), bytearray()
    for byte in data + b"\0":
        if byte == 0 or len(block) == 254:
            full = byte != 0
            out += bytes([len(block) + 1]) + block
            block = bytearray([byte] if full else [])
        else:
            block.append(byte)
    return bytes(out) + b"\0"


def unstuffed(data):
    out, at = bytearray(), 0
    while at < len(data):
        code = data[at]
        out += data[at + 1:at + code]
        at += code
        if code < 255 and at < len(data):
            out.append(0)
    return bytes(out)


def frame(kind, number=0, topic=b"", payload=b""):
    body = struct.pack("<BBQH", kind, 0, number, len(topic)) + topic + payload
    return stuffed(body + struct.pack("<I", crc32c(body)))


def lines_of(program, *arguments, **options):
    done = subprocess.run([os.path.join(BIN, program), *arguments], capture_output=True,
                          check=True, timeout=120, **options)
    return done.stdout.decode().splitlines()


def summaries(lines):
    """Results, numbers as they are written."""
    return [json.loads(line, parse_int=str, parse_float=str) for line in lines
            if line.startswith(('{"type":"summary"', '{"device":'))]


class Gateway:
    """The other end of the line. It acknowledges what comes."""

    def __init__(self, line):
        self.line, self.bytes, self.messages, self.answers = line, b"", [], []
        line.settimeout(0.2)

    def send(self, *arguments):
        self.line.sendall(frame(*arguments))

    def listen(self):
        try:
            self.bytes += self.line.recv(4096)
        except socket.timeout:
            return
        while b"\0" in self.bytes:
            raw, self.bytes = self.bytes.split(b"\0", 1)
            body = unstuffed(raw)
            assert crc32c(body[:-4]) == struct.unpack("<I", body[-4:])[0], "a frame of the node"
            kind, _, number, length = struct.unpack("<BBQH", body[:12])
            topic, payload = body[12:12 + length].decode(), body[12 + length:-4]
            if kind == MESSAGE:
                self.messages.append((topic, payload))
                self.acknowledge(number)
            else:
                self.answers.append((kind, number, payload))

    def acknowledge(self, number):
        try:
            self.send(ACKNOWLEDGE, number)
        except (BrokenPipeError, ConnectionResetError):
            pass  # a last message before a stop

    def wait(self, condition, seconds=120):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"nothing came: {self.answers} {self.messages}"
            self.listen()

    def ask(self, number, kind, *arguments):
        """Sends a frame and returns the answer to it: (kind, code)."""
        self.send(kind, number, *arguments)
        self.wait(lambda: any(a[1] == number for a in self.answers))
        (answer,) = [a for a in self.answers if a[1] == number]
        return answer[0], struct.unpack("b", answer[2])[0] if answer[2] else 0


class Firmware(unittest.TestCase):
    def start(self, preset, *arguments):
        options = "enable=on,target=native,arg=node" + "".join(f",arg={a}" for a in arguments)
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.join(folder, "line"))
        listener.listen(1)
        listener.settimeout(120)
        self.addCleanup(listener.close)
        node = subprocess.Popen(
            ["qemu-system-arm", "-M", BOARDS[preset], "-display", "none", "-monitor", "none",
             "-serial", f"unix:{folder}/line", "-semihosting-config", options,
             "-kernel", f"{SOURCE}/build/{preset}/bin/node.elf"], stdin=subprocess.DEVNULL)
        self.addCleanup(node.wait)
        self.addCleanup(node.kill)
        line, _ = listener.accept()
        self.addCleanup(line.close)
        gateway = Gateway(line)
        gateway.send(TIME, T0)
        gateway.send(BEGIN)
        return node, gateway

    def play(self, gateway):
        """60 readings in packs of 10; some above the limit."""
        for i in range(6):
            base = T0 // 1000 + 10 * i
            pack = [{0: "boiler", 2: 20.5 + 70 * (i == 2), 6: k, **({-3: base} if k == 0 else {})}
                    for k in range(10)]
            self.assertEqual(gateway.ask(100 + i, MESSAGE, b"s/boiler", cbor2.dumps(pack)),
                             (ACKNOWLEDGE, 0))
        gateway.wait(lambda: sum(t == "summary" for t, _ in gateway.messages) >= 1 and
                     sum(t == "event" for t, _ in gateway.messages) >= 2)
        events = [p for t, p in gateway.messages if t == "event"]
        self.assertIn(b"firing", events[0])
        self.assertIn(b"resolved", events[1])
        self.assertEqual(cbor2.loads(next(p for t, p in gateway.messages if t == "summary"))[1],
                         "node-1")

    def compile(self, **changes):
        """Another plan: the node's own with some words in place of others, as file and as blob."""
        with open(CONFIGURATION, encoding="utf-8") as file:
            text = file.read()
        for key, value in changes.items():
            text, count = re.subn(rf"\b{key}: \w+", f"{key}: {value}", text)
            self.assertEqual(count, 1, key)
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "other.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        lines_of("vnotch", "compile", path, "-o", f"{folder}/other.cbor")
        with open(f"{folder}/other.cbor", "rb") as file:
            return path, file.read()

    def test_a_plan_that_comes_in_a_frame_is_run(self):
        path, blob = self.compile(tumbling="5s", above=85)
        self.assertNotEqual(self.replay(self.packs(), path), self.replay(self.packs()))
        node, gateway = self.start("cortex-m3")
        self.assertEqual(gateway.ask(7, PLAN, b"", blob), (ACKNOWLEDGE, 0))
        self.check_results(gateway, path)
        self.stop(node, gateway)

    def test_plans_that_it_cannot_run_are_refused_and_it_goes_on_with_its_own(self):
        _, blob = self.compile(tumbling="5s")
        _, large = self.compile(deduplicate=64)
        _, foreign = self.compile(device="node-2")
        turned = blob[:200] + bytes([blob[200] ^ 4]) + blob[201:]
        later = blob[:13] + bytes([blob[13] ^ 2]) + blob[14:-5]
        later += struct.pack(">BI", 0x1A, crc32c(later))
        node, gateway = self.start("cortex-m3")
        for number, (wrong, code) in enumerate((
                (turned, -42), (later, -43), (blob[:-1], -42), (b"", -40), (blob[:9], -40),
                (large, -5), (foreign, -62)), 7):
            gateway.answers.clear()
            self.assertEqual(gateway.ask(number, PLAN, b"", wrong), (REFUSED, code), number)
        gateway.answers.clear()
        gateway.send(PLAN, 99, b"", bytes(5000))
        gateway.wait(lambda: (REFUSED, 0, struct.pack("b", -21)) in gateway.answers)
        self.check_results(gateway)
        self.stop(node, gateway)

    def packs(self):
        """Three sensors that wander, a little out of order, one above the limit for a while."""
        for i in range(40):
            base = T0 // 1000 + 3 * i
            pack = []
            for k in range(9):
                at = k // 3 - (k % 3 if i > 0 else 0) * 0.25
                value = 20 + 3.25 * k + (i * 7919 + k * 104729) % 997 / 100 + 60 * (10 < i < 20)
                pack.append({0: f"p{k % 3}", 2: round(value, 2), 6: at})
            yield cbor2.dumps([{-3: base, **pack[0]}, *pack[1:]])

    def replay(self, packs, configuration=CONFIGURATION):
        """What the simulator makes of the same configuration and the same messages."""
        trace = "".join(
            json.dumps({"at": T0 + 3000 * i, "topic": "s/plant", "payload_hex": pack.hex()}) + "\n"
            for i, pack in enumerate(packs))
        lines = lines_of("vnotch-sim", "replay", "--config", configuration, "--trace", "-",
                         input=trace.encode())
        edges = [json.loads(line) for line in lines if line.startswith('{"type":"alert"')]
        return (summaries(lines),
                [(e["series"], e["state"], e["at"]) for e in edges
                 if e["state"] in ("firing", "normal")])

    def test_its_results_are_those_of_a_replay_with_the_same_configuration(self):
        node, gateway = self.start("cortex-m3")
        self.check_results(gateway)
        self.stop(node, gateway)

    def check_results(self, gateway, configuration=CONFIGURATION):
        packs = list(self.packs())
        expected, edges = self.replay(packs, configuration)
        self.assertGreater(len(expected), 20)
        self.assertEqual(len(edges), 6)
        for i, pack in enumerate(packs):
            self.assertEqual(gateway.ask(100 + i, MESSAGE, b"s/plant", pack), (ACKNOWLEDGE, 0))
        results = []

        def all_results():
            messages = [p for t, p in gateway.messages if t == "summary"]
            if sum(len(cbor2.loads(p)[5]) for p in messages) < len(expected):
                return False
            results[:] = summaries(lines_of("vnotch", "decode", "-", input=b"".join(messages)))
            return True
        gateway.wait(all_results)
        self.assertEqual(len(results), len(expected))
        for result, exact in zip(results, expected):
            for name in set(result) - {"device", "boot", "seq"}:
                if name in ("mean", "stddev"):  # doubles in a message, exact quotients in a replay
                    self.assertTrue(math.isclose(float(result[name]), float(exact[name]),
                                                 rel_tol=3 * 2.0 ** -53), (result, exact))
                else:
                    self.assertEqual(result[name], exact[name], name)
            self.assertLess({"pipeline", "series", "start", "count", "sample"}, set(result))
        events = [json.loads(p) for t, p in gateway.messages if t == "event"]
        self.assertEqual([(e["series"], e["state"], e["at"]) for e in events], edges)

    def stop(self, node, gateway, code=0):
        self.assertEqual(gateway.ask(999, STOP)[1], code)
        self.assertEqual(node.wait(120), 0)

    def test_packs_come_in_and_summaries_and_alerts_go_out(self):
        for preset in BOARDS:
            with self.subTest(preset):
                node, gateway = self.start(preset)
                self.play(gateway)
                self.stop(node, gateway)

    def test_noise_and_wrong_frames_are_refused_and_the_device_goes_on(self):
        node, gateway = self.start("cortex-m3")
        good = frame(MESSAGE, 7, b"s/x", b"payload")
        for wrong, code in ((bytes(range(256)) * 3, -40), (good[:-6] + b"\0", -40),
                            (b"\xFF" * 3000 + b"\0", -21)):
            gateway.answers.clear()
            gateway.line.sendall(wrong if wrong.endswith(b"\0") else wrong + b"\0")
            gateway.wait(lambda: any(a[0] == REFUSED and struct.unpack("b", a[2])[0] == code
                                     for a in gateway.answers))
        self.assertEqual(gateway.ask(8, MESSAGE, b"s/x", b"\xff\xff"), (ACKNOWLEDGE, 0))
        gateway.wait(lambda: any(topic == "dead-letter" for topic, _ in gateway.messages))
        self.play(gateway)
        self.stop(node, gateway)

    def test_a_flash_full_of_garbage_does_not_stop_the_device(self):
        node, gateway = self.start("cortex-m3", "garbage")
        self.play(gateway)
        self.stop(node, gateway)

    def test_an_image_with_a_heap_does_not_link(self):
        build = subprocess.run(["tools/build", "--no-install", "cortex-m3", "heap"], cwd=SOURCE,
                               capture_output=True, text=True, check=False)
        self.assertNotEqual(build.returncode, 0)
        self.assertIn("malloc was linked", build.stdout + build.stderr)

    def test_exceptions_and_assertions_end_an_image_with_their_code(self):
        for image, code in (("fault", 99), ("assertion", 98)):
            subprocess.run(["tools/build", "--no-install", "cortex-m3", image], cwd=SOURCE,
                           capture_output=True, check=True)
            run = subprocess.run(
                ["qemu-system-arm", "-M", "mps2-an385", "-nographic", "-monitor", "none", "-serial",
                 "none", "-semihosting-config", "enable=on,target=native",
                 "-kernel", f"{SOURCE}/build/cortex-m3/bin/{image}.elf"],
                stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
            self.assertEqual(run.returncode, code, run.stderr)


def main():
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            print(f"{tool} is missing: run tools/setup cortex", file=sys.stderr)
            sys.exit(1 if os.environ.get("CI") else 77)
    for preset in BOARDS:
        build = subprocess.run(["tools/build", "--no-install", preset, "node"], cwd=SOURCE,
                               capture_output=True, text=True, check=False)
        if build.returncode != 0:
            sys.exit(build.stdout[-3000:] + build.stderr[-3000:])
    unittest.main()


if __name__ == "__main__":
    main()
