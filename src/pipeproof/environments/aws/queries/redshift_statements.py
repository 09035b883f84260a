"""Statements of Redshift's, executed on a database of the test's own in DuckDB."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeproof.environments.aws.queries import running
from pipeproof.sql.errors import FailedError, RejectedError, untranslatable
from pipeproof.sql.redshift import redshift_rules
from pipeproof.sql.translation import Dialect, read_statements, tables_of, translate

SERVICE = "redshift-data"
_STORAGE = re.compile(
    r"\b(?:ENCODE\s+\w+|DISTSTYLE\s+\w+|(?:COMPOUND\s+|INTERLEAVED\s+)?SORTKEY(?:\s*\([^)]*\)|\s+AUTO)?|DISTKEY(?:\s*\([^)]*\))?|BACKUP\s+(?:YES|NO))",
    re.IGNORECASE,
)
"""How a table is stored, which changes no rows."""
_IDENTITY = re.compile(
    r"\b(?:GENERATED\s+(?:BY\s+DEFAULT|ALWAYS)\s+AS\s+)?IDENTITY\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)", re.IGNORECASE
)


@dataclass(frozen=True)
class Result:
    """What a statement gave: rows, or how many rows it changed."""

    rows: running.Rows | None = None
    count: int = -1


@cache
def dialect() -> Dialect:
    """Redshift's SQL."""
    unresolved = 'ERROR: column "{}" does not exist'
    return Dialect(
        SERVICE, "redshift", redshift_rules(), "?column?", "BIGINT", "DECIMAL(38, 0)", ("`", "=="), unresolved
    )


def execute(connection: Any, sql: str, parameters: Sequence[Mapping[str, str]]) -> Result:
    """Return what a statement gives.

    Args:
        connection: DuckDB's connection to the database.
        sql: The statement.
        parameters: `name` and `value` of each of its parameters (`:name`).

    Raises:
        FailedError: It fails.
        UntranslatableQueryError: It is not executed here as Redshift would.
    """
    from sqlglot import exp

    if _IDENTITY.search(sql):
        raise untranslatable(SERVICE, "IDENTITY", sql, None, "the numbers that Redshift gives are not known")
    is_table = re.match(r"\s*CREATE\s+(TABLE|TEMP)", sql, re.IGNORECASE) is not None
    text = _STORAGE.sub(lambda match: " " * len(match[0]), sql) if is_table else sql
    try:
        trees = read_statements(text, dialect())
    except RejectedError as error:
        near = re.search(r"mismatched input '(.*)'", str(error))
        raise FailedError(f'ERROR: syntax error at or near "{near[1] if near else ""}"') from error
    if len(trees) != 1:
        raise FailedError("ERROR: cannot insert multiple commands into a prepared statement")
    tree = _with_parameters(trees[0], parameters)
    if isinstance(tree, exp.Query):
        return _queried(connection, tree, sql)
    runs = {
        exp.Create: _created, exp.Insert: _inserted, exp.Update: _updated, exp.Delete: _updated, exp.Drop: _dropped,
        exp.TruncateTable: _truncated,
    }  # fmt: skip
    run = runs.get(type(tree))
    result = run(connection, tree, sql) if run is not None else None
    if result is None:
        raise untranslatable(SERVICE, " ".join(sql.split()[:2]).upper(), sql, None)
    return result


def _with_parameters(tree: Any, parameters: Sequence[Mapping[str, str]]) -> Any:
    from sqlglot import exp

    values = {one["name"]: one["value"] for one in parameters}
    for mark in list(tree.find_all(exp.Placeholder)):
        if mark.name not in values:
            raise FailedError(f"ERROR: the parameter {mark.name} has no value")
        mark.replace(exp.Literal.string(values[mark.name]))
    return tree


def _schema(connection: Any) -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = {}
    columns = (
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal "
        "ORDER BY column_index"
    )
    for owner, table, column, kind in connection.execute(columns).fetchall():
        found.setdefault(owner, {}).setdefault(table, {})[column] = kind
    return found


def _named(tree: Any, schema: Mapping[str, Mapping[str, Any]]) -> None:
    """Write each table's schema into the tree; `public` without one.

    Raises:
        FailedError: There is no such table.
    """
    from sqlglot import exp

    for node in tables_of(tree):
        owner, name = _owner(node), node.name.lower()
        if name not in schema.get(owner, {}):
            shown = f"{node.db}.{node.name}" if node.db else node.name
            raise FailedError(f'ERROR: relation "{shown.lower()}" does not exist')
        node.set("db", exp.to_identifier(owner))
        node.set("catalog", None)


def _owner(node: Any) -> str:
    owner = (node.db or "public").lower()
    return "main" if owner == "public" else owner


def _translated(connection: Any, tree: Any, sql: str) -> Any:
    schema = _schema(connection)
    _named(tree, schema)
    return translate(tree, sql, dialect(), schema)


def _queried(connection: Any, tree: Any, sql: str) -> Result:
    translated = _translated(connection, tree, sql)
    rows = running.query(connection, translated.sql, translated.names, SERVICE, sql)
    return Result(rows, len(rows.values))


def _created(connection: Any, tree: Any, sql: str) -> Result | None:
    """CREATE TABLE with columns or AS, CREATE SCHEMA. As in Redshift keys are not enforced, lengths of texts are."""
    from sqlglot import exp

    kind = str(tree.args.get("kind")).upper()
    exists = "IF NOT EXISTS " if tree.args.get("exists") else ""
    table = tree.find(exp.Table)
    if kind == "SCHEMA":
        _run(connection, f'CREATE SCHEMA {exists}"{table.db.lower() or table.name.lower()}"', sql)
        return Result(count=0)
    if kind != "TABLE" or tree.args.get("properties") or tree.args.get("replace"):
        return None
    target = _target(table)
    if not exists and table.name.lower() in _schema(connection).get(_owner(table), {}):
        raise FailedError(f'ERROR: Relation "{table.name.lower()}" already exists')
    if tree.expression is not None:
        translated = _translated(connection, tree.expression, sql)
        columns = ", ".join(_quoted(name) for name in translated.names)
        _run(connection, f"CREATE TABLE {exists}{target} AS SELECT * FROM ({translated.sql}) AS rows({columns})", sql)
        return Result(count=0)
    columns = ", ".join(_column(part, sql) for part in tree.this.expressions if isinstance(part, exp.ColumnDef))
    _run(connection, f"CREATE TABLE {exists}{target} ({columns})", sql)
    return Result(count=0)


def _column(node: Any, sql: str) -> str:
    from sqlglot import exp

    kind, name = node.args["kind"], _quoted(node.name.lower())
    text = f"{name} {kind.sql('duckdb')}"
    if kind.this in (exp.DType.VARCHAR, exp.DType.CHAR, exp.DType.NVARCHAR, exp.DType.NCHAR, exp.DType.TEXT):
        length = int(kind.expressions[0].name) if kind.expressions else 256
        text = f"{name} VARCHAR CHECK (strlen({name}) <= {length})"
    for part in node.args.get("constraints") or ():
        constraint = part.kind
        if isinstance(constraint, exp.NotNullColumnConstraint):
            text += "" if constraint.args.get("allow_null") else " NOT NULL"
        elif isinstance(constraint, exp.DefaultColumnConstraint) and isinstance(
            constraint.this, (exp.Literal, exp.Boolean, exp.Null, exp.Neg)
        ):
            text += f" DEFAULT {constraint.this.sql('duckdb')}"
        elif not isinstance(constraint, (exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint, exp.Reference)):
            raise untranslatable(SERVICE, f"{constraint.sql('redshift')} of a column", sql, None)
    return text


def _inserted(connection: Any, tree: Any, sql: str) -> Result | None:
    from sqlglot import exp

    if {name for name, part in tree.args.items() if part} - {"this", "expression", "hint"}:
        return None
    node = tree.find(exp.Table)
    _known(connection, node)
    given = [column.name.lower() for column in tree.this.expressions] if isinstance(tree.this, exp.Schema) else []
    query = tree.expression
    if isinstance(query, exp.Values):
        width = len(query.expressions[0].expressions) if isinstance(query.expressions[0], exp.Tuple) else 1
        names = [f"c{index}" for index in range(width)]
        query = exp.select("*").from_(exp.alias_(query, "rows", table=names))
    translated = _translated(connection, query, sql)
    wanted = given or list(_schema(connection)[_owner(node)][node.name.lower()])
    source = [f"c{index}" for index in range(len(translated.names))]
    lengths = _lengths(connection, node)
    values = ", ".join(_shortened(column, lengths.get(name)) for column, name in zip(source, wanted, strict=False))
    if len(source) > len(wanted):
        raise FailedError("ERROR: INSERT has more expressions than target columns")
    target = f"{_target(node)} ({', '.join(map(_quoted, wanted[: len(source)]))})"
    rows = f"SELECT {values} FROM ({translated.sql}) AS rows({', '.join(source)})"
    cursor = _run(connection, f"INSERT INTO {target} {rows}", sql)
    return Result(count=int(cursor.fetchone()[0]))


def _lengths(connection: Any, node: Any) -> dict[str, int]:
    """The lengths of a table's columns of text, in bytes."""
    checks = "SELECT expression FROM duckdb_constraints() WHERE schema_name = ? AND table_name = ? AND expression <> ''"
    found = connection.execute(checks, [_owner(node), node.name.lower()]).fetchall()
    matches = (re.search(r"strlen\((.+)\) <= (\d+)", expression) for (expression,) in found)
    return {match[1].strip('"').replace('""', '"'): int(match[2]) for match in matches if match}


def _shortened(value: str, length: int | None) -> str:
    """DuckDB's SQL for a value that is stored: of a text that is too long, blanks at its end are cut."""
    if length is None:
        return value
    text = f"rtrim({value}, ' ')"
    return (
        f"CASE WHEN strlen({value}) > {length} AND strlen({text}) <= {length} "
        f"THEN {text} || repeat(' ', {length} - strlen({text})) ELSE {value} END"
    )


def _updated(connection: Any, tree: Any, sql: str) -> Result | None:
    """UPDATE and DELETE of one table, whose new values and condition are translated as those of a query are."""
    from sqlglot import exp

    if {name for name, part in tree.args.items() if part} - {"this", "expressions", "where"}:
        return None
    node = tree.this
    _known(connection, node)
    where = tree.args.get("where")
    changes = list(tree.expressions) if isinstance(tree, exp.Update) else []
    values = [exp.alias_(change.expression.copy(), f"v{index}") for index, change in enumerate(changes)]
    alias = node.alias or node.name
    row = exp.alias_(exp.column("rowid_of_pipeproof", table=alias), "row")
    query = exp.select(row, *values).from_(exp.alias_(exp.table_(node.name, db=node.db or None), alias, table=True))
    query = query.where(where.this.copy()) if where is not None else query
    schema = _schema(connection)
    schema[_owner(node)][node.name.lower()]["rowid_of_pipeproof"] = "BIGINT"
    _named(query, schema)
    chosen = translate(query, sql, dialect(), schema).sql.replace('"rowid_of_pipeproof"', "rowid")
    target = _target(node)
    if isinstance(tree, exp.Delete):
        cursor = _run(connection, f"DELETE FROM {target} WHERE rowid IN (SELECT row FROM ({chosen}))", sql)
    else:
        lengths = _lengths(connection, node)
        columns = [change.this.name.lower() for change in changes]
        sets = ", ".join(
            f"{_quoted(name)} = {_shortened(f'new.v{index}', lengths.get(name))}" for index, name in enumerate(columns)
        )
        name = _quoted(node.name.lower())
        cursor = _run(
            connection, f"UPDATE {target} SET {sets} FROM ({chosen}) AS new WHERE {name}.rowid = new.row", sql
        )
    return Result(count=int(cursor.fetchone()[0]))


def _dropped(connection: Any, tree: Any, sql: str) -> Result | None:
    from sqlglot import exp

    kind, node = str(tree.args.get("kind")).upper(), tree.find(exp.Table)
    if kind not in ("TABLE", "SCHEMA"):
        return None
    exists = "IF EXISTS " if tree.args.get("exists") else ""
    if kind == "TABLE" and not exists:
        _known(connection, node)
    target = _target(node) if kind == "TABLE" else _quoted(node.db.lower() or node.name.lower())
    cascade = " CASCADE" if tree.args.get("cascade") else ""
    _run(connection, f"DROP {kind} {exists}{target}{cascade}", sql)
    return Result(count=0)


def _truncated(connection: Any, tree: Any, sql: str) -> Result:
    for node in tree.expressions:
        _known(connection, node)
        _run(connection, f"DELETE FROM {_target(node)}", sql)
    return Result(count=0)


def _known(connection: Any, node: Any) -> None:
    if node.name.lower() not in _schema(connection).get(_owner(node), {}):
        raise FailedError(f'ERROR: relation "{node.name.lower()}" does not exist')


def _target(node: Any) -> str:
    return f"{_quoted(_owner(node))}.{_quoted(node.name.lower())}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _run(connection: Any, statement: str, sql: str) -> Any:
    import duckdb

    try:
        return running.execute(connection, statement, SERVICE, sql)
    except FailedError as error:
        cause = error.__cause__
        length = re.search(r"CHECK.*<= (\d+)", str(cause))
        if isinstance(cause, duckdb.ConstraintException) and length:
            raise FailedError(f"ERROR: value too long for type character varying({length[1]})") from error
        if isinstance(cause, duckdb.ConstraintException) and "NOT NULL" in str(cause):
            column = str(cause).rpartition(".")[2]
            raise FailedError(f"ERROR: Cannot insert a NULL value into column {column}") from error
        raise
