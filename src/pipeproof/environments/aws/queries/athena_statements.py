"""A statement of Athena's, executed: queries on DuckDB over the catalogue's tables, and what changes these."""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pipeproof.environments.aws.queries import running
from pipeproof.environments.aws.queries.athena_text import cell_text, column_info
from pipeproof.environments.aws.queries.glue import ddl, writing
from pipeproof.environments.aws.queries.glue.formats import OPEN_CSV
from pipeproof.environments.aws.queries.glue.hive_types import hive_type
from pipeproof.environments.aws.queries.glue.tables import Client, Table, find_table, load, objects_of, quoted
from pipeproof.sql.errors import FailedError, RejectedError, place, untranslatable
from pipeproof.sql.rewriting import start_of
from pipeproof.sql.translation import Dialect, read_statements, tables_of, translate
from pipeproof.sql.trino import trino_rules

SERVICE = "athena"
_HIDDEN = ("$path", "$file_modified_time", "$file_size", "$partition", "$bucket")
"""Columns that each table has beside its own."""
_UNLOAD = re.compile(
    r"\s*UNLOAD\s*\((?P<query>.*)\)\s*TO\s*'(?P<to>[^']*)'\s*WITH\s*\((?P<options>.*)\)\s*;?\s*$",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Outcome:
    """What a statement gave.

    Attributes:
        kind: `DML`, `DDL` or `UTILITY`, as GetQueryExecution says it.
        columns: ColumnInfo of each column.
        rows: The values as texts; None is NULL.
        has_header: Whether the first row of the results are the columns' names.
        written: The objects that it wrote, None of a statement that writes none.
        count: How many rows it wrote.
        scanned: How many bytes it read.
    """

    kind: str
    columns: Sequence[Mapping[str, Any]] = ()
    rows: Sequence[Sequence[str | None]] = ()
    has_header: bool = False
    written: Sequence[str] | None = None
    count: int = 0
    scanned: int = 0


@dataclass(frozen=True)
class Session:
    """Where a statement runs: clients, the database of names without one, where results go, and the text itself."""

    client: Client
    database: str | None
    output: str | None
    sql: str
    parameters: Sequence[str] = field(default=())


@cache
def dialect() -> Dialect:
    """Athena's SQL."""
    return Dialect(SERVICE, "athena", trino_rules(), "_col{}", "DOUBLE", "BIGINT", ("::", "==", "ILIKE", "QUALIFY"))


def check(session: Session) -> list[Any]:
    """Return the statement's trees.

    Raises:
        RejectedError: Athena refuses the statement at once.
    """
    from sqlglot import exp

    if _UNLOAD.match(session.sql) or ddl.is_text_statement(session.sql):
        return []
    trees = read_statements(session.sql, dialect())
    if len(trees) != 1:
        raise RejectedError("Only one sql statement is allowed. Got: " + session.sql)
    if not isinstance(trees[0], (exp.Query, exp.DDL, exp.DML, exp.Drop, exp.Command)):
        raise RejectedError(f"line 1:1: mismatched input '{session.sql.split()[0]}'")
    return trees


def execute(session: Session) -> Outcome:
    """Return what a statement gives.

    Raises:
        RejectedError: Athena refuses it at once.
        FailedError: It fails.
        UntranslatableQueryError: It is not executed here as Athena would.
    """
    from sqlglot import exp

    trees = check(session)
    if not trees:
        return _unloaded(session) if _UNLOAD.match(session.sql) else _changed(session)
    tree = _with_parameters(trees[0], session)
    runs: list[tuple[Any, Callable[[Any, Session], Outcome | None]]] = [
        (exp.Query, _queried), (exp.Create, _created), (exp.Insert, _inserted), (exp.Drop, _dropped),
    ]  # fmt: skip
    outcome = next((run(tree, session) for kind, run in runs if isinstance(tree, kind)), None)
    if outcome is not None:
        return outcome
    raise untranslatable(SERVICE, f"{tree.key.upper()}", session.sql, None)


def _with_parameters(tree: Any, session: Session) -> Any:
    """Return the tree with each `?` replaced by its parameter, which is a literal in SQL.

    Raises:
        RejectedError: There are more or fewer than the statement has.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    marks = list(tree.find_all(exp.Placeholder, bfs=False))
    marks.sort(key=lambda node: start_of(node) or 0)
    if len(marks) != len(session.parameters):
        given = len(session.parameters)
        message = f"line 1:1: Incorrect number of parameters: expected {len(marks)} but found {given}"
        raise FailedError(f"INVALID_PARAMETER_USAGE: {message}")
    for mark, text in zip(marks, session.parameters, strict=True):
        try:
            mark.replace(sqlglot.parse_one(text, read="athena"))
        except SqlglotError as error:
            raise RejectedError(f"the execution parameter {text!r} is not a literal") from error
    return tree


def _queried(tree: Any, session: Session) -> Outcome:
    connection = running.connect()
    try:
        translated, scanned = _prepare(connection, tree, session)
        rows = running.query(connection, translated.sql, translated.names, SERVICE, session.sql)
    finally:
        connection.close()
    columns = [column_info(name, kind) for name, kind in zip(rows.columns, rows.types, strict=True)]
    texts = [[cell_text(value, kind) for value, kind in zip(row, rows.types, strict=True)] for row in rows.values]
    return Outcome("DML", columns, texts, has_header=True, scanned=scanned)


def _prepare(connection: Any, tree: Any, session: Session) -> tuple[Any, int]:
    """Return the query for DuckDB, where its tables have been loaded, and the bytes that were read."""
    from sqlglot import exp

    _refuse_hidden(tree, session)
    found: dict[tuple[str, str], Table] = {}
    for node in tables_of(tree):
        database, name = _name_of(node, session)
        table = found.get((database, name)) or find_table(session.client, database, name, session.sql)
        if table is None:
            ddl.require_database(session.client, database, _at(node, session))
            message = f"{_at(node, session)}: Table 'awsdatacatalog.{database}.{name}' does not exist"
            raise FailedError(f"TABLE_NOT_FOUND: {message}")
        found[database, name] = table
    for column in tree.find_all(exp.Column):
        column.set("catalog", None)  # it is the one that the tables are of
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for (database, name), table in found.items():
        schema.setdefault(database, {})[name] = table.all_columns
    translated = translate(tree, session.sql, dialect(), schema)
    scanned = sum(load(connection, session.client, table, session.sql) for table in found.values())
    return translated, scanned


def _refuse_hidden(tree: Any, session: Session) -> None:
    """Refuse what Athena knows of tables beside their columns: `"$path"`, `"t$partitions"`, `information_schema`."""
    from sqlglot import exp

    for node in tree.find_all(exp.Column, exp.Table):
        part = node.db if isinstance(node, exp.Table) and node.db.lower() == "information_schema" else node.name
        is_column = isinstance(node, exp.Column)
        if part.lower() in ("information_schema", *(_HIDDEN if is_column else ())) or (not is_column and "$" in part):
            raise untranslatable(SERVICE, part, session.sql, start_of(node))


def _at(node: Any, session: Session) -> str:
    starts = [int(part.meta["start"]) for part in node.walk() if "start" in part.meta]
    line, column = place(session.sql, min(starts, default=0))
    return f"line {line}:{column}"


def _name_of(node: Any, session: Session) -> tuple[str, str]:
    """Database and name of a table; both are written into the tree.

    Raises:
        FailedError: Neither the name nor the query has a database.
        UntranslatableQueryError: The table is one of another catalogue.
    """
    from sqlglot import exp

    if node.catalog and node.catalog.lower() != "awsdatacatalog":
        raise untranslatable(SERVICE, f"the catalogue {node.catalog}", session.sql, start_of(node))
    database = (node.db or session.database or "").lower()
    if not database:
        raise FailedError(
            f"MISSING_SCHEMA_NAME: {_at(node, session)}: Schema name must be specified when session schema is not set"
        )
    node.set("catalog", None)
    if not node.db:
        node.set("db", exp.to_identifier(database))
    return database, node.name.lower()


def _staged(connection: Any, query: Any, session: Session, names: Sequence[str] | None) -> int:
    """Run a query into the temporary table that is written from; gives the number of rows."""
    translated, _ = _prepare(connection, query, session)
    columns = ", ".join(quoted(name.lower()) for name in names or translated.names)
    statement = f"CREATE TABLE {writing.STAGED} AS SELECT * FROM ({translated.sql}) AS rows({columns})"
    running.execute(connection, statement, SERVICE, session.sql)
    return int(connection.execute(f"SELECT count(*) FROM {writing.STAGED}").fetchone()[0])


def _created(tree: Any, session: Session) -> Outcome | None:
    """CREATE TABLE AS; CREATE EXTERNAL TABLE."""
    from sqlglot import exp

    if str(tree.args.get("kind")).upper() != "TABLE":
        return None
    table = tree.find(exp.Table)
    database, name = _name_of(table, session)
    ddl.require_database(session.client, database, _at(table, session))
    exists = find_table(session.client, database, name, session.sql) is not None
    if tree.expression is None:
        if not (exists and tree.args.get("exists")):
            ddl.create_external(session.client, tree, database, name, session.sql)
        return Outcome("DDL")
    if exists and tree.args.get("exists"):
        return Outcome("DDL")
    if exists:
        raise FailedError(
            f"TABLE_ALREADY_EXISTS: {_at(table, session)}: Table 'awsdatacatalog.{database}.{name}' already exists"
        )
    options = ddl.table_options(tree, session.sql)
    location = options.location or f"{(session.output or '').rstrip('/')}/tables/{uuid.uuid4()}/"
    if not location.startswith("s3://"):
        raise FailedError("HIVE_PATH_ALREADY_EXISTS: no location to write the table to")
    if next(objects_of(session.client("s3"), location), None) is not None:
        raise FailedError(
            f"HIVE_PATH_ALREADY_EXISTS: Target directory for table '{database}.{name}' already exists: {location}"
        )
    connection = running.connect()
    try:
        without_data = any(part.args.get("no") for part in tree.find_all(exp.WithDataProperty))
        query = exp.select("*").from_(tree.expression.subquery("rows")).limit(0) if without_data else tree.expression
        count = _staged(connection, query, session, None)
        described = connection.execute(f"SELECT * FROM {writing.STAGED} LIMIT 0").description
        columns = [(column[0], hive_type(column[1])) for column in described]
        keys = options.partitioned_by
        if [column for column, _ in columns][len(columns) - len(keys) :] != list(keys):
            raise FailedError(
                "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the "
                "same order as the table properties: " + str(list(keys))
            )
        written = list(
            writing.write(connection, session.client("s3"), location, options.serde, options.separator, keys)
        )
    finally:
        connection.close()
    ddl.create_table(session.client, database, name, columns, options, location)
    ddl.add_partitions(session.client, database, name, {values for _, values in written if values})
    return Outcome("DDL", written=[uri for uri, _ in written], count=count)


def _inserted(tree: Any, session: Session) -> Outcome | None:
    """INSERT INTO: new objects under the table's location, and the partitions that were not there."""
    from sqlglot import exp

    if tree.args.get("overwrite") or tree.args.get("returning") or tree.args.get("conflict"):
        return None
    node = tree.find(exp.Table)
    database, name = _name_of(node, session)
    table = find_table(session.client, database, name, session.sql)
    if table is None:
        raise FailedError(
            f"TABLE_NOT_FOUND: {_at(node, session)}: Table 'awsdatacatalog.{database}.{name}' does not exist"
        )
    storage = table.input["StorageDescriptor"]
    serde = storage.get("SerdeInfo", {}).get("SerializationLibrary", "")
    if serde not in writing.WRITTEN:
        raise untranslatable(SERVICE, f"INSERT INTO a table of {serde or 'no SerDe'}", session.sql, None)
    given = [column.name.lower() for column in tree.this.expressions] if isinstance(tree.this, exp.Schema) else []
    names = given or list(table.all_columns)
    query = tree.expression
    if isinstance(query, exp.Values):
        query = exp.select("*").from_(exp.alias_(query, "rows", table=names))
    connection = running.connect()
    try:
        source, _ = _prepare(connection, query, session)
        if len(source.names) != len(names):
            raise FailedError(
                "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: "
                f"{len(names)} columns in the table, {len(source.names)} in the query"
            )
        columns = ", ".join(quoted(column) for column in names)
        casts = ", ".join(
            f"CAST({quoted(column) if column in names else 'NULL'} AS {kind}) AS {quoted(column)}"
            for column, kind in table.all_columns.items()
        )
        _check_insert(connection, source, names, table, session)
        statement = f"CREATE TABLE {writing.STAGED} AS SELECT {casts} FROM ({source.sql}) AS rows({columns})"
        running.execute(connection, statement, SERVICE, session.sql)
        count = int(connection.execute(f"SELECT count(*) FROM {writing.STAGED}").fetchone()[0])
        properties = storage.get("SerdeInfo", {}).get("Parameters", {})
        separator = properties.get(
            "separatorChar" if serde == OPEN_CSV else "field.delim",
            "," if serde == OPEN_CSV else "\x01",
        )
        keys = [column for column, _ in table.partition_columns]
        written = list(writing.write(connection, session.client("s3"), storage["Location"], serde, separator, keys))
    finally:
        connection.close()
    ddl.add_partitions(session.client, database, name, {values for _, values in written if values})
    return Outcome("DML", written=[uri for uri, _ in written], count=count)


def _check_insert(connection: Any, source: Any, names: Sequence[str], table: Table, session: Session) -> None:
    """Athena inserts no text into a number, or the other way round."""
    described = running.execute(connection, f"SELECT * FROM ({source.sql}) LIMIT 0", SERVICE, session.sql).description
    kinds = [str(column[1]) for column in described]
    wanted = [table.all_columns[name] for name in names]
    for got, kind in zip(kinds, wanted, strict=True):
        if (got == "VARCHAR") != (kind == "VARCHAR") and got != '"NULL"':
            table_types, query_types = ", ".join(wanted).lower(), ", ".join(kinds).lower()
            raise FailedError(
                "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: "
                f"Table: [{table_types}], Query: [{query_types}]"
            )


def _unloaded(session: Session) -> Outcome:
    match = _UNLOAD.match(session.sql)
    assert match is not None  # noqa: S101 - it is what led here
    options = ddl.words_of(match["options"])
    kind = options.get("format", "").upper()
    if kind not in writing.SERDES:
        raise untranslatable(SERVICE, f"UNLOAD with the format {kind or 'none'}", session.sql, match.start("options"))
    query = _with_parameters(read_statements(match["query"], dialect())[0], session)
    location = match["to"]
    if next(objects_of(session.client("s3"), location), None) is not None:
        raise FailedError(f"HIVE_PATH_ALREADY_EXISTS: Target directory {location} already exists")
    inner = Session(session.client, session.database, session.output, match["query"], ())
    connection = running.connect()
    try:
        count = _staged(connection, query, inner, None)
        separator = options.get("field_delimiter", "\x01")
        keys = ddl.list_of(options.get("partitioned_by", ""))
        written = list(writing.write(connection, session.client("s3"), location, writing.SERDES[kind], separator, keys))
    finally:
        connection.close()
    return Outcome("DML", written=[uri for uri, _ in written], count=count)


def _dropped(tree: Any, session: Session) -> Outcome | None:
    from sqlglot import exp

    if str(tree.args.get("kind")).upper() != "TABLE":
        return None
    database, name = _name_of(tree.find(exp.Table), session)
    ddl.drop_table(session.client, database, name, if_exists=bool(tree.args.get("exists")))
    return Outcome("DDL")


def _changed(session: Session) -> Outcome:
    kind, lines = ddl.run_text_statement(session.client, session.sql, session.database)
    columns = [{**column_info("result", _varchar()), "Type": "string"}] if lines is not None else []
    return Outcome(kind, columns, [[line] for line in lines or ()])


def _varchar() -> Any:
    import duckdb

    return duckdb.type("VARCHAR")
