"""A disk for one file of a program under test that forgets, fails, fills up and kills.

The other half is shim/torn_disk.c, preloaded into the program: see there. The page is shared with
all processes that get `environment()`, one after the other, and outlives their kills.
"""

import mmap
import os
import signal
import struct

FIELDS = ["calls", "kill_at", "kill_how", "write_errno", "writes_failing", "sync_errno",
          "syncs_failing", "short_permille", "interrupt_permille", "sync_us", "draws", "forgotten",
          "versions", "versions_max", "lies"]
HEAD_BYTES = 64
BLOCK = 512
VERSION_BYTES = 8 + BLOCK
BEFORE, HALF, AFTER = 1, 2, 3
FOR_EVER = 0xFFFFFFFF
BUILD_DIR = os.environ.get("VN_BUILD_DIR", os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "build", "release"))
SHIM = os.path.abspath(os.path.join(BUILD_DIR, "tests", "lib", "torn_disk.so"))


class TornDisk:
    """Call `close` at the end; `versions_max` bounds the blocks that a program writes unsynced."""

    def __init__(self, path, page_path, seed=1, versions_max=1 << 16):
        assert os.path.exists(SHIM), f"not built: {SHIM}"
        self.path = os.path.abspath(path)
        self.page_path = os.path.abspath(page_path)
        with open(self.page_path, "wb") as file:
            file.truncate(HEAD_BYTES + versions_max * VERSION_BYTES)
        with open(self.page_path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 0)
        self.set("versions_max", versions_max)
        self.set("draws", seed & 0xFFFFFFFF)

    def environment(self):
        return {"LD_PRELOAD": SHIM, "VN_DISK_PAGE": self.page_path, "VN_DISK_FILE": self.path}

    def set(self, field, value):
        struct.pack_into("=I", self.page, 4 * FIELDS.index(field), value)

    def get(self, field):
        return struct.unpack_from("=I", self.page, 4 * FIELDS.index(field))[0]

    def kill_at(self, call, how):
        """Ends the program at so many calls from now; 0: never."""
        self.set("kill_how", how)
        self.set("kill_at", self.get("calls") + call if call else 0)

    def fail(self, kind, errno, count=FOR_EVER):
        """Lets the next `count` "write"s or "sync"s fail."""
        self.set(kind + "_errno", errno)
        self.set(kind + "s_failing", count)

    def heal(self):
        self.set("writes_failing", 0)
        self.set("syncs_failing", 0)

    def unsynced(self):
        """What each block that isn't on the disk for certain held before, oldest first."""
        found = {}
        for i in range(self.get("versions")):
            at = HEAD_BYTES + i * VERSION_BYTES
            block = struct.unpack_from("=Q", self.page, at)[0]
            found.setdefault(block, []).append(self.page[at + 8:at + VERSION_BYTES])
        return found

    def cut_power(self, rng, process):
        """Kills the program; then each unsynced block holds what any of its writes left there.

        Returns how many blocks there were, and how many lost something. Without `rng` all of them
        are as they were at the last sync.
        """
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        blocks = self.unsynced()
        lost = 0
        if blocks:
            with open(self.path, "r+b") as file:
                for block, versions in blocks.items():
                    choice = rng.randrange(len(versions) + 1) if rng else 0
                    if choice < len(versions):
                        file.seek(block * BLOCK)
                        file.write(versions[choice])
                        lost += 1
        self.set("versions", 0)
        self.set("forgotten", 0)
        return len(blocks), lost

    def close(self):
        self.page.close()
