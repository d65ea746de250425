"""Makes mutants of C source: small faults that a test suite should notice."""

import re

NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
                   r'|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.S | re.M)
ASSERT = re.compile(r"VN_ASSERT\([^;]*;", re.S)

# What is replaced by what; the pattern's first group is the text that goes.
SWAPS = [
    (r"(?<=\s)(<)(?=\s)", ("<=", ">=")), (r"(?<=\s)(<=)(?=\s)", ("<", ">")),
    (r"(?<=\s)(>)(?=\s)", (">=", "<=")), (r"(?<=\s)(>=)(?=\s)", (">", "<")),
    (r"(?<=\s)(==)(?=\s)", ("!=",)), (r"(?<=\s)(!=)(?=\s)", ("==",)),
    (r"(?<=\s)(&&)(?=\s)", ("||",)), (r"(?<=\s)(\|\|)(?=\s)", ("&&",)),
    (r"(?<=\s)(\+)(?=\s)", ("-",)), (r"(?<=\s)(-)(?=\s)", ("+",)),
    (r"(?<=\w\s)(\*)(?=\s)", ("+",)), (r"(?<=\s)(/)(?=\s)", ("*",)), (r"(?<=\s)(%)(?=\s)", ("*",)),
    (r"(?<=\s)(<<)(?=\s)", (">>",)), (r"(?<=\s)(>>)(?=\s)", ("<<",)),
    (r"(?<=\s)(&)(?=\s)", ("|",)), (r"(?<=\s)(\|)(?=\s)", ("&",)), (r"(?<=\s)(\^)(?=\s)", ("&",)),
    (r"(\+=)", ("-=",)), (r"(-=)", ("+=",)), (r"(\|=)", ("&=",)), (r"(&=)", ("|=",)),
    (r"(\+\+)", ("--",)), (r"(--)", ("++",)), (r"(?<=[\s(])(!)(?=[\w(])", ("",)),
    (r"\b(true)\b", ("false",)), (r"\b(false)\b", ("true",)),
    (r"(?<![\w.])([0-9]+)(?=[uU]?\b(?!\.))", ("+1",)),
]
CONDITION = re.compile(r"\b(?:if|while) \((.+)\) \{$", re.M)
# A call of check() holds asserts and nothing else.
STATEMENT = re.compile(
    r"^ +((?!return|break|continue|case|default|VN_ASSERT|check\w*\(|static|const|typedef)"
    r"[a-z(*][^;{}]*?(?:\+\+|--|(?<![=!<>])=(?!=)[^;{}]*|\([^;{}]*\)));$", re.M)
DECLARATION = re.compile(r"^(?:\w+ )+\**\w+(?:\[[^\]]*\])? = |^(?:const |struct )")


def blanked(text):
    """The same length without comments, texts, directives and asserts."""
    def hide(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return ASSERT.sub(hide, NOISE.sub(hide, text))


def first_function(code):
    """Where the first body begins: tables and types in front of it aren't behaviour to mutate."""
    match = re.search(r"^\w[^;{}]*\)\s*\{", code, re.M)
    return match.end() if match else len(code)


def swaps(code, begin):
    for pattern, replacements in SWAPS:
        for match in re.finditer(pattern, code):
            if match.start() < begin:
                continue
            for new in replacements:
                old = match.group(1)
                yield match.start(1), old, str(int(old) + 1) if new == "+1" else new


def mutants(text):
    """Yields (line, what, mutated text), each once."""
    code = blanked(text)
    begin = first_function(code)
    places = list(swaps(code, begin))
    for match in CONDITION.finditer(code, begin):
        old = text[match.start(1):match.end(1)]
        if match.group(1).count("(") == match.group(1).count(")"):
            places.append((match.start(1), old, f"!({old})"))
    for match in STATEMENT.finditer(code, begin):
        old = text[match.start(1):match.end(1)]
        if not DECLARATION.match(old):
            places.append((match.start(1), old, ""))
    seen = set()
    for start, old, new in sorted(places):
        mutated = text[:start] + new + text[start + len(old):]
        if mutated not in seen:
            seen.add(mutated)
            line = text.count("\n", 0, start) + 1
            short = " ".join(old.split())
            yield line, f"'{short}' -> '{new if len(new) < 60 else 'negated'}'", mutated
