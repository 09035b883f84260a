"""Texts that a parameter's AllowedPattern allows, made from the pattern.

The pattern is read by Python's own parser of regular expressions, `re._parser`, which is private: where it has changed,
or the pattern is one that only Java reads, there is no text.
"""

import re
from importlib import import_module
from typing import Any

_LETTERS = "a0A-_. /:@"
"""What is tried where a class of characters is negated, or any will do."""
_KINDS = {"CATEGORY_DIGIT": "0", "CATEGORY_WORD": "a", "CATEGORY_SPACE": " ", "CATEGORY_NOT_DIGIT": "a",
          "CATEGORY_NOT_WORD": "-", "CATEGORY_NOT_SPACE": "a"}  # fmt: skip


def text_for(pattern: str, wanted: str, least: int = 0) -> str | None:
    """Return a text that a pattern matches as a whole, as CloudFormation asks; None where none is found.

    Args:
        pattern: The AllowedPattern.
        wanted: The text to be taken where the pattern allows it.
        least: How long it has to be at least.
    """
    try:
        compiled = re.compile(pattern)
        if compiled.fullmatch(wanted) and len(wanted) >= least:
            return wanted
        parsed = import_module("re._parser").parse(pattern)
        texts = [_sequence(parsed, more, {}) for more in (0, 1, max(least - 1, 0), least, 2 * least)]
        allowed = [text for text in texts if compiled.fullmatch(text) and len(text) >= least]
        return next((text for text in allowed if text), next(iter(allowed), None))
    except (re.error, ImportError, AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return None


def _sequence(parts: Any, more: int, groups: dict[int, str]) -> str:
    return "".join(_part(str(code), value, more, groups) for code, value in parts)


def _part(code: str, value: Any, more: int, groups: dict[int, str]) -> str:
    if code == "LITERAL":
        return chr(value)
    if code == "NOT_LITERAL":
        return next(letter for letter in _LETTERS if ord(letter) != value)
    if code == "ANY":
        return "a"
    if code == "IN":
        return _one_of(value)
    if code == "BRANCH":
        return _sequence(value[1][-1 if more else 0], more, groups)
    if code in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inner = value
        return "".join(_sequence(inner, 0, groups) for _ in range(min(least + more, int(most))))
    if code == "SUBPATTERN":
        text = _sequence(value[-1], more, groups)
        groups[value[0] or 0] = text
        return text
    if code == "ATOMIC_GROUP":
        return _sequence(value, more, groups)
    return groups[value] if code == "GROUPREF" else ""  # anchors and looks around stand for nothing


def _one_of(choices: Any) -> str:
    """Return a character of a class."""
    if str(choices[0][0]) == "NEGATE":
        refused = re.compile("".join(["[", *(_class_text(code, value) for code, value in choices[1:]), "]"]))
        return next(letter for letter in _LETTERS if not refused.match(letter))
    code, value = choices[0]
    if str(code) == "CATEGORY":
        return _KINDS[str(value)]
    return chr(value[0] if str(code) == "RANGE" else value)


def _class_text(code: Any, value: Any) -> str:
    if str(code) == "CATEGORY":
        return {"CATEGORY_DIGIT": r"\d", "CATEGORY_WORD": r"\w", "CATEGORY_SPACE": r"\s"}[str(value)]
    if str(code) == "RANGE":
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    return re.escape(chr(value))
