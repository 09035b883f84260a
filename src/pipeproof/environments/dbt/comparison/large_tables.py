"""Comparison of tables that are too large for Python: DuckDB takes away the rows that are surely equal.

It sees columns in which the same values are equal, and no others, and spills to disk if it must. What numbers within a
tolerance leave open is decided in Python, by the same rules as for small tables, some thousand rows at a time.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pipeproof.environments.dbt.comparison.columns import BATCH, Column, is_numeric, make_comparable
from pipeproof.environments.dbt.comparison.matching import Change, Left, Limits, Row, differing, match_rows
from pipeproof.scratch import scratch_folder

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

LARGE = 20_000
"""From how many rows on."""

LISTED = 1_000
"""How many rows of each side are brought back to be explained."""

MEMORY = "1GB"
"""What DuckDB may use before it spills to a temporary folder."""

ROUNDING = 1e-14
"""What part of itself a number may be off when it is taken for a double."""

ROUNDING_FLOAT = 1e-6
"""The same for a 32-bit float, which prints as another number."""

SIDES = ("built", "expected")


def find_differing_rows(pairs: Sequence[Column], limits: Limits, *, ordered: bool = False) -> Left:
    """The rows that one side alone has; where the order counts, those that differ from what is in the same place."""
    import duckdb

    with scratch_folder("rows-") as folder, duckdb.connect() as database:
        database.execute(f"set memory_limit = '{MEMORY}'")
        database.execute(f"set temp_directory = '{folder}'")
        loose = [at for at, limit in enumerate(limits) if limit is not None]
        rounding = _register(database, pairs, loose if not ordered else [])
        if ordered:
            return _leave_by_place(database, pairs, limits)
        _leave_by_count(database, len(pairs))
        if not loose:
            return _list_left(database, pairs)
        _leave_groups(database, [at for at in range(len(pairs)) if at not in loose])
        if rounding is not None:
            _drop_close(database, limits, loose, rounding)
        _keep_groups(database, [at for at in range(len(pairs)) if at not in loose])
        return _match_groups(database, pairs, limits)


def _register(database: Any, pairs: Sequence[Column], loose: Sequence[int]) -> float | None:
    """Name the tables `built` and `expected`: `v0`, … to compare by and, if all are numbers, `d0`, … to subtract.

    The part of itself that a number may be off then; `None` if these are not all numbers.
    """
    import pyarrow as pa

    kinds = [kind for at in loose for kind in (pairs[at].built.type, pairs[at].expected.type)]
    doubles = all(map(is_numeric, kinds))
    columns: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for at, pair in enumerate(pairs):
        for side, values in zip(columns, make_comparable(pair), strict=True):
            side[f"v{at}"] = values
        if doubles and at in loose:
            for side, values in zip(columns, (pair.built, pair.expected), strict=True):
                side[f"d{at}"] = values.cast(pa.float64(), safe=False)
    for name, side in zip(SIDES, columns, strict=True):
        side["place_"] = pa.array(range(len(side["v0"])), pa.int64())
        database.register(name, pa.table(side))
    if not doubles:
        return None
    short = any(pa.types.is_floating(kind) and not pa.types.is_float64(kind) for kind in kinds)
    return ROUNDING_FLOAT if short else ROUNDING


def _leave_by_count(database: Any, width: int) -> None:
    """Leave the rows of each side that the other has not, or has fewer of."""
    every = ", ".join(f"v{at}" for at in range(width))
    database.execute(
        f"create temp table uneven as select {every}, count(*) filter (mine) as built, "  # noqa: S608 - names of ours
        f"count(*) filter (not mine) as expected from (select {every}, true as mine from built union all "
        f"select {every}, false as mine from expected) group by {every} having built <> expected"
    )
    same = _same("mine", "uneven", range(width))
    mine = ", ".join(f"mine.v{at}" for at in range(width))
    for name, other in (SIDES, SIDES[::-1]):
        joined = f"from {name} as mine join uneven on {same} where uneven.{name} > uneven.{other}"
        database.execute(
            f"create temp table {name}_left as select mine.* {joined} and uneven.{other} = 0 union all "  # noqa: S608
            f"select * exclude (more_, copy_) from (select mine.*, uneven.{name} - uneven.{other} as more_, "
            f"row_number() over (partition by {mine} order by mine.place_) as copy_ "
            f"{joined} and uneven.{other} > 0) where copy_ <= more_"
        )


def _same(one: str, other: str, columns: Sequence[int]) -> str:
    return " and ".join(f"{one}.v{at} is not distinct from {other}.v{at}" for at in columns) or "true"


def _leave_groups(database: Any, exact: Sequence[int]) -> None:
    """Number the groups of rows that are equal in all but their tolerant numbers and in which something is left."""
    names = ", ".join(f"v{at}" for at in exact)
    both = " union all ".join(
        f"select {', '.join(filter(None, (names, f'{mine} as mine')))} from {name}_left"  # noqa: S608 - names of ours
        for name, mine in zip(SIDES, ("true", "false"), strict=True)
    )
    database.execute(
        f"create temp table groups as select {names + ',' if names else ''} row_number() over () as group_, "  # noqa: S608
        f"count(*) filter (mine) as built, count(*) filter (not mine) as expected from ({both}) "
        + (f"group by {names}" if names else "")
    )
    for name in SIDES:
        database.execute(
            f"create temp table {name}_numbered as select mine.*, group_ from {name}_left as mine "  # noqa: S608
            f"join groups on {_same('mine', 'groups', exact)}"
        )


def _drop_close(database: Any, limits: Limits, loose: Sequence[int], rounding: float) -> None:
    """Drop the groups with one row left on each side that are close beyond what rounding could change."""
    near = " and ".join(
        f"(b.v{at} is not distinct from e.v{at} or (isfinite(b.d{at}) and isfinite(e.d{at}) and "
        f"abs(b.d{at} - e.d{at}) <= {float(limits[at] or 0) * (1 - 1e-9)!r} "
        f"- {rounding!r} * (abs(b.d{at}) + abs(e.d{at}))))"
        for at in loose
    )
    database.execute(
        "create temp table close as select group_ from groups join built_numbered as b using (group_) "  # noqa: S608
        f"join expected_numbered as e using (group_) where groups.built = 1 and groups.expected = 1 and {near}"
    )
    database.execute("delete from groups where group_ in (select group_ from close)")


def _keep_groups(database: Any, exact: Sequence[int]) -> None:
    """Keep the places of the rows of the groups, all of them and those that are left, in the groups' order."""
    for name in SIDES:
        database.execute(
            f"create temp table {name}_whole as select mine.place_, group_ from {name} as mine "  # noqa: S608
            f"join groups on {_same('mine', 'groups', exact)} order by group_, mine.place_"
        )
        database.execute(
            f"create temp table {name}_rest as select place_, group_ from {name}_numbered "  # noqa: S608
            "where group_ in (select group_ from groups) order by group_, place_"
        )


def _match_groups(database: Any, pairs: Sequence[Column], limits: Limits) -> Left:
    """Match, in Python, the rows of the groups in which something is left."""
    missing: list[Row] = []
    extra: list[Row] = []
    count = 0
    for places in _read_groups(database):
        found = read_rows_at(pairs, "built", places[0])
        lacking, superfluous = match_rows(read_rows_at(pairs, "expected", places[1]), found, limits)
        missing += lacking[: LISTED - len(missing)]
        extra += superfluous[: LISTED - len(extra)]
        count += len(lacking) + len(superfluous)
    return Left(missing, extra, [], count - len(missing) - len(extra))


def _read_groups(database: Any) -> Iterator[tuple[list[int], list[int]]]:
    """The places of the rows of each side: whole groups, about `BATCH` rows at a time; of larger ones what is left."""
    sizes = database.execute("select group_, built + expected from groups order by group_").fetchall()
    first = 0
    while first < len(sizes):
        last, rows = first, 0
        while last < len(sizes) and (last == first or rows + sizes[last][1] <= BATCH):
            rows += sizes[last][1]
            last += 1
        between = (sizes[first][0], sizes[last - 1][0])
        first = last
        whole = [_read_places(database, f"{name}_whole", between) for name in SIDES]
        if sum(map(len, whole)) > 2 * BATCH:
            whole = [_read_places(database, f"{name}_rest", between) for name in SIDES]
        yield whole[0], whole[1]


def _read_places(database: Any, table: str, between: tuple[int, int]) -> list[int]:
    """Return the places of a table's rows in some groups."""
    places = database.execute(
        f"select place_ from {table} where group_ between ? and ? order by place_",  # noqa: S608
        between,
    )
    return [place for (place,) in places.fetchall()]


def _list_left(database: Any, pairs: Sequence[Column]) -> Left:
    more = 0
    listed = {}
    for name in SIDES:
        (count,) = database.execute(f"select count(*) from {name}_left").fetchone() or (0,)  # noqa: S608
        more += max(0, count - LISTED)
        places = database.execute(f"select place_ from {name}_left order by place_ limit {LISTED}")  # noqa: S608
        listed[name] = read_rows_at(pairs, name, [place for (place,) in places.fetchall()])
    return Left(listed["expected"], listed["built"], [], more)


def _leave_by_place(database: Any, pairs: Sequence[Column], limits: Limits) -> Left:
    """Compare the rows in the same places: those that may differ, in Python; and what one side has beyond the other."""
    database.execute(
        "create temp table apart as select b.place_ as place from built as b join expected as e "  # noqa: S608
        f"on b.place_ = e.place_ where not ({_same('b', 'e', range(len(pairs)))})"
    )
    places = [place for (place,) in database.execute("select place from apart order by place").fetchall()]
    changed: list[Change] = []
    more = 0
    for start in range(0, len(places), BATCH):
        some = places[start : start + BATCH]
        rows = zip(read_rows_at(pairs, "expected", some), read_rows_at(pairs, "built", some), strict=True)
        apart = [Change(one, other, cells) for one, other in rows if (cells := differing(one, other, limits))]
        room = LISTED - len(changed)
        changed += apart[:room]
        more += len(apart[room:])
    sizes = {"built": len(pairs[0].built), "expected": len(pairs[0].expected)}
    short = min(sizes.values())
    more += sum(max(0, size - short - LISTED) for size in sizes.values())
    beyond = {
        name: read_rows_at(pairs, name, list(range(short, min(size, short + LISTED)))) for name, size in sizes.items()
    }
    return Left(beyond["expected"], beyond["built"], changed, more)


def read_rows_at(pairs: Sequence[Column], side: str, places: list[int]) -> list[Row]:
    """Rows of one side, as Python's values."""
    columns = []
    for pair in pairs:
        values, read = (pair.built, pair.read_built) if side == "built" else (pair.expected, pair.read_expected)
        columns.append(read(_take(values, places)))
    return list(zip(*columns, strict=True))


def _take(values: "pa.ChunkedArray", places: list[int]) -> "pa.ChunkedArray":
    import pyarrow as pa

    try:
        return values.take(pa.array(places, pa.int64()))
    except pa.ArrowNotImplementedError:  # of types that are new to Arrow
        chunks = [chunk for place in places for chunk in values.slice(place, 1).chunks]
        return pa.chunked_array(chunks, values.type)
