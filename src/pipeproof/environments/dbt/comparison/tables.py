"""Whether what was built is what was expected, by value; if not, which rows are missing, extra or changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeproof.environments.dbt.comparison.columns import Column, pair_columns
from pipeproof.environments.dbt.comparison.matching import Change, Left, Limits, Row, differing, match_rows
from pipeproof.environments.dbt.errors import DbtRowsError

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

PAIRED = 200
"""How many missing and extra rows are looked through for pairs; a difference beyond that is counted, not explained."""

Tolerance = float | Mapping[str, float] | None


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
    """Return the difference between two tables; `None` if there is none.

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
    from pipeproof.environments.dbt.comparison import large_tables as compare_large

    built, expected = _pick(built, expected, columns)
    names = expected.column_names
    limits = _tolerances(names, tolerance)
    counts = (expected.num_rows, built.num_rows)
    pairs = pair_columns(built, expected, typed=typed)
    if names and max(counts) > compare_large.LARGE:
        left = compare_large.find_differing_rows(pairs, limits, ordered=ordered)
    else:
        left = Left(*_compare_all(pairs, limits, ordered=ordered))
    if not left:
        return None
    if not ordered and len(left.missing) <= PAIRED and len(left.extra) <= PAIRED:
        keys = [at for at, name in enumerate(names) if name in key]
        left = Left(*_pair(left.missing, left.extra, limits, keys), left.more)
    return Difference(names, left.missing, left.extra, left.changed, left.more, counts)


def _pick(built: "pa.Table", expected: "pa.Table", columns: Sequence[str] | None) -> "tuple[pa.Table, pa.Table]":
    """Return the two tables with the same columns in the same order; names that differ in case alone are the same."""
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


def _compare_all(
    pairs: Sequence[Column], limits: Limits, *, ordered: bool
) -> tuple[list[Row], list[Row], list[Change]]:
    """Return the missing, the extra and, where the order counts, the changed rows of small tables."""
    wanted = list(zip(*(pair.read_expected(pair.expected) for pair in pairs), strict=True))
    found = list(zip(*(pair.read_built(pair.built) for pair in pairs), strict=True))
    if not ordered:
        return *match_rows(wanted, found, limits), []
    rows = zip(wanted, found, strict=False)
    changed = [Change(one, other, cells) for one, other in rows if (cells := differing(one, other, limits))]
    short = min(len(wanted), len(found))
    return wanted[short:], found[short:], changed


def _tolerances(names: Sequence[str], tolerance: Tolerance) -> list[float | None]:
    if isinstance(tolerance, Mapping):
        unknown = sorted(set(tolerance) - set(names))
        if unknown:
            raise DbtRowsError(f"tolerance names columns that are not compared: {', '.join(unknown)}")
        return [tolerance.get(name) for name in names]
    return [tolerance] * len(names)


def _pair(
    missing: list[Row], extra: list[Row], limits: Limits, key: list[int]
) -> tuple[list[Row], list[Row], list[Change]]:
    """Tell changed rows from missing and extra ones: by the key where there is one, else by how much is the same."""
    changed: list[Change] = []
    unpaired: list[Row] = []
    for want in missing:
        best = None
        for at, find in enumerate(extra):
            cells = differing(want, find, limits)
            fits = not cells & set(key) if key else len(cells) * 2 <= len(want) and len(cells) < len(want)
            if fits and (best is None or len(cells) < len(best[1])):
                best = (at, cells)
        if best is None:
            unpaired.append(want)
        else:
            changed.append(Change(want, extra.pop(best[0]), best[1]))
    return unpaired, extra, changed
