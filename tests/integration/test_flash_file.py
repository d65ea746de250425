#!/usr/bin/env python3
"""A node in an emulator whose flash is a file of the host: its power fails in the middle of writes
and erases, and it is killed; started again on the same file it goes on, and nothing is counted
twice. VN_CASES says how many lives, VN_SEED where from."""

import json
import math
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

import test_firmware as firmware

CASES = int(os.environ.get("VN_CASES", "2"))
SEED = int(os.environ.get("VN_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
CUT_CODE = 77
FLASH_BYTES, ERASE_BYTES, BEGIN_BYTES = 256 * 1024, 4096, 16
PACKS = 24
FIRST_NUMBER = 1000


class PowerCut(Exception):
    """The line has ended."""


class Gateway(firmware.Gateway):
    """It sees that the device is gone."""

    def listen(self):
        try:
            if not self.line.recv(1, socket.MSG_PEEK):
                raise PowerCut
        except socket.timeout:
            return
        except ConnectionError as gone:
            raise PowerCut from gone
        super().listen()

    def send(self, *arguments):
        try:
            super().send(*arguments)
        except OSError as gone:
            raise PowerCut from gone

    def acknowledge(self, number):
        """What a device said before it stopped is read to its end."""
        try:
            self.send(firmware.ACKNOWLEDGE, number)
        except PowerCut:
            pass


class FlashFile(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vnotch-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.flash = os.path.join(self.folder, "flash")
        self.node = None
        self.starts = 0
        self.taken = 0

    def start(self, *arguments):
        self.starts += 1
        words = ["node", f"flash={self.flash}", *arguments]
        path = os.path.join(self.folder, f"line{self.starts}")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)
        listener.settimeout(120)
        self.node = subprocess.Popen(
            ["qemu-system-arm", "-M", "mps2-an385", "-display", "none", "-monitor", "none",
             "-serial", f"unix:{path}", "-semihosting-config",
             "enable=on,target=native," + ",".join(f"arg={word}" for word in words),
             "-kernel", f"{firmware.SOURCE}/build/cortex-m3/bin/node.elf"],
            stdin=subprocess.DEVNULL)
        self.addCleanup(self.node.wait)
        self.addCleanup(self.node.kill)
        line, _ = listener.accept()
        listener.close()
        self.addCleanup(line.close)
        gateway = Gateway(line)
        gateway.send(firmware.TIME, firmware.T0)
        gateway.send(firmware.BEGIN)
        return gateway

    def feed(self, gateway, packs, heard):
        """Sends packs from the first that isn't acknowledged, keeps what the device tells."""
        try:
            while self.taken < len(packs):
                answer = gateway.ask(FIRST_NUMBER + self.taken, firmware.MESSAGE, b"s/plant",
                                     packs[self.taken])
                self.assertEqual(answer, (firmware.ACKNOWLEDGE, 0))
                self.taken += 1
        finally:
            heard += gateway.messages
            gateway.messages.clear()

    def expected(self, packs):
        lines, edges = firmware.Firmware.replay(self, packs)
        return {(row["series"], row["start"]): row for row in lines}, set(edges)

    def compare(self, heard, expected, edges):
        payloads = b"".join(payload for topic, payload in heard if topic == "summary")
        rows = {}
        for row in firmware.summaries(firmware.lines_of("vnotch", "decode", "-", input=payloads)):
            self.assertNotIn("gap", row)
            rows.setdefault((row["series"], row["start"]), []).append(row)
        self.assertEqual(set(rows), set(expected))
        for key, found in rows.items():
            for row in found:
                for name in ("count", "end", "sample", "kind", "rev"):
                    self.assertEqual(row[name], expected[key][name], (key, name, found))
                self.assertTrue(math.isclose(float(row["mean"]), float(expected[key]["mean"]),
                                             rel_tol=1e-15), (key, found))
        events = {(e["series"], e["state"], e["at"])
                  for e in (json.loads(p) for t, p in heard if t == "event")}
        self.assertEqual(events, edges)

    def live(self, packs, lives):
        """Each life ends as its argument says; the last one by a STOP."""
        heard, cuts = [], 0
        self.taken = 0
        for life in lives:
            gateway = self.start(*life)
            try:
                self.feed(gateway, packs, heard)
            except PowerCut:
                self.assertEqual(self.node.wait(120), CUT_CODE)
                cuts += 1
                continue
            self.node.kill()
            self.node.wait()
        gateway = self.start()
        self.feed(gateway, packs, heard)
        return gateway, heard, cuts

    def settle(self, gateway, heard, expected):
        def all_there():
            heard.extend(gateway.messages)
            gateway.messages.clear()
            payloads = b"".join(payload for topic, payload in heard if topic == "summary")
            rows = firmware.summaries(firmware.lines_of("vnotch", "decode", "-", input=payloads))
            return len({(row["series"], row["start"]) for row in rows}) >= len(expected)
        gateway.wait(all_there)
        self.assertEqual(gateway.ask(1, firmware.STOP)[1], 0)
        self.assertEqual(self.node.wait(120), 0)
        heard.extend(gateway.messages)

    def test_after_power_cuts_at_any_operation_it_goes_on_and_counts_nothing_twice(self):
        packs = list(firmware.Firmware.packs(self))[:PACKS]
        expected, edges = self.expected(packs)
        rng = random.Random(SEED)
        print(f"VN_SEED={SEED} VN_CASES={CASES}", file=sys.stderr)
        all_cuts = 0
        for case in range(CASES):
            if os.path.exists(self.flash):
                os.unlink(self.flash)
            most = (PACKS, 150)[case % 2]  # each pack is an operation at least
            lives = [(f"cut={rng.randrange(1, most)}",), (f"cut={rng.randrange(1, 60)}",)]
            with self.subTest(case=case, lives=lives):
                gateway, heard, cuts = self.live(packs, lives)
                self.settle(gateway, heard, expected)
                self.compare(heard, expected, edges)
                all_cuts += cuts
        self.assertGreater(all_cuts, 0)

    def test_killed_at_any_time_it_goes_on(self):
        packs = list(firmware.Firmware.packs(self))[:PACKS]
        expected, edges = self.expected(packs)
        heard = []
        for end in (5, 11, 17):
            gateway = self.start()
            self.feed(gateway, packs[:end], heard)
            gateway.send(firmware.MESSAGE, FIRST_NUMBER + self.taken, b"s/plant",
                         packs[self.taken])
            self.node.kill()  # with a message on its way
            self.node.wait()
        gateway = self.start()
        self.feed(gateway, packs, heard)
        self.settle(gateway, heard, expected)
        self.compare(heard, expected, edges)

    def refused(self, code):
        """It says why it can't use the file, leaves it as it is, and goes on."""
        with open(self.flash, "rb") as file:
            before = file.read()
        gateway = self.start()
        packs = list(firmware.Firmware.packs(self))[:PACKS]
        gateway.wait(lambda: any(number == 0 for _, number, _ in gateway.answers))
        codes = [struct.unpack("b", payload)[0] for _, number, payload in gateway.answers
                 if number == 0]
        self.assertIn(code, codes)
        self.taken, heard = 0, []
        self.feed(gateway, packs, heard)
        gateway.wait(lambda: any(topic == "summary" for topic, _ in gateway.messages + heard))
        self.node.kill()
        self.node.wait()
        with open(self.flash, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_a_file_that_holds_no_log_is_refused_with_its_code_or_formatted(self):
        rng = random.Random(SEED)
        with open(self.flash, "wb") as file:
            file.write(b"")
        self.refused(-60)  # VN_ERR_FLASH: it ends too early
        os.unlink(self.flash)
        gateway = self.start()
        self.taken = 0
        self.feed(gateway, list(firmware.Firmware.packs(self))[:2], [])
        self.assertEqual(gateway.ask(1, firmware.STOP)[1], 0)
        self.node.wait(120)
        with open(self.flash, "r+b") as file:  # what every sector begins with, and garbage
            begin = file.read(BEGIN_BYTES)
            file.seek(0)
            for _ in range(FLASH_BYTES // ERASE_BYTES):
                file.write(begin + rng.randbytes(ERASE_BYTES - BEGIN_BYTES))
        self.refused(-63)  # VN_ERR_CORRUPT
        with open(self.flash, "wb") as file:  # never was a log: formatted
            file.write(rng.randbytes(FLASH_BYTES + 2 * ERASE_BYTES))
        packs = list(firmware.Firmware.packs(self))[:PACKS]
        expected, edges = self.expected(packs)
        gateway, heard, _ = self.live(packs, [])
        self.settle(gateway, heard, expected)
        self.compare(heard, expected, edges)


def main():
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            print(f"{tool} is missing: run tools/setup cortex", file=sys.stderr)
            sys.exit(1 if os.environ.get("CI") else 77)
    build = subprocess.run(["tools/build", "--no-install", "cortex-m3", "node"],
                           cwd=firmware.SOURCE, capture_output=True, text=True, check=False)
    if build.returncode != 0:
        sys.exit(build.stdout[-3000:] + build.stderr[-3000:])
    unittest.main()


if __name__ == "__main__":
    main()
