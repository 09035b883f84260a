"""Values for parameters and for what tasks return: by their annotations, and by what a flow asks of them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

UNKNOWN = object()
"""There is no telling what a value of this annotation looks like."""

_ROWS = 3
_KINDS: tuple[str, ...] = ("number", "text", "date", "list", "boolean")


@dataclass
class Record:
    """Rows whose keys are found out one by one: which, and of what kind their values are."""

    keys: dict[str, str] = field(default_factory=dict)

    def row(self, number: int) -> dict[str, Any]:
        """Return the row of that number, from 1."""
        return {name: value_of(name, kind, number) for name, kind in self.keys.items()}


def value_of(name: str, kind: str, number: int = 1) -> Any:
    """Return a value of a kind, another one for each number."""
    if kind == "number":
        return number * 10
    if kind == "date":
        return f"2026-01-{number:02}"
    if kind == "list":
        return [number, number + 1]
    if kind == "boolean":
        return number % 2 == 1
    return f"{name} {number}"


def sample(name: str, annotation: str | None, record: Record | None = None) -> Any:
    """Return a value of an annotation, as its text in the source; [UNKNOWN][] for what is not the standard library's.

    Args:
        name: What the value is called.
        annotation: `int`, `list[dict]`, `date | None`, …
        record: What dictionaries have in them.
    """
    if annotation is None:
        return UNKNOWN
    try:
        return _sample(name, ast.parse(annotation, mode="eval").body, record or Record(), 1)
    except SyntaxError:
        return UNKNOWN


def _sample(name: str, node: ast.expr, record: Record, number: int) -> Any:
    if isinstance(node, ast.BinOp):  # `X | None`
        return _sample(name, node.left, record, number)
    base, inner = _split(node)
    if base in ("Optional", "Annotated", "Union") and inner:
        return _sample(name, inner[0], record, number)
    plain = {
        "str": f"{name} {number}",
        "int": number,
        "float": number + 0.5,
        "bool": number % 2 == 1,
        "date": date(2026, 1, number),
        "datetime": datetime(2026, 1, number, 12),
        "None": None,
    }
    if base in plain:
        return plain[base]
    if base in ("list", "List", "Sequence", "Iterable", "Collection"):
        item = inner[0] if inner else ast.Name("int")
        values = [_sample(name, item, record, place + 1) for place in range(_ROWS)]
        return UNKNOWN if any(value is UNKNOWN for value in values) else values
    if base in ("dict", "Dict", "Mapping"):
        if inner and len(inner) == 2 and not record.keys and _split(inner[1])[0] in plain:
            return {f"{name} {place}": _sample(name, inner[1], record, place) for place in (1, 2)}
        return record.row(number)
    return UNKNOWN


def _split(node: ast.expr) -> tuple[str, list[ast.expr]]:
    """Return an annotation's own name, and what stands in its brackets."""
    if isinstance(node, ast.Subscript):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _split(node.value)[0], inner
    if isinstance(node, ast.Attribute):
        return node.attr, []
    if isinstance(node, ast.Constant):
        return str(node.value), []
    return getattr(node, "id", ""), []


def shapes() -> Iterator[str]:
    """Yield annotations to try for what a task returns, where it has none."""
    yield from ("list[dict]", "dict", "list[int]", "int", "str", "list[str]", "float", "bool")


def next_kind(kind: str) -> str | None:
    """Return the kind of values to try after one that did not do."""
    place = _KINDS.index(kind) + 1
    return _KINDS[place] if place < len(_KINDS) else None
