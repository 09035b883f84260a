"""A test's own connection to the database: makes stand-ins, reads what was built, drops what was made.

What a database can do is asked of its adapter and its connection (a cursor that takes Arrow tables, one that copies),
never of its name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeproof.environments.dbt.rows.literals import write_csv, write_row
from pipeproof.environments.dbt.rows.reading import make_array, mark_uuids
from pipeproof.environments.dbt.rows.sql_types import arrow_type, is_json, name_type

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

UNTYPED = '"NULL"'
"""The type, where a database has it, of what is only NULL: it fits wherever any type would."""

_accepted: dict[tuple[str, str], bool] = {}
"""Which types databases are known to have."""

BATCH = 500
"""How many rows one `insert` statement takes, where there is no faster way."""


class Warehouse:
    """The database, through the adapter's own connection.

    Args:
        adapter: Returns dbt's adapter, as the last invocation left it.
        connect: Opens a connection of the adapter's.

    Attributes:
        search_path: Where DuckDB looks for what has no schema; None for its own.
        role: Who asks, quoted; None for the connection's own role.
    """

    def __init__(self, adapter: Callable[[], Any], connect: Callable[[], Any]) -> None:
        self._adapter = adapter
        self._connect = connect
        self._handle: Any = None
        self._made: dict[str, dict[str, str]] = {}
        self._relations: list[Any] = []
        self._alone = True
        self.search_path: str | None = None
        self.role: str | None = None

    @property
    def relations(self) -> list[Any] | None:
        """All that is in the schemas of the test; `None` once somebody else may have written there."""
        table = self._adapter().Relation.Table
        return [relation.incorporate(type=table) for relation in self._relations] if self._alone else None

    def share(self) -> None:
        """Say that somebody else, such as dbt, may have written."""
        self._alone = False

    def close(self) -> None:
        """Close the connection."""
        if self._handle is not None:
            with suppress(Exception):
                self._handle.close()
            self._handle = None

    def execute(self, sql: str, cursor: Any = None) -> Any:
        """Run a statement and commit it; the cursor."""
        cursor = cursor or self._cursor()
        try:
            cursor.execute(sql)
        except Exception:
            self._end("rollback")
            raise
        if cursor.description is None:
            self._end("commit")
        return cursor

    def read(self, sql: str) -> "tuple[list[str], list[tuple[Any, ...]]]":
        """Return the columns' names and the rows of a query, as the database's driver gives them."""
        cursor = self.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        rows = cursor.fetchall() if names else []
        self._end("commit")
        return names, [tuple(row) for row in rows]

    def read_table(self, sql: str) -> "pa.Table":
        """Return the rows of a query as an Arrow table."""
        import pyarrow as pa

        query = getattr(self._cursor(), "sql", None)
        if callable(query):
            relation = query(sql)
            return mark_uuids(relation.to_arrow_table(), [str(kind) for kind in relation.types])
        cursor = self.execute(sql)
        for method in ("fetchall_arrow", "fetch_arrow_all"):
            fetch = getattr(cursor, method, None)
            if callable(fetch):
                return fetch()
        names = [column[0] for column in cursor.description or ()]
        codes = [column[1] for column in cursor.description or ()]
        rows = cursor.fetchall()
        self._end("commit")
        arrays = [
            self._column(name, code, [row[at] for row in rows])
            for at, (name, code) in enumerate(zip(names, codes, strict=True))
        ]
        return pa.table(dict(zip(names, arrays, strict=True)))

    def column_types(self, relation: Any) -> dict[str, str]:
        """Return the types of a relation's columns in the database's words; none where the relation is not there."""
        if self._alone and str(relation) not in self._made:
            return {}
        _, rows = self.read(
            "select column_name, data_type from information_schema.columns "  # noqa: S608 - names of ours
            f"where table_schema = '{relation.schema}' and table_name = '{relation.identifier}' "
            "order by ordinal_position"
        )
        return {str(name): str(kind) for name, kind in rows}

    def create_schema(self, relation: Any) -> None:
        """Create the schema of a relation."""
        self.execute(f"create schema if not exists {relation.without_identifier().include(database=False)}")

    def drop_schema(self, relation: Any) -> None:
        """Drop the schema of a relation with all that is in it."""
        self.execute(f"drop schema if exists {relation.without_identifier().include(database=False)} cascade")

    def drop(self, relation: Any) -> None:
        """Drop a relation, whether it is a table or a view; a table whose keys point to it keeps its rows."""
        if self._alone and str(relation) not in self._made:
            return
        _, found = self.read(
            "select table_type from information_schema.tables "  # noqa: S608 - names of ours
            f"where table_schema = '{relation.schema}' and table_name = '{relation.identifier}'"
        )
        for (kind,) in found:
            what = "view" if "VIEW" in str(kind).upper() else "table"
            try:
                self.execute(f"drop {what} {relation} cascade")
            except Exception:
                if not self._free(relation):
                    raise
                self.execute(f"drop {what} {relation} cascade")

    def _free(self, relation: Any) -> bool:
        """Let no table point to one any more, where the database has no `cascade` for that; whether any did."""
        try:
            _, found = self.read(
                "select distinct schema_name, table_name from duckdb_constraints() "  # noqa: S608 - names of ours
                f"where constraint_type = 'FOREIGN KEY' and referenced_table = '{relation.identifier}' "
                f"and schema_name like '{relation.schema}%'"
            )
        except Exception:  # noqa: BLE001 - each driver has its own
            return False
        for schema, name in found:
            child = relation.incorporate(path={"schema": schema, "identifier": name})
            copy = relation.incorporate(path={"schema": schema, "identifier": f"pipeproof_{name}"})
            self.execute(f"create or replace table {copy} as select * from {child}")  # noqa: S608 - names of ours
            self.drop(child)
            self.execute(f"alter table {copy} rename to {self.quote(str(name))}")
        return bool(found)

    def forget(self, relation: Any) -> None:
        """Take a table that was made here for one that dbt has made anew."""
        self._made.pop(str(relation), None)
        self._relations = [known for known in self._relations if str(known) != str(relation)]

    def create_from_query(self, relation: Any, query: str) -> None:
        """Make a table of a query."""
        self.share()  # a query can do anything
        self.forget(relation)
        self.drop(relation)
        self.execute(f"create table {relation} as {query}")

    def add_keys(self, relation: Any, keys: Sequence[str]) -> None:
        """Make a table anew, with keys: not every database can add them to one that is there."""
        without = relation.incorporate(path={"identifier": f"pipeproof_{relation.identifier}"})
        columns = self.column_types(relation)
        self.execute(f"alter table {relation} rename to {self.quote(str(without.identifier))}")
        definition = ", ".join(f"{self.quote(name)} {kind}" for name, kind in columns.items())
        self.execute(f"create table {relation} ({', '.join((definition, *keys))})")
        self.execute(f"insert into {relation} select * from {without}")  # noqa: S608 - names of ours
        self.execute(f"drop table {without}")

    def create_table(
        self, relation: Any, table: "pa.Table", columns: Mapping[str, str], keys: Sequence[str] = ()
    ) -> None:
        """Make a table of rows, or fill the one that this made before if its columns are the same.

        A table that is dropped takes the views that read it with it.

        Args:
            relation: The table.
            table: Its rows.
            columns: The types of its columns.
            keys: Its keys, as SQL declares them.
        """
        columns = dict(columns) or {"pipeproof_no_columns": "integer"}
        names = [self.quote(name) for name in columns]
        cursor = self._cursor()
        if not keys and columns == self._made.get(str(relation)):
            self.execute(f"delete from {relation}", cursor)  # noqa: S608 - a name of ours
        else:
            self.drop(relation)
            self.forget(relation)
            definition = ", ".join(f"{name} {kind}" for name, kind in zip(names, columns.values(), strict=True))
            self.execute(f"create table {relation} ({', '.join((definition, *keys))})", cursor)
            self._made[str(relation)] = {} if keys else columns
            self._relations.append(relation)
        if table.num_rows:
            self._insert(cursor, relation, names, list(columns.values()), table)

    def made_types(self, relation: Any) -> Mapping[str, str]:
        """Return the types of a table that was made here, by column; none where it was not."""
        return self._made.get(str(relation), {})

    def quote(self, name: str) -> str:
        """Return a column's name in a statement."""
        return str(self._adapter().quote_as_configured(name, "identifier"))

    def name_type(self, field: "pa.Field[Any]") -> str:
        """What a column of values is declared as; one of NULLs alone as nothing, where the database can do that."""
        import pyarrow as pa

        if pa.types.is_null(field.type) and self.accepts(UNTYPED):
            return UNTYPED
        return name_type(field, self._adapter())

    def accepts(self, kind: str) -> bool:
        """Return whether the database knows a type."""
        known = (self.dialect, kind)
        if known in _accepted:
            return _accepted[known]
        try:
            self.read(f"select cast(null as {kind}) as x")
        except Exception:  # noqa: BLE001 - each driver has its own
            if kind == UNTYPED:
                _accepted[known] = False  # any other may be made later
            return False
        return _accepted.setdefault(known, True)

    def replace_by_view(self, relation: Any, sql: str) -> None:
        """Let a view of a query stand where a table is.

        Args:
            relation: The table.
            sql: The query; where no view can be made of it, the table stays.
        """
        view = relation.incorporate(path={"identifier": "pipeproof_view"})
        self.execute(f"create view {view} as {sql}")
        self.execute(f"drop table {relation}")
        self.execute(f"alter view {view} rename to {self.quote(str(relation.identifier))}")

    @cached_property
    def guesses_types(self) -> bool:
        """Whether a table has a type of the database's choice for a column of NULLs alone: DuckDB's, before its 2.0."""
        if not self.accepts(UNTYPED):
            return False
        self.execute(f"create or replace temporary table pipeproof_guess as select cast(null as {UNTYPED}) as x")
        _, rows = self.read("select data_type from information_schema.columns where table_name = 'pipeproof_guess'")
        return [str(kind) for (kind,) in rows] != [UNTYPED]

    @property
    def dialect(self) -> str:
        """The database's name: `duckdb`, `postgres`, …."""
        return str(self._adapter().type())

    def _insert(
        self, cursor: Any, relation: Any, names: Sequence[str], kinds: Sequence[str], table: "pa.Table"
    ) -> None:
        columns = ", ".join(names)
        if callable(getattr(cursor, "register", None)):
            cursor.register("pipeproof_rows", table)
            values = ", ".join(
                f"cast({name} as json)" if is_json(field) else name
                for name, field in zip(names, table.schema, strict=True)
            )
            self.execute(f"insert into {relation} ({columns}) select {values} from pipeproof_rows", cursor)  # noqa: S608
            cursor.unregister("pipeproof_rows")
        elif table.num_rows > BATCH and callable(getattr(cursor, "copy_expert", None)):
            cursor.copy_expert(f"copy {relation} ({columns}) from stdin with (format csv)", write_csv(table))
            self._end("commit")
        else:
            for start in range(0, table.num_rows, BATCH):
                rows = table.slice(start, BATCH).to_pylist()
                values = ", ".join(write_row(row.values(), kinds) for row in rows)
                self.execute(f"insert into {relation} ({columns}) values {values}", cursor)  # noqa: S608

    def _column(self, name: str, code: Any, values: list[Any]) -> "pa.Array":
        """Values of a driver that knows no Arrow; a column of NULLs gets the type that the adapter names for it."""
        import pyarrow as pa

        array, _ = make_array(name, [bytes(value) if isinstance(value, memoryview) else value for value in values])
        if not pa.types.is_null(array.type):
            return array
        return array.cast(arrow_type(str(self._adapter().connections.data_type_code_to_name(code))))

    @contextmanager
    def playing(self, role: str | None) -> Iterator[None]:
        """Let what is asked be asked by a role, quoted, while this lasts; None is the connection's own."""
        before, self.role = self.role, role
        try:
            yield
        finally:
            self.role = before
            self.execute("reset role", self._live_handle().cursor())

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Let the connection's own role make and ask while this lasts, whoever plays."""
        with self.playing(None) if self.role is not None else nullcontext():
            yield

    def _cursor(self) -> Any:
        """Return a new cursor with the settings of this test: DuckDB gives it none of the connection's."""
        cursor = self._live_handle().cursor()
        if self.role is not None:
            cursor.execute(f"set role {self.role}")
        if self.search_path is not None:
            cursor.execute(f"set search_path = '{self.search_path}'")
        return cursor

    def _live_handle(self) -> Any:
        """Return the connection; made anew where dbt has closed it."""
        if self._handle is not None:
            try:
                cursor = self._handle.cursor()
                cursor.execute("select 1")
                cursor.fetchall()  # dbt-duckdb's connections have one cursor, which takes nothing else before
            except Exception:  # noqa: BLE001 - each driver has its own
                self.close()
        if self._handle is None:
            self._handle = self._connect()
        return self._handle

    def _end(self, how: str) -> None:
        """Commit or roll back, where the driver has begun a transaction."""
        end = getattr(self._handle, how, None)
        if callable(end):
            with suppress(Exception):
                end()
