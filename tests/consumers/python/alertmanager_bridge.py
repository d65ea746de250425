#!/usr/bin/env python3
"""Forwards the alerts of all vnotch devices of a broker to a Prometheus Alertmanager.

Usage: alertmanager_bridge.py BROKER PORT http://127.0.0.1:9093 [PREFIX]. Needs the package
paho-mqtt. The mapping is explained in docs/messages.md.
"""

import json
import queue
import sys
import time
import urllib.request
from datetime import datetime, timezone

import paho.mqtt.client as mqtt

RESEND_S = 60  # what Alertmanager doesn't hear again for some minutes counts as resolved
firing = {}    # topic: the alert as it was told last
changes = queue.SimpleQueue()


def rfc3339(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat(timespec="milliseconds")


def alert_of(state):
    names = {"alertname": "alert", "severity": "severity", "series": "series", "device": "device"}
    labels = {label: state[member] for label, member in names.items() if state[member] != ""}
    return {"labels": {**state.get("labels", {}), **labels},
            "annotations": {**state.get("annotations", {}), "summary": state["summary"]},
            "startsAt": rfc3339(state["starts_at"])}


def received(_client, _context, message):
    state = json.loads(message.payload)
    open_now = state["state"] not in ("normal", "pending") and state["starts_at"] is not None
    before, now = firing.pop(message.topic, None), alert_of(state) if open_now else None
    if now is not None:
        firing[message.topic] = now
        changes.put([now])
    if before is not None and (now is None or now["labels"] != before["labels"]):
        changes.put([{**before, "endsAt": rfc3339(state["ends_at"] or state["at"])}])


def post(url, alerts):
    """Until it is taken: what comes later must not overtake it."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(alerts).encode(), headers)
    while True:
        try:
            urllib.request.urlopen(request, timeout=10).close()
            return
        except OSError as error:
            print(f"{url}: {error}: trying again", file=sys.stderr)
            time.sleep(1)


def main(host, port, url, prefix="vnotch"):
    versions = getattr(mqtt, "CallbackAPIVersion", None)  # since paho-mqtt 2
    client = mqtt.Client(versions.VERSION2) if versions else mqtt.Client()
    client.on_connect = lambda *_: client.subscribe(f"{prefix}/+/alert/#", 1)
    client.on_message = received
    client.connect(host, int(port))
    client.loop_start()
    due_s = time.monotonic() + RESEND_S
    while True:
        try:
            alerts = changes.get(timeout=max(0, due_s - time.monotonic()))
        except queue.Empty:
            alerts, due_s = list(firing.values()), time.monotonic() + RESEND_S
        post(f"{url}/api/v2/alerts", alerts)


if __name__ == "__main__":
    main(*sys.argv[1:])
