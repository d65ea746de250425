"""Checks decoded CBOR against a schema in the part of CDDL (RFC 8610) that docs/*.cddl uses:
rules, maps with literal keys, optional keys and `* type => type`, arrays with `*` and `+`,
choices, ranges, int and text literals, #6.n(type), and the types int, uint, float, number, tstr,
bstr, bool, nil, any.

usage: cddl_check.py SCHEMA RULE FILE      FILE holds one item in deterministic CBOR
"""
import pathlib
import re
import sys

TOKENS = re.compile(r'\s+|;[^\n]*|("[^"]*"|-?\d+\.\.-?\d+|-?\d+|#6\.\d+|=>|[A-Za-z][\w-]*|.)')
TYPES = {
    "any": lambda v: True,
    "int": lambda v: type(v) is int,
    "uint": lambda v: type(v) is int and v >= 0,
    "float": lambda v: type(v) is float,
    "number": lambda v: type(v) in (int, float),
    "tstr": lambda v: type(v) is str,
    "bstr": lambda v: type(v) is bytes,
    "bool": lambda v: type(v) is bool,
    "nil": lambda v: v is None,
}


class Schema:
    """Rules as trees: ("map" | "array", entries), ("choice", types), ("literal", v), ..."""

    def __init__(self, text):
        self.tokens = [t.group(1) for t in TOKENS.finditer(text) if t.group(1)]
        self.rules = {}
        while self.tokens:
            name = self.tokens.pop(0)
            self.need("=")
            self.rules[name] = self.type()

    def need(self, token):
        if self.tokens.pop(0) != token:
            raise SyntaxError(f"{token} expected before {self.tokens[:5]}")

    def type(self):
        choices = [self.one_type()]
        while self.tokens and self.tokens[0] == "/":
            self.tokens.pop(0)
            choices.append(self.one_type())
        return choices[0] if len(choices) == 1 else ("choice", choices)

    def one_type(self):
        token = self.tokens.pop(0)
        if token in "{[":
            return ("map", self.group("}")) if token == "{" else ("array", self.group("]"))
        if token == "(":
            inner = self.type()
            self.need(")")
            return inner
        if token.startswith("#6."):
            self.need("(")
            inner = self.type()
            self.need(")")
            return ("tag", int(token[3:]), inner)
        if ".." in token:
            low, high = token.split("..")
            return ("range", int(low), int(high))
        if token[0] == '"':
            return ("literal", token[1:-1])
        return ("literal", int(token)) if token.lstrip("-").isdigit() else ("name", token)

    def group(self, end):
        entries = []
        while self.tokens[0] != end:
            occurrence = self.tokens.pop(0) if self.tokens[0] in "?*+" else ""
            value, key = self.type(), None
            if self.tokens[0] in (":", "=>"):
                self.tokens.pop(0)
                key, value = value, self.type()
            entries.append((occurrence, key, value))
            if self.tokens[0] == ",":
                self.tokens.pop(0)
        self.tokens.pop(0)
        return entries

    def errors(self, rule, value):
        """What is wrong with the value, as texts with their place; empty when it is valid."""
        return list(self.check(("name", rule), value, rule))

    def fits(self, tree, value):
        return not any(True for _ in self.check(tree, value, ""))

    def check(self, tree, value, place):
        kind = tree[0]
        if kind == "name" and tree[1] in self.rules:
            yield from self.check(self.rules[tree[1]], value, place)
        elif kind == "map":
            yield from self.check_map(tree[1], value, place)
        elif kind == "array":
            yield from self.check_array(tree[1], value, place)
        elif not self.fits_simple(tree, value):
            yield f"{place}: {value!r} is not {tree[1:]}"

    def fits_simple(self, tree, value):
        kind = tree[0]
        if kind == "choice":
            return any(self.fits(choice, value) for choice in tree[1])
        if kind == "literal":
            return type(value) is type(tree[1]) and value == tree[1]
        if kind == "range":
            return type(value) is int and tree[1] <= value <= tree[2]
        if kind == "tag":
            return getattr(value, "number", None) == tree[1] and self.fits(tree[2], value.value)
        return TYPES[tree[1]](value)

    def check_map(self, entries, value, place):
        if type(value) is not dict:
            yield f"{place}: {value!r} is not a map"
            return
        named = {key[1]: (occurrence, inner) for occurrence, key, inner in entries
                 if key[0] == "literal"}
        wild = [(key, inner) for _, key, inner in entries if key[0] != "literal"]
        for key, (occurrence, inner) in named.items():
            if key in value:
                yield from self.check(inner, value[key], f"{place}.{key}")
            elif occurrence != "?":
                yield f"{place}: key {key!r} is missing"
        for key in value.keys() - named.keys():
            if not any(self.fits(k, key) and self.fits(inner, value[key]) for k, inner in wild):
                yield f"{place}: key {key!r} is not in the schema"

    def check_array(self, entries, value, place):
        if type(value) is not list:
            yield f"{place}: {value!r} is not an array"
            return
        at = 0
        for number, (occurrence, _, inner) in enumerate(entries):
            behind = len(entries) - number - 1
            count = len(value) - at - behind
            count = {"": 1, "?": min(count, 1)}.get(occurrence, count)
            if count < (occurrence in ("", "+")) or at + count > len(value):
                yield f"{place}: {len(value)} items are too few"
                return
            for item in value[at:at + count]:
                yield from self.check(inner, item, f"{place}[{at}]")
                at += 1
        if at != len(value):
            yield f"{place}: {len(value)} items are too many"


def load(path):
    return Schema(pathlib.Path(path).read_text(encoding="utf-8"))


def main():
    import strict_cbor
    schema = load(sys.argv[1])
    item = strict_cbor.loads(pathlib.Path(sys.argv[3]).read_bytes())
    errors = schema.errors(sys.argv[2], item)
    print("\n".join(errors) or "valid")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
