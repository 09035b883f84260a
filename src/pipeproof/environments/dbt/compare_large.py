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
    built: "pa.Table", expected: "pa.Table", limits: Sequence[float | None], *, typed: bool, ordered: bool = False
) -> "tuple[pa.Table, pa.Table, int]":
    """What is left of two tables when the rows that both have are taken away, and how many rows beyond are left.

    Where the order counts, these are the rows that the other table has in the same place.
    """
    import duckdb
    import pyarrow as pa

    with tempfile.TemporaryDirectory(prefix="pipeproof-") as folder, duckdb.connect() as database:
        database.execute(f"set memory_limit = '{MEMORY}'")
        database.execute(f"set temp_directory = '{folder}'")
        database.execute("set timezone = 'UTC'")
        numbers = _read_both(database, built, expected, typed=typed)
        loose = [at for at, limit in enumerate(limits) if limit is not None and at in numbers]
        if ordered:
            _leave_by_place(database, limits, loose)
        else:
            _leave_by_count(database, len(limits))
            if loose:
                _drop_close(database, limits, loose)
        more, listed = 0, {}
        for name in ("built", "expected"):
            (count,) = database.execute(f"select count(*) from {name}_left").fetchone() or (0,)  # noqa: S608
            more += max(0, count - LISTED)
            listing = f"select place_ from {name}_left order by place_ limit {LISTED}"  # noqa: S608
            places = [int(at) for (at,) in database.execute(listing).fetchall()]
            listed[name] = pa.array(places, pa.int64())
    return built.take(listed["built"]), expected.take(listed["expected"]), more


def _read_both(database: Any, built: "pa.Table", expected: "pa.Table", *, typed: bool) -> set[int]:
    """Name the tables `built` and `expected`, with values that are equal where the rows' are; which are numbers."""
    sides = [
        _same_values(mine, theirs, typed=typed) for mine, theirs in zip(built.schema, expected.schema, strict=True)
    ]
    forms = ([side[0] for side in sides], [side[1] for side in sides])
    for name, table, mine in zip(("built", "expected"), (built, expected), forms, strict=True):
        database.register(f"{name}_rows", table)
        pairs = enumerate(zip(mine, table.column_names, strict=True))
        values = ", ".join(f"{form.format(at=_quote(column))} as v{at}" for at, (form, column) in pairs)
        database.execute(
            f"create temp view {name} as "  # noqa: S608 - names of ours
            f"select row_number() over () - 1 as place_, {values} from {name}_rows"
        )
    return {at for at, side in enumerate(sides) if side[2]}


def _leave_by_count(database: Any, width: int) -> None:
    """Leave the rows of each side that the other has not, or has fewer of."""
    every = ", ".join(f"v{at}" for at in range(width))
    database.execute(
        f"create temp table uneven as select {every}, count(*) filter (mine) as built, "  # noqa: S608 - names of ours
        f"count(*) filter (not mine) as expected from (select {every}, true as mine from built union all "
        f"select {every}, false as mine from expected) group by {every} having built <> expected"
    )
    same = " and ".join(f"mine.v{at} is not distinct from uneven.v{at}" for at in range(width))
    mine = ", ".join(f"mine.v{at}" for at in range(width))
    for name, other in (("built", "expected"), ("expected", "built")):
        joined = f"from {name} as mine join uneven on {same} where uneven.{name} > uneven.{other}"
        database.execute(
            f"create temp table {name}_left as select mine.* {joined} and uneven.{other} = 0 union all "  # noqa: S608
            f"select * exclude (more_, copy_) from (select mine.*, uneven.{name} - uneven.{other} as more_, "
            f"row_number() over (partition by {mine} order by mine.place_) as copy_ "
            f"{joined} and uneven.{other} > 0) where copy_ <= more_"
        )


def _leave_by_place(database: Any, limits: Sequence[float | None], loose: Sequence[int]) -> None:
    """Leave the rows of each side that differ from the other's in the same place."""
    same = " and ".join(
        _is_close(at, limits[at]) if at in loose else f"b.v{at} is not distinct from e.v{at}"
        for at in range(len(limits))
    )
    database.execute(
        "create temp table apart as select b.place_ as built, e.place_ as expected "  # noqa: S608 - names of ours
        "from built as b full join expected as e on b.place_ = e.place_ "
        f"where b.place_ is null or e.place_ is null or not coalesce({same}, false)"
    )
    for name in ("built", "expected"):
        database.execute(
            f"create temp table {name}_left as select {name} as place_ from apart where {name} is not null"  # noqa: S608
        )


def _is_close(at: int, limit: float | None) -> str:
    return f"(abs(b.v{at} - e.v{at}) <= {limit!r} or b.v{at} is not distinct from e.v{at})"


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
    close = [_is_close(at, limits[at]) for at in loose]
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


def _quote(name: str) -> str:
    return f'"{name.replace(chr(34), chr(34) * 2)}"'
