"""The expressions of workflows, as far as this repository's own use them; anything else is an error.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w-]*)|(?P<sign>&&|\|\||==|!=|[!().,]))"
)
_EMBEDDED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_WORDS = {"true": True, "false": False, "null": None}

Functions = Mapping[str, Callable[..., Any]]


def fill(value: Any, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """Fill in the expressions of a text, or of all texts in a value; a text that is one expression has its value."""
    if isinstance(value, dict):
        return {key: fill(inner, contexts, functions) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, contexts, functions) for inner in value]
    if not isinstance(value, str):
        return value
    whole = _EMBEDDED.fullmatch(value.strip())
    if whole and "${{" not in whole[1]:
        return evaluate(whole[1], contexts, functions)
    return _EMBEDDED.sub(lambda match: as_text(evaluate(match[1], contexts, functions)), value)


def is_true(condition: str, contexts: Mapping[str, Any], functions: Functions) -> bool:
    """Evaluate an `if`, with or without its braces; without a function of the status `success()` is part of it."""
    whole = _EMBEDDED.fullmatch(condition.strip())
    text = whole[1] if whole else condition
    met = bool(evaluate(text, contexts, functions))
    if re.search(r"\b(?:always|cancelled|failure|success)\(", text):
        return met
    return met and bool(functions["success"]())


def as_text(value: Any) -> str:
    """Write a value as GitHub does."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def evaluate(text: str, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """Evaluate one expression, without its braces."""
    parser = _Parser(text, contexts, functions)
    value = parser.either()
    assert not parser.rest(), f"{text!r} is more than is understood here"
    return value


class _Parser:
    def __init__(self, text: str, contexts: Mapping[str, Any], functions: Functions) -> None:
        self._text, self._at = text, 0
        self._contexts, self._functions = contexts, functions

    def rest(self) -> str:
        return self._text[self._at :].strip()

    def _next(self) -> re.Match[str]:
        match = _TOKEN.match(self._text, self._at)
        assert match, f"not understood: {self.rest()!r}"
        self._at = match.end()
        return match

    def sign(self) -> str | None:
        match = _TOKEN.match(self._text, self._at)
        return match["sign"] if match else None

    def _take(self, *signs: str) -> bool:
        if self.sign() in signs:
            self._next()
            return True
        return False

    def either(self) -> Any:
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = value or other
        return value

    def _both(self) -> Any:
        value = self._equal()
        while self._take("&&"):
            other = self._equal()
            value = value and other
        return value

    def _equal(self) -> Any:
        value = self._not()
        while (sign := self.sign()) in ("==", "!="):
            self._next()
            other = self._not()
            value = (_loose(value) == _loose(other)) is (sign == "==")
        return value

    def _not(self) -> Any:
        return not self._not() if self._take("!") else self._one()

    def _one(self) -> Any:
        if self._take("("):
            value = self.either()
            assert self._take(")")
            return value
        match = self._next()
        if match["text"]:
            return match["text"][1:-1].replace("''", "'")
        if match["number"]:
            return float(match["number"]) if "." in match["number"] else int(match["number"])
        assert match["name"], f"not understood: {match[0]!r}"
        if match["name"] in _WORDS:
            return _WORDS[match["name"]]
        return self._call(match["name"]) if self._take("(") else self._path(match["name"])

    def _call(self, name: str) -> Any:
        arguments = []
        while not self._take(")"):
            arguments.append(self.either())
            self._take(",")
        return self._functions[name](*arguments)

    def _path(self, name: str) -> Any:
        value = self._contexts[name]
        while self._take("."):
            value = value.get(self._next()["name"]) if isinstance(value, Mapping) else None
        return value


def _loose(value: Any) -> Any:
    """Return what a comparison looks at: texts without their case; nothing, numbers and booleans as numbers."""
    if isinstance(value, str):
        return value.lower()
    return float(value or 0) if value is None or isinstance(value, bool | int | float) else value
