"""A CBOR decoder of its own that accepts deterministic encoding only (RFC 8949, section 4.2.1)."""
import struct


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value

    def __eq__(self, other):
        return isinstance(other, Tag) and vars(self) == vars(other)

    def __repr__(self):
        return f"{self.number}({self.value!r})"


class NotDeterministic(ValueError):
    """The bytes are no CBOR, or not in their one deterministic form."""


def refuse(condition, text, at):
    if condition:
        raise NotDeterministic(f"byte {at}: {text}")


def read_float(data, at, info):
    size = {25: 2, 26: 4, 27: 8}[info]
    raw = data[at + 1:at + 1 + size]
    refuse(len(raw) < size, "cut off", at)
    value = struct.unpack({2: ">e", 4: ">f", 8: ">d"}[size], raw)[0]
    for shorter, form in ((2, ">e"), (4, ">f")):
        if shorter < size:
            try:
                same = struct.unpack(form, struct.pack(form, value))[0] == value
            except OverflowError:
                same = False
            refuse(same, "float longer than needed", at)
    refuse(value != value and raw != b"\x7e\x00", "another NaN than f97e00", at)
    return value, at + 1 + size


def read_head(data, at):
    refuse(at >= len(data), "cut off", at)
    major, info = data[at] >> 5, data[at] & 31
    if info < 24:
        return major, info, at + 1
    refuse(info > 27, "indefinite length or reserved", at)
    size = 1 << (info - 24)
    raw = data[at + 1:at + 1 + size]
    refuse(len(raw) < size, "cut off", at)
    argument = int.from_bytes(raw, "big")
    least = {1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}[size]
    refuse(argument < least, "argument longer than needed", at)
    return major, argument, at + 1 + size


def read_map(data, at, pairs):
    result, before = {}, b""
    for _ in range(pairs):
        start = at
        key, at = read(data, at)
        encoded = data[start:at]
        refuse(encoded <= before, "keys not sorted, or one twice", start)
        before = encoded
        result[key], at = read(data, at)
    return result, at


def read(data, at=0):
    """One item and the place behind it."""
    refuse(at >= len(data), "cut off", at)
    if data[at] >> 5 == 7:
        info = data[at] & 31
        if info in (25, 26, 27):
            return read_float(data, at, info)
        refuse(info not in (20, 21, 22), "simple value", at)
        return {20: False, 21: True, 22: None}[info], at + 1
    start = at
    major, argument, at = read_head(data, at)
    if major < 2:
        return (argument if major == 0 else -1 - argument), at
    if major < 4:
        raw = data[at:at + argument]
        refuse(len(raw) < argument, "cut off", start)
        return (raw if major == 2 else raw.decode("utf-8")), at + argument
    if major == 4:
        items = []
        for _ in range(argument):
            item, at = read(data, at)
            items.append(item)
        return items, at
    if major == 5:
        return read_map(data, at, argument)
    value, at = read(data, at)
    return Tag(argument, value), at


def loads(data):
    """The one item that `data` is."""
    item, at = read(data)
    refuse(at != len(data), "bytes behind the item", at)
    return item
