"""Tables that stand in: of the types that the project declares, holding what they were given and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pipeproof.environments.dbt.rows.declared import find_type, is_zoned, widen
from pipeproof.environments.dbt.rows.fidelity import find_change
from pipeproof.environments.dbt.rows.values import read_column
from pipeproof.environments.dbt.session.warehouse import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]


class ColumnError(Exception):
    """A column that cannot hold its rows.

    Args:
        column: Its name.
        kind: Its type, as it is declared.
        reason: What is wrong.
    """

    def __init__(self, column: str, kind: str, reason: str) -> None:
        super().__init__(f"column {column}: {reason}")
        self.column = column
        self.kind = kind


def create_stand_in(
    warehouse: Warehouse,
    relation: Any,
    table: "pa.Table",
    types: Mapping[str, str],
    keys: Sequence[str] = (),
    *,
    lenient: bool = False,
) -> None:
    """Make a table of rows.

    Args:
        warehouse: Where.
        relation: The table.
        table: Its rows.
        types: The types of columns, where the project says them, whether its names are written in capitals or not.
        keys: The table's keys, as SQL declares them.
        lenient: Whether a type that leaves its precision open may be one that holds more.

    Raises:
        ColumnError: A type is none, or it would change a value.
    """
    declared = _by_column(table.column_names, types)
    columns = {name: _name_type(warehouse, relation, table, name, declared) for name in table.column_names}
    table = _align_zones(table, columns)
    wider: dict[str, Iterator[str]] = {}
    while (problem := _try(warehouse, relation, table, columns, keys, declared)) is not None:
        name = problem.column
        if name not in wider:
            wider[name] = widen(declared[name], read_column(table.column(name))) if lenient else iter(())
        kind = next((kind for kind in wider[name] if warehouse.accepts(kind)), None)
        if kind is None:
            warehouse.drop(relation)
            warehouse.forget(relation)
            raise problem
        columns[name] = kind


def create_empty(warehouse: Warehouse, relation: Any, types: Mapping[str, str | None]) -> None:
    """Make a table without rows.

    Args:
        warehouse: Where.
        relation: The table.
        types: Its columns and their types, as the project declares them; None where nothing says one.
    """
    import pyarrow as pa

    unknown = warehouse.name_type(pa.field("unknown", pa.null()))
    columns = dict.fromkeys(types, unknown)
    for name, kind in types.items():
        with suppress(ValueError):
            columns[name] = (find_type(kind, warehouse.dialect, warehouse.accepts) if kind else None) or unknown
    warehouse.create_table(relation, pa.table({}), columns)


def _by_column(names: Sequence[str], types: Mapping[str, str]) -> dict[str, str]:
    lower = {name.lower(): kind for name, kind in types.items()}
    found = {name: types.get(name) or lower.get(name.lower()) for name in names}
    return {name: kind for name, kind in found.items() if kind}


def _name_type(warehouse: Warehouse, relation: Any, table: "pa.Table", name: str, declared: dict[str, str]) -> str:
    """Return a column's type: the declared one, else what it was before if all is NULL now, else that of its values."""
    field = table.schema.field(name)
    if name in declared:
        try:
            kind = find_type(declared[name], warehouse.dialect, warehouse.accepts)
        except ValueError as error:
            raise ColumnError(name, declared[name], str(error)) from error
        if kind is not None:
            return kind
        del declared[name]
    before = warehouse.made_types(relation).get(name)
    if before and table.column(name).null_count == table.num_rows:
        return before
    return warehouse.name_type(field)


def _align_zones(table: "pa.Table", columns: Mapping[str, str]) -> "pa.Table":
    """Times without a zone as UTC where the column has zones, and the other way round: whatever the session's zone."""
    import pyarrow as pa

    for at, field in enumerate(table.schema):
        kind = field.type
        if pa.types.is_timestamp(kind) and bool(kind.tz) != is_zoned(columns[field.name]):
            moved = table.column(at).cast(pa.timestamp(kind.unit, tz=None if kind.tz else "UTC"))
            table = table.set_column(at, pa.field(field.name, moved.type), moved)
    return table


def _try(
    warehouse: Warehouse,
    relation: Any,
    table: "pa.Table",
    columns: Mapping[str, str],
    keys: Sequence[str],
    declared: Mapping[str, str],
) -> ColumnError | None:
    """Make the table; the first column that does not hold what it was given."""
    try:
        warehouse.create_table(relation, table, columns, keys)
    except Exception:
        problem = _find_failing(warehouse, relation, table, columns, declared)
        if problem is None:
            raise
        return problem
    if not table.num_rows or not declared:
        return None
    names = ", ".join(warehouse.quote(name) for name in declared)
    built = warehouse.read_table(f"select {names} from {relation}")  # noqa: S608 - names of the project's
    for at, (name, kind) in enumerate(declared.items()):
        change = find_change(table.column(name), built.column(at))
        if change is not None:
            return ColumnError(name, kind, f"{change[0]!r} would be {change[1]!r} as {kind}")
    return None


def _find_failing(
    warehouse: Warehouse, relation: Any, table: "pa.Table", columns: Mapping[str, str], declared: Mapping[str, str]
) -> ColumnError | None:
    """Return the column that the database refuses, found by giving it each alone."""
    alone = relation.incorporate(path={"identifier": "pipeproof_column"})
    try:
        for name, kind in declared.items():
            try:
                warehouse.create_table(alone, table.select([name]), {name: columns[name]})
            except Exception as error:  # noqa: BLE001 - each driver has its own
                return ColumnError(name, kind, f"it cannot be {kind}: {str(error).strip().splitlines()[0]}")
        return None
    finally:
        warehouse.forget(alone)
        warehouse.execute(f"drop table if exists {alone}")
