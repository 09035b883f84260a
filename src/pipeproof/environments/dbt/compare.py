"""Whether what was built is what was expected, by value; if not, which rows are missing, extra or changed."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeproof.environments.dbt.errors import DbtRowsError
from pipeproof.environments.dbt.rows import JSON_FIELD, write_json
from pipeproof.environments.dbt.values import Key, adapt, identify, is_close, is_number, read_column

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

PAIRED = 200
"""How many missing and extra rows are looked through for pairs; a difference beyond that is counted, not explained."""

Row = tuple[Any, ...]
Tolerance = float | Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class Change:
    """A row that is there, but not as expected; `cells` are the positions of the columns that differ."""

    expected: Row
    built: Row
    cells: frozenset[int]


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, row by row; `more` is how many missing and extra rows are not listed."""

    columns: Sequence[str]
    missing: Sequence[Row] = ()
    extra: Sequence[Row] = ()
    changed: Sequence[Change] = ()
    more: int = 0
    counts: tuple[int, int] = field(default=(0, 0))


def compare_tables(
    built: "pa.Table",
    expected: "pa.Table",
    *,
    typed: bool = True,
    columns: Sequence[str] | None = None,
    ordered: bool = False,
    tolerance: Tolerance = None,
    key: Sequence[str] = (),
) -> Difference | None:
    """The difference between two tables; `None` if there is none.

    Args:
        built: What is there.
        expected: What should be there. Its columns are the ones that are compared.
        typed: Whether the expected values have types of their own; those of a CSV file have not.
        columns: Compare these columns alone.
        ordered: Whether the order of the rows counts.
        tolerance: How far numbers may be apart: for all columns, or by column.
        key: The columns by which a changed row is known to be the same row.

    Raises:
        DbtRowsError: A column is not there.
    """
    from pipeproof.environments.dbt.compare_large import LARGE, can_drop, drop_equal_rows

    built, expected = _pick(built, expected, columns)
    counts = (expected.num_rows, built.num_rows)
    more = 0
    if max(counts) > LARGE and can_drop(built, expected):
        limits = _tolerances(expected.column_names, tolerance)
        built, expected, more = drop_equal_rows(built, expected, limits, typed=typed, ordered=ordered)
    names = expected.column_names
    wanted, found = _read_both(expected, built, typed=typed)
    limits = _tolerances(names, tolerance)
    if ordered:
        difference = _compare_in_order(names, wanted, found, limits)
    else:
        difference = _compare_as_bags(
            names, wanted, found, limits, [at for at, name in enumerate(names) if name in key]
        )
    if difference is None:
        return None if not more else Difference(names, more=more, counts=counts)
    return Difference(names, difference.missing, difference.extra, difference.changed, more, counts)


def _pick(built: "pa.Table", expected: "pa.Table", columns: Sequence[str] | None) -> "tuple[pa.Table, pa.Table]":
    """The two tables with the same columns in the same order; names that differ in case alone are the same."""
    wanted = list(columns) if columns is not None else expected.column_names or built.column_names
    picked = []
    for side, table in (("expected", expected), ("built", built)):
        names = {name.lower(): name for name in reversed(table.column_names)}
        if side == "expected" and not table.column_names:
            picked.append(built.select([]).slice(0, 0))
            continue
        lacking = [name for name in wanted if name not in table.column_names and name.lower() not in names]
        if lacking:
            has = ", ".join(table.column_names)
            raise DbtRowsError(
                f"the {side} rows have no column {', '.join(map(repr, lacking))}", hint=f"they have {has}"
            )
        found = [name if name in table.column_names else names[name.lower()] for name in wanted]
        picked.append(table.select(found).rename_columns(wanted))
    if not expected.column_names:
        picked[0] = picked[1].slice(0, 0)
    return picked[1], picked[0]


def _read_both(expected: "pa.Table", built: "pa.Table", *, typed: bool) -> tuple[list[Row], list[Row]]:
    wanted, found = [], []
    for name in expected.column_names:
        held, want = read_column(built.column(name)), read_column(expected.column(name))
        kind = built.schema.field(name).type
        if expected.schema.field(name).metadata == JSON_FIELD:
            held, want = [_parse(value) for value in held], [_parse(value) for value in want]
        else:
            want = [adapt(value, kind, typed=typed) for value in want]
        wanted.append(want)
        found.append(held)
    return list(zip(*wanted, strict=True)), list(zip(*found, strict=True))


def _parse(value: Any) -> Any:
    """JSON text, or what could be written as such, as what it says."""
    try:
        return json.loads(value if isinstance(value, str) else write_json(value)) if value is not None else None
    except ValueError:
        return value


def _tolerances(names: Sequence[str], tolerance: Tolerance) -> list[float | None]:
    if isinstance(tolerance, Mapping):
        unknown = sorted(set(tolerance) - set(names))
        if unknown:
            raise DbtRowsError(f"tolerance names columns that are not compared: {', '.join(unknown)}")
        return [tolerance.get(name) for name in names]
    return [tolerance] * len(names)


def _differing(wanted: Row, found: Row, limits: Sequence[float | None]) -> frozenset[int]:
    return frozenset(
        at
        for at, (one, other, limit) in enumerate(zip(wanted, found, limits, strict=True))
        if identify(one) != identify(other)
        and not (limit is not None and is_number(one) and is_number(other) and is_close(one, other, limit))
    )


def _compare_in_order(
    names: Sequence[str], wanted: list[Row], found: list[Row], limits: Sequence[float | None]
) -> Difference | None:
    pairs = zip(wanted, found, strict=False)
    changed = [Change(one, other, cells) for one, other in pairs if (cells := _differing(one, other, limits))]
    short = min(len(wanted), len(found))
    if not changed and len(wanted) == len(found):
        return None
    return Difference(names, wanted[short:], found[short:], changed)


def _compare_as_bags(
    names: Sequence[str], wanted: list[Row], found: list[Row], limits: Sequence[float | None], key: list[int]
) -> Difference | None:
    missing, extra = _subtract(wanted, found)
    if any(limit is not None for limit in limits):
        missing, extra = _drop_close(missing, extra, limits)
    if not missing and not extra:
        return None
    changed: list[Change] = []
    if len(missing) <= PAIRED and len(extra) <= PAIRED:
        missing, extra, changed = _pair(missing, extra, limits, key)
    return Difference(names, missing, extra, changed)


def _subtract(wanted: list[Row], found: list[Row]) -> tuple[list[Row], list[Row]]:
    """The rows that only one side has, duplicates counted."""
    keys = [tuple(map(identify, row)) for row in wanted]
    other = [tuple(map(identify, row)) for row in found]
    left, right = Counter(keys) - Counter(other), Counter(other) - Counter(keys)
    return _take(wanted, keys, left), _take(found, other, right)


def _take(rows: list[Row], keys: list[Key], counts: Counter[Key]) -> list[Row]:
    taken = []
    for row, row_key in zip(rows, keys, strict=True):
        if counts[row_key]:
            counts[row_key] -= 1
            taken.append(row)
    return taken


def _drop_close(missing: list[Row], extra: list[Row], limits: Sequence[float | None]) -> tuple[list[Row], list[Row]]:
    """Match the rows that differ only by numbers within their tolerance: among rows that are equal in all else."""

    def split(row: Row) -> tuple[Key, Key]:
        loose = [limit is not None and is_number(cell) for cell, limit in zip(row, limits, strict=True)]
        exact = tuple(("loose",) if free else identify(cell) for cell, free in zip(row, loose, strict=True))
        return exact, tuple(identify(cell) for cell, free in zip(row, loose, strict=True) if free)

    groups: dict[Key, tuple[list[tuple[Key, Row]], list[tuple[Key, Row]]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((missing, extra)):
        for row in rows:
            exact, numbers = split(row)
            groups[exact][side].append((numbers, row))
    left: list[Row] = []
    right: list[Row] = []
    for wants, finds in groups.values():
        wants.sort(key=lambda entry: entry[0])
        finds.sort(key=lambda entry: entry[0])
        while wants and finds:
            if not _differing(wants[0][1], finds[0][1], limits):
                wants.pop(0)
                finds.pop(0)
            elif wants[0][0] < finds[0][0]:
                left.append(wants.pop(0)[1])
            else:
                right.append(finds.pop(0)[1])
        left += [row for _, row in wants]
        right += [row for _, row in finds]
    return left, right


def _pair(
    missing: list[Row], extra: list[Row], limits: Sequence[float | None], key: list[int]
) -> tuple[list[Row], list[Row], list[Change]]:
    """Tell changed rows from missing and extra ones: by the key where there is one, else by how much is the same."""
    changed: list[Change] = []
    unpaired: list[Row] = []
    for want in missing:
        best = None
        for at, find in enumerate(extra):
            cells = _differing(want, find, limits)
            fits = not cells & set(key) if key else len(cells) * 2 <= len(want) and len(cells) < len(want)
            if fits and (best is None or len(cells) < len(best[1])):
                best = (at, cells)
        if best is None:
            unpaired.append(want)
        else:
            changed.append(Change(want, extra.pop(best[0]), best[1]))
    return unpaired, extra, changed
