"""A difference between rows as a small table for a terminal and a report."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from pipeproof.environments.dbt.comparison.tables import Difference

LISTED = 10
"""How many rows of each kind are shown."""

WIDTH = 40
"""How wide a cell may get."""

MARK = "*"
"""What follows a cell that differs."""


def render_difference(name: str, difference: Difference) -> str:
    """Return what differs, in a line that counts and a table that shows; cells that differ end in `*`."""
    expected, built = difference.counts
    parts = [
        f"{len(rows)} {kind}"
        for kind, rows in (
            ("missing", difference.missing),
            ("extra", difference.extra),
            ("changed", difference.changed),
        )
        if rows
    ]
    if difference.more:
        parts.append(f"{difference.more} more that differ")
    summary = f"{name}: {', '.join(parts)} ({expected} expected, {built} built)"
    return "\n".join([summary, *_render_table(difference), *_render_omitted(difference)])


def _render_table(difference: Difference) -> Iterable[str]:
    lines: list[Sequence[str]] = [["", "", *difference.columns]]
    for change in difference.changed[:LISTED]:
        lines.append(["changed", "expected", *_cells(change.expected, frozenset())])
        lines.append(["", "built", *_cells(change.built, change.cells)])
    lines += [["missing", "expected", *_cells(row, frozenset())] for row in difference.missing[:LISTED]]
    lines += [["extra", "built", *_cells(row, frozenset())] for row in difference.extra[:LISTED]]
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    for line in lines:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _render_omitted(difference: Difference) -> Iterable[str]:
    for kind, rows in (("changed", difference.changed), ("missing", difference.missing), ("extra", difference.extra)):
        if len(rows) > LISTED:
            yield f"  … and {len(rows) - LISTED} more {kind}"


def _cells(row: Sequence[Any], marked: frozenset[int]) -> list[str]:
    return [render_value(value) + (MARK if at in marked else "") for at, value in enumerate(row)]


def render_value(value: Any) -> str:
    """Return a value in one short line: text in quotes, NULL as the database says it."""
    if value is None:
        text = "NULL"
    elif isinstance(value, Decimal):
        text = f"{value:f}"
    elif isinstance(value, str):
        text = repr(value)
    elif hasattr(value, "isoformat"):
        text = value.isoformat(" ") if hasattr(value, "hour") and hasattr(value, "year") else value.isoformat()
    else:
        text = repr(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
