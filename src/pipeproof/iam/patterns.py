"""IAM's patterns: `*` and `?`, and policy variables such as `${aws:username}`.

Source: AWS IAM user guide, "Resource", "Action" and "Policy variables" of the policy elements reference.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "*", "?": "?", "$": "$"}

Context = Mapping[str, "str | list[str]"]
"""What is known of a request: condition keys in lower case, each with its value or values."""


def matches(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether `value` is what `pattern` describes; `*` matches across `/` and `:` too."""
    return _compiled(pattern, ignore_case).fullmatch(value) is not None


def overlaps(pattern: str, value: str) -> bool:
    """As [matches][], for a value of which parts are not known: these stand in it as `*` and `?`."""
    if matches(pattern, value):
        return True
    return value != "*" and ("*" in value or "?" in value) and matches(value, pattern)


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

    text = _VARIABLE.sub(replacement, pattern)
    return None if missing else text


_ESCAPE = "\ue000"
"""Marks the next character as literal; a character of the private use area, which no name in AWS holds."""


def _escape(value: str) -> str:
    return re.sub(r"([*?])", _ESCAPE + r"\1", value)


@lru_cache(maxsize=4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    parts: list[str] = []
    literal = False
    for character in pattern:
        if character == _ESCAPE:
            literal = True
            continue
        wild = {"*": ".*", "?": "."}.get(character)
        parts.append(wild if wild and not literal else re.escape(character))
        literal = False
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))
