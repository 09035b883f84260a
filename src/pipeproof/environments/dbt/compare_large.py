"""Comparison of tables that are too large for Python: DuckDB takes away the rows that are equal, on disk if it must."""

import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

LARGE = 20_000
"""From how many rows on."""

LISTED = 1_000
"""How many rows of each side are brought back to be explained."""

MEMORY = "1GB"
"""What DuckDB may use before it spills to a temporary folder."""


def can_drop(built: "pa.Table", expected: "pa.Table") -> bool:
    """Whether SQL can tell all columns' values apart as Python would: not inside JSON, lists and structs."""
    import pyarrow as pa

    fields = [*built.schema, *expected.schema]
    return not any(field.metadata or pa.types.is_nested(field.type) or _is_extension(field.type) for field in fields)


def drop_equal_rows(
    built: "pa.Table", expected: "pa.Table", limits: Sequence[float | None], *, typed: bool
) -> "tuple[pa.Table, pa.Table, int]":
    """What is left of two tables when the rows that both have are taken away, and how many rows beyond are left."""
    import duckdb
    import pyarrow as pa

    with tempfile.TemporaryDirectory(prefix="pipeproof-") as folder, duckdb.connect() as database:
        database.execute(f"set memory_limit = '{MEMORY}'")
        database.execute(f"set temp_directory = '{folder}'")
        database.execute("set timezone = 'UTC'")
        database.register("built_rows", built)
        database.register("expected_rows", expected)
        sides = [
            _same_values(mine, theirs, typed=typed) for mine, theirs in zip(built.schema, expected.schema, strict=True)
        ]
        for name, forms in (("built", [side[0] for side in sides]), ("expected", [side[1] for side in sides])):
            pairs = zip(forms, built.column_names, strict=True)
            values = ", ".join(f"{form.format(at=_quote(column))} as v{at}" for at, (form, column) in enumerate(pairs))
            database.execute(
                f"create temp table {name} as "  # noqa: S608 - names of ours
                f"select row_number() over () - 1 as place_, {values} from {name}_rows"
            )
        every = ", ".join(f"v{at}" for at in range(len(limits)))
        left = {
            name: _left_over(database, name, other, every)
            for name, other in (("built", "expected"), ("expected", "built"))
        }
        loose = [
            at for at, (limit, side) in enumerate(zip(limits, sides, strict=True)) if limit is not None and side[2]
        ]
        if loose:
            _drop_close(database, limits, loose)
        rows = {
            name: _fetch(database, f"select place_ from {table} order by place_")  # noqa: S608
            for name, table in left.items()
        }
    more = sum(max(0, len(found) - LISTED) for found in rows.values())
    listed = {name: pa.array(found[:LISTED], pa.int64()) for name, found in rows.items()}
    return built.take(listed["built"]), expected.take(listed["expected"]), more


def _left_over(database: Any, name: str, other: str, every: str) -> str:
    """Rows of one side that the other has not, or has fewer of."""
    table = f"{name}_left"
    database.execute(
        f"create temp table {table} as with "  # noqa: S608 - names of ours
        f"mine as (select *, row_number() over (partition by {every}) as copy from {name}), "
        f"theirs as (select {every}, count(*) as copies from {other} group by all) "
        f"select mine.* from mine left join theirs on "
        + " and ".join(f"mine.{column} is not distinct from theirs.{column}" for column in every.split(", "))
        + " where mine.copy > coalesce(theirs.copies, 0)"
    )
    return table


def _drop_close(database: Any, limits: Sequence[float | None], loose: Sequence[int]) -> None:
    """Match, among rows that are equal in all else, the numbers in their order where they are within the tolerance."""
    exact = [f"v{at}" for at in range(len(limits)) if at not in loose]
    order = ", ".join(f"v{at}" for at in loose)
    partition = f"partition by {', '.join(exact)} " if exact else ""
    for name in ("built", "expected"):
        database.execute(
            f"create temp table {name}_ranked as "  # noqa: S608 - names of ours
            f"select *, row_number() over ({partition}order by {order}) as place from {name}_left"
        )
    same = [f"b.{column} is not distinct from e.{column}" for column in exact]
    close = [f"(abs(b.v{at} - e.v{at}) <= {limits[at]!r} or b.v{at} is not distinct from e.v{at})" for at in loose]
    database.execute(
        "create temp table close as select b.place_ as b, e.place_ as e from built_ranked b join expected_ranked e on "  # noqa: S608
        + " and ".join(["b.place = e.place", *same, *close])
    )
    database.execute("delete from built_left where place_ in (select b from close)")
    database.execute("delete from expected_left where place_ in (select e from close)")


def _same_values(built: "pa.Field[Any]", expected: "pa.Field[Any]", *, typed: bool) -> tuple[str, str, bool]:
    """SQL for each side that makes equal values equal, and whether they are numbers."""
    import pyarrow as pa

    mine, theirs = built.type, expected.type
    numbers = [_is_number(mine), _is_number(theirs)]
    if all(numbers):
        if pa.types.is_floating(mine) or pa.types.is_floating(theirs):
            return _as_double(mine), _as_double(theirs), True
        return "{at}", "{at}", True
    text = pa.types.is_string(theirs) or pa.types.is_large_string(theirs)
    if text and (not typed or pa.types.is_temporal(mine)) and not pa.types.is_string(mine):
        kind = "double" if numbers[0] else _duckdb_type(mine)
        return (_as_double(mine) if numbers[0] else "{at}"), f"try_cast({{at}} as {kind})", numbers[0]
    if pa.types.is_temporal(mine) and pa.types.is_temporal(theirs):
        return "cast({at} as timestamptz)", "cast({at} as timestamptz)", False
    if mine.equals(theirs) or text:
        return ("{at}", "{at}", False) if not any(numbers) else ("'n' || {at}", "'s' || {at}", False)
    return "'b' || cast({at} as varchar)", "'e' || cast({at} as varchar)", False


def _as_double(kind: "pa.DataType") -> str:
    import pyarrow as pa

    return "cast(cast({at} as varchar) as double)" if pa.types.is_float32(kind) else "cast({at} as double)"


def _is_number(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind))


def _is_extension(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return isinstance(kind, pa.BaseExtensionType)


def _duckdb_type(kind: "pa.DataType") -> str:
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_time(kind):
        return "time"
    return "timestamptz" if kind.tz else "timestamp"


def _fetch(database: Any, query: str) -> list[int]:
    return [int(at) for (at,) in database.execute(query).fetchall()]


def _quote(name: str) -> str:
    return f'"{name.replace(chr(34), chr(34) * 2)}"'
