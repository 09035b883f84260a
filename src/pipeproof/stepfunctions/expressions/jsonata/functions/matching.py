"""Regular expressions as functions, and the string functions that take them: $match, $contains, $replace, $split.

A matcher takes a text and gives an object with `match`, `start`, `end`, `groups` and a function `next`; users can write
their own. Positions count UTF-16 units, as in JavaScript.
"""

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.callables import Call, Host
from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError, internal_error
from pipeproof.stepfunctions.expressions.jsonata.regexes import Pattern
from pipeproof.stepfunctions.expressions.jsonata.running import check_text
from pipeproof.stepfunctions.expressions.jsonata.texts import number_text
from pipeproof.stepfunctions.expressions.jsonata.values import (
    Array,
    Function,
    is_any_number,
    joined,
    sequence,
    units,
)
from pipeproof.stepfunctions.values import MISSING


def matcher(pattern: Pattern) -> Host:
    """Return the function that a regular expression is."""

    def match(value: Any = MISSING, start: Any = MISSING, *_: Any) -> Any:
        text = units(_script_text(value))
        return _found(pattern, text, _position(start))

    return Host(match, 2)


def _position(start: Any) -> int:
    """Where to look from; a name of a field counts as 0, unless it is a number."""
    if isinstance(start, str):
        start = int(start) if start.isdigit() else 0
    return max(0, int(start)) if is_any_number(start) and math.isfinite(start) else 0


def _found(pattern: Pattern, text: str, start: int) -> Any:
    found = pattern.search(text, start) if start <= len(text) else None
    if found is None:
        return MISSING

    def following(*_: Any) -> Any:
        if found.end() >= len(text):
            return MISSING
        after = _found(pattern, text, found.end())
        if after is not MISSING and after["match"] == "":
            raise JsonataError("D1004")
        return after

    spans = [found.span(index + 1) for index in range(pattern.compiled.groups)]
    groups = [MISSING if start < 0 else joined(text[start:end]) for start, end in spans]
    return {
        "match": joined(text[found.start() : found.end()]),
        "start": found.start(),
        "end": found.end(),
        "groups": groups,
        "next": Host(following, 0),
    }


def _script_text(value: Any) -> str:
    """Return the value as JavaScript makes a text of it where it needs one."""
    if isinstance(value, str):
        return value
    if value is MISSING:
        return "undefined"
    if value is None or value is True or value is False:
        return "null" if value is None else str(value).lower()
    if isinstance(value, list):
        return ",".join("" if item is None or item is MISSING else _script_text(item) for item in value)
    return number_text(value) if is_any_number(value) else "[object Object]"


def _asked(call: Call, function: Any, arguments: list[Any]) -> Any:
    """Return what a matcher answers.

    Raises:
        JsonataError: T1010, it is no match.
    """
    found = call.apply(function, arguments)
    if found is None or found is MISSING or found is False or found in (0, ""):
        return found
    if isinstance(found, dict) and (
        is_any_number(found.get("start"))
        or isinstance(found.get("groups"), list)
        or isinstance(found.get("next"), Function)
    ):
        return found
    raise JsonataError("T1010")


def contains(call: Call, text: Any, token: Any) -> Any:
    """$contains: whether a string or a match is in the text."""
    if text is MISSING:
        return MISSING
    if isinstance(token, str):
        return token in text
    return _asked(call, token, [text]) is not MISSING


def _each_match(call: Call, function: Any, text: str, limit: Any) -> Iterator[dict[str, Any]]:
    found = _asked(call, function, [text])
    count = 0
    while found is not MISSING and (limit is MISSING or count < limit):
        if not isinstance(found, dict):
            raise internal_error("a matcher gave what is not a match")
        yield found
        count += 1
        call.run.spend(1)
        found = _asked(call, found.get("next"), [])


def match(call: Call, text: Any, pattern: Any, limit: Any) -> Any:
    """$match: the matches in a text, with their places and groups."""
    if text is MISSING:
        return MISSING
    if limit is not MISSING and limit < 0:
        raise JsonataError("D3040", value=limit)
    if limit is not MISSING and limit <= 0:
        return sequence()
    found = list(_each_match(call, pattern, text, limit))
    fields = (("match", "match"), ("index", "start"), ("groups", "groups"))
    return Array(({name: item.get(field, MISSING) for name, field in fields} for item in found), sequence=True)


def replace(call: Call, text: Any, pattern: Any, replacement: Any, limit: Any) -> Any:
    """$replace: the text with strings or matches replaced, as many as the limit allows."""
    if text is MISSING:
        return MISSING
    if pattern == "":
        raise JsonataError("D3010", value=pattern)
    if limit is not MISSING and limit < 0:
        raise JsonataError("D3011", value=limit)
    if limit is not MISSING and not limit > 0:
        return text
    if isinstance(pattern, str):
        if replacement is MISSING:
            replacement = "undefined"
        if not isinstance(replacement, str) and pattern not in text:
            return text
        if not isinstance(replacement, str):
            raise internal_error("a string was to be replaced by what a function gives")
        return check_text(text.replace(pattern, replacement, -1 if limit in (MISSING, math.inf) else math.ceil(limit)))
    return _replaced(call, text, pattern, _replacer(call, replacement), limit)


def _replaced(call: Call, text: str, pattern: Any, replacer: Callable[[dict[str, Any]], Any], limit: Any) -> str:
    counted = units(text)
    parts, position = [], 0
    for found in _each_match(call, pattern, text, limit):
        with_what = replacer(found)
        if not isinstance(with_what, str):
            raise JsonataError("D3012", value=with_what)
        parts += [counted[position : found["start"]], units(with_what)]
        position = found["start"] + len(units(found["match"]))
    return check_text(joined("".join([*parts, counted[position:]])))


def _replacer(call: Call, replacement: Any) -> Callable[[dict[str, Any]], Any]:
    if isinstance(replacement, str):
        return lambda found: _substituted(replacement, found["match"], found["groups"])
    return lambda found: call.apply(replacement, [found])


def _substituted(template: str, whole: str, groups: list[Any]) -> str:
    """Return a replacement with `$1` and its like filled in: as many digits as there are groups for, then fewer."""
    digits = len(str(len(groups))) if groups else 1

    def filled(found: re.Match[str]) -> str:
        after = found[1]
        if after[:1] in ("$", "0"):
            return ("$" if after[0] == "$" else whole) + after[1:]
        number = re.match(rf"[0-9]{{1,{digits}}}", after)
        if number is None:
            return "$" + after
        index = int(number[0])
        if digits > 1 and index > len(groups):
            index = int(number[0][: digits - 1])
        group = groups[index - 1] if 0 < index <= len(groups) else MISSING
        return ("" if group is MISSING else group) + after[len(str(index)) :]

    return re.sub(r"\$(\$|[0-9]*)", filled, template)


def split(call: Call, text: Any, separator: Any, limit: Any) -> Any:
    """$split: the parts between strings or matches, as many as the limit allows."""
    if text is MISSING:
        return MISSING
    if limit is not MISSING and limit < 0:
        raise JsonataError("D3020", value=limit)
    if limit is not MISSING and not limit > 0:
        return []
    if isinstance(separator, str):
        parts = text.split(separator) if separator else list(units(text))
        return parts if limit is MISSING else parts[: int(limit) if limit < math.inf else 0]
    found = list(_each_match(call, separator, text, limit))
    counted, parts, start = units(text), [], 0
    for item in found:
        parts.append(joined(counted[start : item["start"]]))
        start = item["end"]
    if limit is MISSING or len(found) < limit:
        parts.append(joined(counted[start:]))
    return parts
