"""End to end through mosquitto: readings per second, and CPU of the daemon."""

import json
import os
import subprocess
import time

import common
import harness
from mqtt_packets import publish_packet

TITLE = "Through a broker"
EXPLANATION = """
A publisher sends packets made beforehand over one socket; mosquitto with `set_tcp_nodelay
true`; vnotchd with a state file, the same window, alert and sample as above. The time runs from
the first packet until an alert on the last reading is back. *Counter*:
`tools/measure.d/paho_counter.c`, a subscriber that does nothing but count, over the same
packets: paho's receive path is the floor, and single messages are bounded by it and by the
broker.
"""
CONFIG = """
device: gw
broker: {{uri: "mqtt://127.0.0.1:{port}"}}
STATE
capacity: {{series: 200, input_queue: 8192}}
inputs:
  - {{topic: "json/{{s}}", qos: QOS, format: json, fields: [{{path: v, series: "{{s}}"}}],
     time: {{path: t, unit: ms}}}}
  - {{topic: "senml-json", qos: QOS, format: senml+json}}
  - {{topic: "senml-cbor", qos: QOS, format: senml+cbor}}
pipelines:
  - name: bench
    unit: Cel
    resolution: 0.01
    out_of_order: 2s
    deduplicate: DEDUPLICATE
    windows:
      - {{name: minute, sliding: {{size: 60s, slide: 10s}}, statistics: [mean], sample: 8}}
    alerts:
      - {{name: hot, above: 80, hysteresis: 5}}
"""
PACK = 100
SINGLES = 100000
PACKS = 20000
CHUNK = 500
IN_FLIGHT = 4 * CHUNK
LAST = "last"


def value(number):
    return f"{20 + number % 97 / 100:.2f}"


def json_single(number):
    time_ms = common.BASE_MS + number // 100 * 1000
    return (f"json/s{number % 100}", f'{{"t":{time_ms},"v":{value(number)}}}'.encode())


VALUES = [value(k) for k in range(PACK)]
JSON_PACK = "[" + ",".join(f'{{"t":%d{k * 10:03d},"v":{v}}}' for k, v in enumerate(VALUES)) + "]"
SENML_JSON_PACK = '[{"bn":"urn:dev:","bt":%d,' + ",{".join(
    f'"n":"s{k % 10}","v":{v}}}' for k, v in enumerate(VALUES)) + "]"


def json_pack(number):
    second = common.BASE_MS // 1000 + number
    return "json/a", (JSON_PACK % ((second,) * PACK)).encode()


def senml_json_pack(number):
    return "senml-json", (SENML_JSON_PACK % (common.BASE_MS // 1000 + number)).encode()


def senml_cbor_pack(number):
    """{0: name, 2: decimal fraction, 6: time} for each record."""
    second = (common.BASE_MS // 1000 + number).to_bytes(4, "big")
    records = (b"\xa3\x00\x62s" + str(k % 10).encode() + b"\x02\xc4\x82\x21\x19"
               + (2000 + k % 97).to_bytes(2, "big") + b"\x06\x1a" + second for k in range(PACK))
    return "senml-cbor", b"\x98" + bytes([PACK]) + b"".join(records)


CASES = [
    ("single JSON readings", json_single, 1, SINGLES, ""),
    ("JSON arrays of 100", json_pack, PACK, PACKS, ">= 2 M readings/s, <= 0.3 us"),
    ("SenML-JSON packs of 100", senml_json_pack, PACK, PACKS, ">= 2 M readings/s, <= 0.3 us"),
    ("SenML-CBOR packs of 100", senml_cbor_pack, PACK, PACKS, ">= 2 M readings/s, <= 0.3 us"),
]


def chunks_of(make, count, qos):
    """Packets in pieces of CHUNK."""
    return [b"".join(publish_packet(*make(number), qos, number % 65535 + 1)
                     for number in range(first, min(first + CHUNK, count)))
            for first in range(0, count, CHUNK)]


def send(publisher, chunks, qos):
    for number, chunk in enumerate(chunks, 1):
        publisher.send(chunk)
        if qos == 1 and number * CHUNK > IN_FLIGHT:
            publisher.wait_acknowledged(number * CHUNK - IN_FLIGHT)


def send_last(publisher, topic, payload, qos):
    publisher.send(publish_packet(topic, payload, qos, 65535))


def configuration(qos, state='state: {{file: "{state}"}}', deduplicate=0):
    text = CONFIG.replace("QOS", str(qos)).replace("STATE", state)
    return text.replace("DEDUPLICATE", str(deduplicate))


def run_daemon(chunks, readings, config, qos):
    """(seconds, CPU of the daemon in us)"""
    with common.bench() as bench:
        events = bench.subscriber("vnotch/gw/event")
        daemon = bench.daemon(config).start()
        publisher = bench.publisher()
        cpu, begun = common.cpu_us(daemon.process.pid), time.perf_counter()
        send(publisher, chunks, qos)
        alarm = json.dumps({"t": common.BASE_MS, "v": 99}).encode()
        send_last(publisher, f"json/{LAST}", alarm, qos)
        harness.wait_for(lambda: events.messages, 120, "the alert of the last reading")
        seconds = (events.messages[0][0] - begun * 1e9) / 1e9
        cpu = common.cpu_us(daemon.process.pid) - cpu
        check_all_taken(bench, daemon, readings + 1)
        return seconds, cpu


def check_all_taken(bench, daemon, readings):
    stats = bench.subscriber("vnotch/gw/stats")
    daemon.stop()
    figures = json.loads(stats.messages[-1][2])["readings"]
    assert figures["accepted"] == readings, f"{figures}, {readings} were sent"


def build_counter(folder):
    program = os.path.join(folder, "paho_counter")
    subprocess.run(["cc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O2", "-o", program,
                    os.path.join(common.SOURCE_DIR, "tools", "measure.d", "paho_counter.c"),
                    "-lpaho-mqtt3as"], check=True)
    return program


def run_counter(chunks, qos):
    """(seconds, CPU of the counter in us, messages)"""
    with common.bench() as bench:
        command = [build_counter(bench.folder), f"tcp://127.0.0.1:{bench.port}", "#", str(qos)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as counter:
            assert counter.stdout.readline() == "ready\n"
            publisher = bench.publisher()
            begun = time.perf_counter()
            send(publisher, chunks, qos)
            send_last(publisher, "x/stop", b"", qos)
            figures = json.loads(counter.stdout.readline())
            return time.perf_counter() - begun, figures["cpu_us"], figures["messages"]


def rows_of(case, qos, runs):
    what, make, per_message, count, bound = case
    readings = count * per_message
    chunks = chunks_of(make, count, qos)
    config = configuration(qos)
    seconds, cpu = min(run_daemon(chunks, readings, config, qos) for _ in range(runs))
    rows = [(f"{what}, QoS {qos}", f"{readings / seconds:,.0f} readings/s, "
             f"{cpu / readings:.3f} us CPU of the daemon per reading", bound)]
    floor, floor_cpu, counted = min(run_counter(chunks, qos) for _ in range(runs))
    assert counted == count, (counted, count)
    if per_message == 1:
        rows[0] = (*rows[0][:2], "within 15 % of the counter")
    rows.append((f"- the counter, QoS {qos}", f"{count / floor:,.0f} messages/s, "
                 f"{floor_cpu / count:.3f} us CPU per message", ""))
    return rows


def measure(runs):
    return [row for case in CASES for qos in (0, 1) for row in rows_of(case, qos, runs)]
