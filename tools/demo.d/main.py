"""vnotch demo: a plant, this machine, a kill -9 in the middle, and books that must balance."""

import argparse
import os
import shutil
import signal
import sys
import tempfile

try:
    import cbor2  # noqa: F401
    import paho.mqtt.client  # noqa: F401
except ImportError as missing:
    print(f"tools/demo: {missing}: install it with tools/setup run", file=sys.stderr)
    sys.exit(69)

from show import Show
from processes import INTERRUPTS, Trouble
from screen import Screen

SECONDS_LEAST, SECONDS_MOST = 8, 3600


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(64, f"{self.prog}: {message}\n")


def arguments():
    parser = Parser(prog="tools/demo", description=__doc__)
    parser.add_argument("--seconds", type=int, default=40, metavar="N",
                        help=f"length of the show, {SECONDS_LEAST} to {SECONDS_MOST} (default 40)")
    parser.add_argument("--seed", type=int, default=7, metavar="N",
                        help="of the simulated plant (default 7)")
    parser.add_argument("--no-install", action="store_true",
                        help="install nothing, only say what is missing")
    parser.add_argument("--bin", metavar="DIR", default="build/release/bin",
                        help="use the programs in DIR; default: build them")
    options = parser.parse_args()
    if not SECONDS_LEAST <= options.seconds <= SECONDS_MOST:
        parser.error(f"--seconds must be from {SECONDS_LEAST} to {SECONDS_MOST}")
    return options


def main():
    options = arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, INTERRUPTS.handle)
    screen = Screen()
    folder = tempfile.mkdtemp(prefix="vnotch-demo-")
    show = Show(options, folder, screen)
    try:
        return 0 if show.run() else 1
    except Trouble as trouble:
        screen.end_panel()
        print(f"tools/demo: {trouble}", file=sys.stderr)
        return trouble.code
    except BrokenPipeError:  # the reader of our output is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        show.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
