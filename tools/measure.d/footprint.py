"""Resident memory, and the time from start to subscribed."""

import json
import os
import subprocess
import time

import common
import harness

TITLE = "Memory and start"
EXPLANATION = """
`VmRSS` of vnotchd with a window of one minute, an alert and a sample of 8 per series, after one
reading of each. With and without TLS in the build (`cmake -DVN_TLS=OFF`; no TLS connection is
made here). Start: from fork until `READY=1`, which follows the subscription; median.
"""
CONFIG = """
device: gw
broker: {{uri: "mqtt://127.0.0.1:{port}"}}
stats_every: 1s
state: {{file: "{state}", size: SIZE, checkpoint_every: 200ms}}
capacity: {{series: SERIES}}
inputs:
  - {{topic: "in/{{s}}", format: json, fields: [{{path: v, series: "{{s}}"}}],
     time: {{path: t, unit: ms}}}}
pipelines:
  - name: bench
    unit: Cel
    windows: [{{name: minute, tumbling: 1m, sample: 8}}]
    alerts: [{{name: hot, above: 80}}]
"""
BOUNDS = {"without TLS": {0: "<= 3 MiB", 10000: "<= 8 MiB"},
          "with TLS": {0: "<= 9 MiB in use of TLS", 10000: "<= 14 MiB in use of TLS"}}
STARTS = 9


def configuration(series):
    """The region of the default size holds a thousand series."""
    return CONFIG.replace("SERIES", str(max(series, 100))).replace(
        "SIZE", "8MiB" if series <= 1000 else "64MiB")


def fill(bench, series):
    record = json.dumps({"t": common.BASE_MS, "v": 21.5}).encode()
    bench.publisher().publish_all([(f"in/s{number}", record) for number in range(series)])


def wait_series(stats, series):
    harness.wait_for(lambda: stats.messages and
                     json.loads(stats.messages[-1][2])["series"] == series, 30,
                     f"{series} series")


def resident(series):
    with common.bench() as bench:
        stats = bench.subscriber("vnotch/gw/stats")
        daemon = bench.daemon(configuration(series)).start()
        if series:
            fill(bench, series)
        wait_series(stats, series)
        time.sleep(0.5)  # a checkpoint has been written
        return common.resident_kib(daemon.process.pid)


def starts(series):
    """Milliseconds, ascending."""
    with common.bench() as bench:
        stats = bench.subscriber("vnotch/gw/stats")
        daemon = bench.daemon(configuration(series)).start()
        fill(bench, series)
        wait_series(stats, series)
        assert daemon.stop() == 0
        times = []
        for _ in range(STARTS):
            begun = time.perf_counter()
            daemon.start()
            times.append((time.perf_counter() - begun) * 1e3)
            assert daemon.stop() == 0
        assert f"series={series}" in daemon.log().splitlines()[-6], daemon.log()[-2000:]
        return sorted(times)


def without_tls():
    """Path of a vnotchd without TLS; None when it can't be built."""
    build = os.path.join(common.SOURCE_DIR, "build", "measure-without-tls")
    for command in (["cmake", "-S", common.SOURCE_DIR, "-B", build, "-G", "Ninja",
                     "-DVN_TLS=OFF", "-DBUILD_TESTING=OFF"],
                    ["cmake", "--build", build, "--target", "vnotchd"]):
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return None
    return os.path.join(build, "bin", "vnotchd")


def rows_of(build, program):
    rows = []
    with_that, harness.VNOTCHD = harness.VNOTCHD, program
    for series in (0, 1000, 10000):
        what = f"{series:,} series" if series else "idle"
        rows.append((f"resident, {what}, build {build}", f"{resident(series) / 1024:.1f} MiB",
                     BOUNDS[build].get(series, "")))
    harness.VNOTCHD = with_that
    return rows


def measure(_runs):
    plain = without_tls()
    rows = rows_of("without TLS", plain) if plain else [
        ("resident, build without TLS", "could not be built", "")]
    rows += rows_of("with TLS", harness.VNOTCHD)
    times = starts(1000)
    rows.append(("start to subscribed, state of 1,000 series",
                 f"{times[len(times) // 2]:.0f} ms (longest {times[-1]:.0f})", "<= 50 ms"))
    return rows
