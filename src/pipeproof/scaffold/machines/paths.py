"""Places in JSON documents, as a definition's expressions name them, and documents that have something there."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]
"""Keys and indices from the top: `$.lines[0].sku` is `("lines", 0, "sku")`."""

_STEP = r"\.[A-Za-z_][\w-]*|\[['\"][^'\"]+['\"]\]|\[(?:\d+|\*)\]"
_JSONPATH = re.compile(rf"(?<!\$)\$((?:{_STEP})+)")
_JSONATA_INPUT = re.compile(r"\$states\.input((?:\.[A-Za-z_]\w*|\[\d+\])*)")
_JSONATA_VARIABLE = re.compile(r"\$(?!states\b)([A-Za-z_]\w*)\b(?!\s*\()((?:\.[A-Za-z_]\w*|\[\d+\])*)")


def parse(steps: str) -> Path:
    """Return the path of the steps behind a `$`: a name, `['name']`, `[0]`; `[*]` counts as the first item."""
    found: list[str | int] = []
    for step in re.findall(_STEP, steps):
        inner = step[1:].strip("]").strip("'\"") if step[0] == "[" else step[1:]
        found.append(0 if inner == "*" else int(inner) if step[0] == "[" and inner.isdigit() else inner)
    return tuple(found)


def named_in(text: str) -> list[Path]:
    """Return the paths that a JSONPath field or intrinsic function reads from the state's data."""
    return [parse(match[1]) for match in _JSONPATH.finditer(text)]


def inputs_in(expression: str) -> list[Path]:
    """Return the paths below `$states.input` that a JSONata expression reads."""
    return [parse(match[1]) for match in _JSONATA_INPUT.finditer(expression)]


def variables_in(expression: str) -> list[tuple[str, Path]]:
    """Return the variables that a JSONata expression reads, each with the path in it."""
    return [(match[1], parse(match[2])) for match in _JSONATA_VARIABLE.finditer(expression)]


def strings(value: Any) -> Iterator[tuple[str, str]]:
    """Yield each text in a JSON value, with the key under which it stands."""
    for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        if isinstance(item, str):
            yield str(key), item
        elif isinstance(item, Mapping | list):
            yield from strings(item)


def put(document: Any, path: Path, value: Any) -> Any:
    """Return a document that has a value at a path; what holds several values is not replaced by one of none."""
    if not path:
        return document if isinstance(document, dict | list) and not isinstance(value, dict | list) else value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items = list(document) if isinstance(document, list) else []
        items += [{} for _ in range(step + 1 - len(items))]
        items[step] = put(items[step], rest, value)
        return items
    if isinstance(document, list):  # `$.lines.sku` of a list is that of its items
        return [put(item, path, value) for item in document or [{}]]
    fields = dict(document) if isinstance(document, dict) else {}
    fields[step] = put(fields.get(step), rest, value)
    return fields


def take_away(document: Any, path: Path) -> Any:
    """Return a document without what is at a path."""
    if not path:
        return document
    step, rest = path[0], path[1:]
    if isinstance(step, str) and isinstance(document, dict) and step in document:
        fields = dict(document)
        if rest:
            fields[step] = take_away(fields[step], rest)
        else:
            del fields[step]
        return fields
    if isinstance(step, int) and isinstance(document, list) and rest and step < len(document):
        return [take_away(item, rest) if index == step else item for index, item in enumerate(document)]
    return document
