"""Python values as a person would write them into a test."""

import datetime
import decimal
import re
from typing import Any

WIDTH = 110
"""Columns that a line may have, before the value in it is broken into several."""


def write(value: Any, indent: int = 4, before: int = 0) -> str:
    """Return the source of a value, as ruff and black would lay it out.

    Args:
        value: The value.
        indent: The blanks at the beginning of the line that it stands in.
        before: The characters between them and the value.
    """
    line = _one_line(value)
    if indent + before + len(line) <= WIDTH or not isinstance(value, dict | list | tuple) or not value:
        return line
    inner = " " * (indent + 4)
    if isinstance(value, dict):
        items = [f"{_one_line(key)}: {write(item, indent + 4, len(_one_line(key)) + 3)}" for key, item in value.items()]
    else:
        items = [write(item, indent + 4, 1) for item in value]
    brackets = "{}" if isinstance(value, dict) else "[]" if isinstance(value, list) else "()"
    return f"{brackets[0]}\n" + "".join(f"{inner}{item},\n" for item in items) + " " * indent + brackets[1]


def _one_line(value: Any) -> str:
    if isinstance(value, str):
        text = repr(value)
        return text if '"' in value or "\\" in text else f'"{text[1:-1]}"' if text[0] == "'" else text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_one_line(key)}: {_one_line(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_one_line, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_one_line, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, decimal.Decimal):
        return f'Decimal("{value}")'
    if isinstance(value, datetime.date):
        return repr(value).removeprefix("datetime.")
    return repr(value)


def is_written(value: Any) -> bool:
    """Return whether the source of a value, with its imports, is the value again."""
    if isinstance(value, dict):
        return type(value) is dict and all(is_written(each) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return type(value) in (list, tuple) and all(map(is_written, value))
    if isinstance(value, datetime.datetime):
        return value.tzinfo is None
    return value is None or type(value) in (bool, int, float, str, bytes, datetime.date, decimal.Decimal)


def imports_of(values: Any) -> list[str]:
    """Return the lines that import what the source of some values names."""
    names = _types_in(values)
    lines = {
        "from datetime import ": [name for name in ("date", "datetime") if name in names],
        "from decimal import ": [name for name in ("Decimal",) if name in names],
    }
    return [f"{line}{', '.join(found)}" for line, found in lines.items() if found]


def _types_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*(_types_in(item) for item in value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(_types_in, value))
    return {type(value).__name__}


def identifier(text: str) -> str:
    """Return a text as part of a Python name: `Is it large?` is `is_it_large`."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    return re.sub(r"\W+", "_", snake).strip("_").lower() or "it"
