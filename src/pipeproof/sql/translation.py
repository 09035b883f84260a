"""A statement's text read as a tree, and a query's tree made into DuckDB's SQL."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pipeproof.sql.checks import check_subqueries, check_types
from pipeproof.sql.errors import FailedError, RejectedError, place, untranslatable
from pipeproof.sql.normal_forms import spell_order, without_clauses
from pipeproof.sql.plain import plain_nodes, strange_argument
from pipeproof.sql.rewriting import Context, Rule, named, rewrite, start_of
from pipeproof.sql.spelling import check_functions, check_trino
from pipeproof.sql.types import annotators

Columns = Mapping[str, str]
"""Columns' names and types, the types in DuckDB's words."""
Schema = Mapping[str, Mapping[str, Columns]]
"""Database → table → its columns."""

_STARS = {"snowflake": frozenset({"except_"}), "bigquery": frozenset({"except_"})}
"""What a star may have beside it, which is gone once it is expanded."""
_UNNAMED = "pipeproof_unnamed_"
_UNRESOLVED = re.compile(r"Column '([^']+)' could not be resolved")


@dataclass(frozen=True)
class Dialect:
    """A service's SQL.

    Attributes:
        service: boto3's name of the service.
        name: sqlglot's name of the dialect.
        rules: The rules of rewriting.
        unnamed: The name of a column without one, with `{}` for its place counting from 0.
        average_of_integers: The type of `avg` over integers.
        sum_of_bigints: The type of `sum` over BIGINT.
        foreign: Signs that other dialects have, and this one not.
        unresolved: What the service says of a column that it does not find, with the column for `{}`.
        upper: Whether names without quotes are in capitals; columns are then refused by other quoted names.
        quotient: The type of a quotient by those of its sides; None where it is that of Trino's.
        average: The type of an average by that of its argument, where `average_of_integers` does not say all.
        floats: Whether a number that is written with a point is a float.
    """

    service: str
    name: str
    rules: Mapping[Any, Rule]
    unnamed: str
    average_of_integers: str
    sum_of_bigints: str
    foreign: tuple[str, ...] = ()
    unresolved: str = "Column '{}' cannot be resolved or requester is not authorized to access requested resources"
    upper: bool = False
    quotient: Callable[[Any, Any], Any] | None = None
    average: Callable[[Any], Any] | None = None
    floats: bool = False


@dataclass(frozen=True)
class Translated:
    """A query for DuckDB, and the names of its columns as the service gives them."""

    sql: str
    names: tuple[str, ...]


def read_statements(sql: str, dialect: Dialect) -> list[Any]:
    """Return the trees of the statements of a text.

    Raises:
        RejectedError: The text is no statement of the dialect.
        FailedError: It calls a function that the service has not.
        UntranslatableQueryError: It calls one that is not executed here.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ParseError, SqlglotError, TokenError

    try:
        tokens = sqlglot.tokenize(sql, read=dialect.name)
        for token in tokens:
            if token.text in dialect.foreign:
                line, column = place(sql, token.start)
                raise RejectedError(f"line {line}:{column}: mismatched input '{token.text}'")
        trees = [tree for tree in sqlglot.parse(sql, read=dialect.name) if tree is not None]
    except ParseError as error:
        first = error.errors[0]
        found = str(first["highlight"])
        column = max(int(str(first["col"])) - len(found) + 1, 1)
        raise RejectedError(f"line {first['line']}:{column}: mismatched input '{found}'") from error
    except (TokenError, SqlglotError) as error:
        raise RejectedError(f"line 1:1: {str(error).splitlines()[0]}") from error
    if not any(isinstance(tree, exp.Create) and tree.expression is None for tree in trees):
        if dialect.service == "athena":
            check_trino(tokens, sql)
        check_functions(tokens, sql, dialect.service)
    return trees


def tables_of(tree: Any) -> list[Any]:
    """Return the tables that a tree names, without those that its own WITH defines."""
    from sqlglot import exp

    defined = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    return [
        table for table in tree.find_all(exp.Table) if table.name and (table.db or table.name.lower() not in defined)
    ]


def translate(tree: Any, sql: str, dialect: Dialect, schema: Schema) -> Translated:
    """Return a query as DuckDB's SQL.

    Args:
        tree: The query; each of its tables has a database, and is in the schema.
        sql: The statement that it is of.
        dialect: The dialect.
        schema: The tables' columns.

    Raises:
        UntranslatableQueryError: A part of it is not executed here.
        FailedError: The service would not accept it.
    """
    from sqlglot import exp

    tree = tree.copy()
    spelled = tuple(one.alias_or_name for one in _first_select(tree).expressions)
    given = _names_given(tree, sql)
    _refuse_strange(tree, sql, dialect, _STARS.get(dialect.name, frozenset()))  # here too, as stars are expanded
    tree = _qualified(tree, sql, dialect, schema)
    for node in tree.find_all(exp.Func):
        if "start" in node.meta:  # as it is written, where sqlglot has a name of its own
            node.meta["name"] = sql[int(node.meta["start"]) : int(node.meta["end"]) + 1]
    _refuse_strange(tree, sql, dialect)
    columns = [select.alias_or_name for select in tree.selects]
    names = tuple(_shown(name, index, given, dialect) for index, name in enumerate(columns))
    if dialect.service == "athena" and [name.lower() for name in spelled] == [name.lower() for name in names]:
        names = spelled  # two columns may have one name, spelled in two ways
    context = Context(dialect.service, sql)
    check_types(tree, context)
    if dialect.quotient is not None:
        check_subqueries(tree, context)
    tree = rewrite(tree, dialect.rules, plain_nodes(), context)
    if dialect.upper:
        for identifier in tree.find_all(exp.Identifier):
            identifier.set("this", identifier.name.lower())
        names = tuple(name.lower() for name in names)
    return Translated(tree.sql("duckdb", identify=True), names)


def _first_select(tree: Any) -> Any:
    """Return the query whose columns name those of the whole."""
    from sqlglot import exp

    while isinstance(tree, (exp.SetOperation, exp.Subquery)):
        tree = tree.this
    return tree


def _names_given(tree: Any, sql: str) -> dict[str, str]:
    """The columns' names as they are written, by those in small letters; columns without one are given one."""
    from sqlglot import exp

    written: dict[str, str] = {}
    query = _first_select(tree)
    for index, select in enumerate(query.expressions if isinstance(query, exp.Select) else ()):
        if select.is_star:
            continue
        if isinstance(select, (exp.Alias, exp.Column, exp.Dot)):
            written[select.alias_or_name.lower()] = select.alias_or_name
        else:
            name = f"{_UNNAMED}{index}"
            written[name] = _name_by_function(select, sql)
            select.replace(exp.alias_(select.copy(), name))
    return written


_RENAMED = {
    "convert": "", "dateadd": "date_add", "datediff": "date_diff", "decode": "case", "nvl": "coalesce", "trim": "btrim",
}  # fmt: skip
"""What Redshift calls functions' columns that it does not call as the function is written."""
_PARSED = {
    "Case": "case", "DecodeCase": "case", "Coalesce": "coalesce", "Extract": "date_part", "GroupConcat": "listagg",
    "StrPosition": "position", "Substring": "substring", "Trim": "btrim",
}  # fmt: skip
"""The same for what sqlglot reads without the place of its name."""


def _name_by_function(select: Any, sql: str) -> str:
    """Return what Redshift calls a column that is a function's result; empty where it has no name for it.

    A cast is called as what is cast, as in PostgreSQL (`FigureColname`).
    """
    from sqlglot import exp

    core = select
    while isinstance(core, (exp.Window, exp.Filter, exp.Cast, exp.Paren)):
        core = core.this
    if isinstance(core, exp.Column):
        return str(core.name).lower()
    if isinstance(core, exp.Func) and "start" in core.meta:
        written = sql[int(core.meta["start"]) : int(core.meta["end"]) + 1].lower()
        return _RENAMED.get(written, written)
    return _PARSED.get(type(core).__name__, "")


def _shown(name: str, index: int, given: Mapping[str, str], dialect: Dialect) -> str:
    if name.startswith((_UNNAMED, "_col_")):
        by_function = given.get(name) if dialect.service == "redshift-data" else None
        return by_function or dialect.unnamed.format(index)
    return given.get(name, name) if dialect.service == "athena" else name


def _qualified(tree: Any, sql: str, dialect: Dialect, schema: Schema) -> Any:
    """Return the tree with each column's table written, stars expanded, and types told."""
    from sqlglot import Dialect as SqlDialect
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.annotate_types import annotate_types
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.schema import MappingSchema

    known = MappingSchema(
        {
            db: {t: {k.upper() if dialect.upper else k: v for k, v in c.items()} for t, c in tables.items()}
            for db, tables in schema.items()
        },
        dialect="duckdb",
        normalize=not dialect.upper,
    )
    known_to = SqlDialect.get_or_raise(dialect.name).EXPRESSION_METADATA
    own = annotators(
        average_of_integers=dialect.average_of_integers, sum_of_bigints=dialect.sum_of_bigints,
        quotient=dialect.quotient, average=dialect.average, floats=dialect.floats,
        known=known_to,
    )  # fmt: skip
    is_lateral = dialect.name != "athena"  # Redshift and Snowflake let a column use the alias of one before
    try:
        if dialect.name == "bigquery":  # which knows an alias neither in WHERE nor beside; else it would be expanded
            qualify(without_clauses(tree), schema=known, dialect=dialect.name, expand_alias_refs=False, sql=sql)
        tree = qualify(
            tree, schema=known, dialect=dialect.name, expand_alias_refs=is_lateral, quote_identifiers=False, sql=sql
        )
        _qualify_having(tree, known, sql, dialect)
        if dialect.name in ("athena", "bigquery"):
            spell_order(tree)
        return annotate_types(tree, schema=known, expression_metadata={**known_to, **own}, dialect=dialect.name)
    except SqlglotError as error:
        unresolved = _UNRESOLVED.search(str(error))
        if unresolved is None:
            said = str(error).splitlines()[0]
            raise untranslatable(dialect.service, "This statement", sql, None, said) from error
        raise FailedError(_unresolved(unresolved[1], sql, dialect, str(error))) from error


def _qualify_having(tree: Any, known: Any, sql: str, dialect: Dialect) -> None:
    """Write the tables of HAVING's columns, which sqlglot leaves out; Trino knows no aliases there."""
    from sqlglot import exp
    from sqlglot.optimizer.resolver import Resolver
    from sqlglot.optimizer.scope import traverse_scope

    for scope in traverse_scope(tree):
        select: Any = scope.expression
        having = select.args.get("having")
        for column in having.find_all(exp.Column) if having is not None else ():
            if column.table or column.parent_select is not select:
                continue
            table = Resolver(scope, known).get_table(column)
            if table is not None:
                column.set("table", table)
            elif dialect.service == "athena" and column.name in select.named_selects:
                line, at = place(sql, start_of(column) or 0)
                said = dialect.unresolved.format(column.name)
                raise FailedError(f"COLUMN_NOT_FOUND: line {line}:{at}: {said}")


def _unresolved(column: str, sql: str, dialect: Dialect, said: str) -> str:
    text = dialect.unresolved.format(column)
    if dialect.service != "athena":
        return text
    where = re.search(r"Line: (\d+), Col: (\d+)", said)
    name = column.rpartition(".")[2]
    line, end = (int(where[1]), int(where[2])) if where else (1, len(name))
    return f"COLUMN_NOT_FOUND: line {line}:{max(end - len(column) + 1, 1)}: {text}"


def _refuse_strange(tree: Any, sql: str, dialect: Dialect, known: Collection[str] = ()) -> None:
    for node in tree.walk():
        argument = strange_argument(node)
        if argument is not None and argument not in known:
            raise untranslatable(
                dialect.service, f"{argument.strip('_').upper()} of {named(node)}", sql, start_of(node)
            )
