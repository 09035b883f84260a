"""IAM's patterns: `*` and `?`, and policy variables such as `${aws:username}`.

Source: AWS IAM user guide, "Resource", "Action" and "Policy variables" of the policy elements reference.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from pipeproof.text import PLACEHOLDER

_LITERALS = {"*": "*", "?": "?", "$": "$"}

Context = Mapping[str, "str | list[str]"]
"""What is known of a request: condition keys in lower case, each with its value or values."""


def matches(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Return whether `value` is what `pattern` describes; `*` matches across `/` and `:` too."""
    return _compiled(pattern, ignore_case).fullmatch(value) is not None


def overlaps(pattern: str, value: str) -> bool:
    """As [matches][], for a value of which parts are not known: these stand in it as `*` and `?`.

    A value that is `*` alone is no unknown resource but none: only a pattern for all of them matches it.
    """
    if matches(pattern, value):
        return True
    return value != "*" and ("*" in value or "?" in value) and _meet(_tokens(pattern), _tokens(value))


def substitute(pattern: str, context: Context) -> str | None:
    """`pattern` with its policy variables replaced, or `None` where one has no value (then nothing matches).

    What a variable stands for is taken literally: its `*` is escaped and matches a star alone.
    """
    if "${" not in pattern:
        return pattern
    missing = False

    def replacement(match: re.Match[str]) -> str:
        nonlocal missing
        key, _, default = (part.strip() for part in match.group(1).partition(","))
        if key in _LITERALS:
            return _escape(_LITERALS[key])
        value = context.get(key.lower())
        if isinstance(value, list):
            value = value[0] if len(value) == 1 else None
        if value is None and default:
            value = default.strip("'")
        missing = missing or value is None
        return _escape(value or "")

    text = PLACEHOLDER.sub(replacement, pattern)
    return None if missing else text


def variables_of(pattern: str) -> set[str]:
    """Return the condition keys, in lower case, of the policy variables without a default in a pattern."""
    names = (match.group(1) for match in PLACEHOLDER.finditer(pattern))
    return {name.strip().lower() for name in names if "," not in name and name.strip() not in _LITERALS}


def with_any(pattern: str) -> str:
    """Return a pattern with `*` for each of its policy variables."""
    return PLACEHOLDER.sub("*", pattern)


_ESCAPE = "\ue000"
"""Marks the next character as literal; a character of the private use area, which no name in AWS holds."""


def _escape(value: str) -> str:
    return re.sub(r"([*?])", _ESCAPE + r"\1", value)


_ANY, _ONE = "\ue001", "\ue002"
"""The wildcards of a pattern, apart from the literal characters that look like them."""


@lru_cache(maxsize=4096)
def _tokens(pattern: str) -> str:
    """Return a pattern's characters, with its wildcards told apart from what is escaped."""
    found: list[str] = []
    literal = False
    for character in pattern:
        if character == _ESCAPE:
            literal = True
            continue
        found.append(character if literal else {"*": _ANY, "?": _ONE}.get(character, character))
        literal = False
    return "".join(found)


@lru_cache(maxsize=4096)
def _meet(left: str, right: str) -> bool:
    """Return whether some text fits both patterns."""
    seen: set[tuple[int, int]] = set()
    waiting = [(0, 0)]
    while waiting:
        i, j = place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        a, b = left[i : i + 1], right[j : j + 1]
        if not a and not b:
            return True
        if a == _ANY:
            waiting.append((i + 1, j))
        if b == _ANY:
            waiting.append((i, j + 1))
        if a and b and (a == b or _ONE in (a, b) or _ANY in (a, b)):
            waiting.append((i if a == _ANY else i + 1, j if b == _ANY else j + 1))
    return False


@lru_cache(maxsize=4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    wild = {_ANY: ".*", _ONE: "."}
    text = "".join(wild.get(character) or re.escape(character) for character in _tokens(pattern))
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
