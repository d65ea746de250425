"""Home Assistant as far as MQTT discovery goes: reads discovery messages, follows their topics.

Written from Home Assistant's documentation, with its names. What it doesn't know it refuses, so
that a message that Home Assistant would not accept, or would leave a part of aside, fails a test.
"""

import json
import re

# Keys of the device form, short and long, by where they may stand.
DEVICE = {"ids": "identifiers", "name": "name", "sw": "sw_version", "mf": "manufacturer",
          "mdl": "model", "cu": "configuration_url", "hw": "hw_version", "sn": "serial_number",
          "sa": "suggested_area"}
ORIGIN = {"name": "name", "sw": "sw_version", "url": "support_url"}
SHARED = {"avty_t": "availability_topic", "pl_avail": "payload_available",
          "pl_not_avail": "payload_not_available", "avty_mode": "availability_mode",
          "stat_t": "state_topic", "e": "encoding"}
ROOT = {"dev": "device", "o": "origin", "cmps": "components", **SHARED}
COMMON = {"p": "platform", "uniq_id": "unique_id", "name": "name", "dev_cla": "device_class",
          "val_tpl": "value_template", "json_attr_t": "json_attributes_topic",
          "exp_aft": "expire_after", "qos": "qos", "ent_cat": "entity_category", **SHARED}
COMPONENTS = {
    "binary_sensor": {**COMMON, "pl_on": "payload_on", "pl_off": "payload_off"},
    "sensor": {**COMMON, "stat_cla": "state_class", "unit_of_meas": "unit_of_measurement"},
}
STATE_CLASSES = ("measurement", "total", "total_increasing")
BINARY_CLASSES = ("problem", "connectivity", "safety")
# Device classes of sensors and the units that belong to them.
SENSOR_CLASSES = {
    "temperature": ("°C", "°F", "K"), "humidity": ("%",), "battery": ("%",),
    "pressure": ("Pa", "hPa", "kPa", "bar", "mbar"), "power": ("W", "kW", "mW"),
    "voltage": ("V", "mV"), "current": ("A", "mA"), "frequency": ("Hz", "kHz", "MHz", "GHz"),
    "illuminance": ("lx",), "irradiance": ("W/m²",), "speed": ("m/s", "km/h", "mm/s"),
    "weight": ("kg", "g", "mg"), "distance": ("m", "km", "cm", "mm"),
}
TOPIC = re.compile(r"(?P<component>\w+)/(?:(?P<node>[a-zA-Z0-9_-]+)/)?"
                   r"(?P<object>[a-zA-Z0-9_-]+)/config")
UNAVAILABLE, UNKNOWN = "unavailable", "unknown"


def expand(part, names, where):
    """The long names of a mapping; a key that isn't documented there is an error."""
    out = {}
    for key, value in part.items():
        if key not in names and key not in names.values():
            raise ValueError(f"{where} has an undocumented key {key!r}")
        out[names.get(key, key)] = value
    return out


def check_component(key, component):
    platform = component["platform"]
    for needed in ("unique_id", "state_topic"):
        if not component.get(needed):
            raise ValueError(f"component {key} has no {needed}")
    for name, value in component.items():
        if name.endswith("topic") and (set(value) & set("+#\0") or not value or "~" in value):
            raise ValueError(f"component {key}: {name} is no topic: {value!r}")
    device_class = component.get("device_class")
    if platform == "binary_sensor" and device_class not in (None, *BINARY_CLASSES):
        raise ValueError(f"component {key}: device class {device_class!r}")
    if platform == "sensor":
        unit = component.get("unit_of_measurement")
        if device_class is not None and unit not in SENSOR_CLASSES[device_class]:
            raise ValueError(f"component {key}: {device_class} in {unit!r}")
        if component.get("state_class") not in (None, *STATE_CLASSES):
            raise ValueError(f"component {key}: state class {component['state_class']!r}")
    if component.get("expire_after", 1) <= 0 or component.get("qos", 0) not in (0, 1, 2):
        raise ValueError(f"component {key}: expire_after or qos")


def read_message(prefix, topic, payload):
    """The components of a discovery message by their keys, checked, shared options merged."""
    match = TOPIC.fullmatch(topic.removeprefix(prefix + "/"))
    if match is None or match["component"] != "device":
        raise ValueError(f"no topic of device discovery: {topic}")
    message = expand(json.loads(payload), ROOT, "the message")
    device = expand(message["device"], DEVICE, "the device")
    origin = expand(message["origin"], ORIGIN, "the origin")
    if not device.get("identifiers") or not origin.get("name") or not message["components"]:
        raise ValueError("a device needs identifiers, an origin a name, a message components")
    components = {}
    for key, short in message["components"].items():
        platform = short.get("p", short.get("platform"))
        if platform not in COMPONENTS:
            raise ValueError(f"component {key} has platform {platform!r}")
        component = expand(short, COMPONENTS[platform], f"component {key}")
        for name in set(SHARED.values()) & set(message):
            component.setdefault(name, message[name])
        check_component(key, component)
        components[key] = dict(component, device=device)
    return components


class Fields:
    """`value_json`: members as attributes; one that isn't there renders as nothing."""

    def __init__(self, members):
        self.members = members

    def __getattr__(self, name):
        return self.members.get(name)


def render(template, payload):
    """A template that is one expression over `value_json`, which reads the same in Python."""
    match = re.fullmatch(r"\{\{ (.*) \}\}", template)
    if match is None:
        raise ValueError(f"no simple template: {template!r}")
    if not re.fullmatch(r"(?:value_json\.\w+|'\w+'|==|if|else|or|\s)+", match[1]):
        raise ValueError(f"not understood: {template!r}")
    value = eval(match[1], {"__builtins__": {}}, {"value_json": Fields(json.loads(payload))})
    return str(value)


class Entity:
    def __init__(self, component):
        self.component = component
        self.name = f"{component['device']['name']} {component['name']}"
        self.available = "availability_topic" not in component
        self.value = UNKNOWN
        self.attributes = {}

    @property
    def state(self):
        return self.value if self.available else UNAVAILABLE

    def topics(self):
        return {value for key, value in self.component.items() if key.endswith("topic")}

    def take(self, topic, payload):
        component = self.component
        if topic == component.get("availability_topic"):
            if payload in (component.get("payload_available", "online"),
                           component.get("payload_not_available", "offline")):
                self.available = payload == component.get("payload_available", "online")
        if topic == component.get("json_attributes_topic") and payload:
            self.attributes = json.loads(payload)
        if topic == component["state_topic"] and payload:
            self._take_state(render(component["value_template"], payload))

    def _take_state(self, value):
        if self.component["platform"] == "sensor":
            self.value = value
            return
        words = {self.component.get("payload_on", "ON"): "on",
                 self.component.get("payload_off", "OFF"): "off", "None": UNKNOWN}
        if value not in words:
            raise ValueError(f"{self.name}: {value!r} is neither on nor off")
        self.value = words[value]


class HomeAssistant:
    """Subscribes through an MQTT client (paho's interface) and shows entities."""

    def __init__(self, client, prefix="homeassistant"):
        self.client = client
        self.prefix = prefix
        self.entities = {}  # by unique_id
        self.by_topic = {}  # of discovery messages: the unique_ids
        self.errors = []
        client.on_message = self._on_message
        client.subscribe(prefix + "/#", qos=1)

    def say_born(self):
        self.client.publish(self.prefix + "/status", "online", qos=1)

    def state(self, unique_id):
        entity = self.entities.get(unique_id)
        return entity.state if entity is not None else None

    def _on_message(self, _client, _context, message):
        try:
            if message.topic.startswith(self.prefix + "/"):
                self._discover(message.topic, message.payload.decode())
            else:
                for entity in list(self.entities.values()):
                    entity.take(message.topic, message.payload.decode())
        except (ValueError, KeyError, TypeError) as error:
            self.errors.append(f"{message.topic}: {error!r}: {message.payload[:300]!r}")

    def _discover(self, topic, payload):
        if topic == self.prefix + "/status":
            return
        old = self.by_topic.pop(topic, set())
        found = read_message(self.prefix, topic, payload) if payload else {}
        for component in found.values():
            unique_id = component["unique_id"]
            known = self.entities.get(unique_id)
            if known is not None and unique_id not in old:
                raise ValueError(f"{unique_id} belongs to another message")
            if known is None or known.component != component:
                self.entities[unique_id] = Entity(component)
        self.by_topic[topic] = {component["unique_id"] for component in found.values()}
        for unique_id in old - self.by_topic[topic]:
            del self.entities[unique_id]
        for component in found.values():
            for wanted in self.entities[component["unique_id"]].topics():
                self.client.subscribe(wanted, qos=component.get("qos", 0))
