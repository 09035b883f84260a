"""The time that a test says it is, in the database: functions of the test's own schema in place of the database's.

DuckDB looks for a function in the schemas of its search path before its own, so macros there are enough, whoever asks,
views and dbt 2 included. PostgreSQL has words that are no functions (`current_date`): each call in what dbt sends
becomes one of a function in the test's schema, of the same name, so that a column which is named after it stays so.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from pipeproof.environments.dbt.errors import DbtOptionError

_ZONED = "timestamptz '{at}'"
_DUCKDB = {
    _ZONED: ("now", "get_current_timestamp", "current_timestamp", "transaction_timestamp"),
    f"cast({_ZONED} as date)": ("today", "current_date"),
    f"cast({_ZONED} as timestamp)": ("localtimestamp", "current_localtimestamp"),
    f"cast(cast({_ZONED} as timestamp) as time)": ("localtime", "current_localtime"),
    f"cast({_ZONED} as timetz)": ("current_time", "get_current_time"),
}
"""DuckDB's functions of the present time, by what they are; `age` of one argument counts from today as well."""

_AGE = "(a) as system.main.age(cast({at} as date)::timestamp, a), (a, b) as system.main.age(a, b)"

_POSTGRES = {
    "timestamptz": ("now", "transaction_timestamp", "statement_timestamp", "clock_timestamp", "current_timestamp"),
    "date": ("current_date",),
    "timestamp": ("localtimestamp",),
    "time": ("localtime",),
    "timetz": ("current_time",),
}
"""PostgreSQL's functions and words of the present time, by their types; some take a number of digits."""

_POSTGRES_AGES = {
    arguments: f"pg_catalog.age({values})"
    for kind in ("timestamp", "timestamptz")
    for arguments, values in ((kind, f"cast(cast({{at}} as date) as {kind}), $1"), (f"{kind}, {kind}", "$1, $2"))
}

_KEYWORDS = {"current_timestamp", "current_date", "localtimestamp", "localtime", "current_time"}
_NAMES = {"age", *(name for names in _POSTGRES.values() for name in names)}
_MENTIONS = re.compile(rf"\b(?:{'|'.join(_NAMES)})\b", re.IGNORECASE)


def read_moment(given: object) -> datetime:
    """Return the moment that a test means, with a zone: UTC where none is said; of a day its beginning.

    Raises:
        DbtOptionError: It is no moment.
    """
    moment = given
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            moment = None
    elif isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if not isinstance(moment, datetime):
        raise DbtOptionError(
            f"dbt.at: {given!r} is not a date or a time", hint='such as "2026-01-31" or "2026-01-31T06:00:00+01:00"'
        )
    # In UTC, as a moment in a named zone would move the process into it.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def freeze(execute: Callable[[str], Any], dialect: str, schema: str, moment: datetime) -> None:
    """Make the functions that stand for a database's own.

    Args:
        execute: Runs a statement.
        dialect: The database.
        schema: The test's schema, which is there; quoted.
        moment: The time.

    Raises:
        DbtOptionError: The time of this database cannot be set.
    """
    at = moment.astimezone(UTC).isoformat(sep=" ")
    if dialect == "duckdb":
        for value, names in _DUCKDB.items():
            for name in names:
                execute(f'create or replace macro {schema}."{name}"() as {value.format(at=at)}')
        execute(f"create or replace macro {schema}.age{_AGE.format(at=_ZONED.format(at=at))}")
    elif dialect == "postgres":
        _make_on_postgres(execute, schema, _ZONED.format(at=at))
    else:
        raise DbtOptionError(f"dbt.at: the time of {dialect} cannot be set", hint="it can on DuckDB and PostgreSQL")


def _make_on_postgres(execute: Callable[[str], Any], schema: str, at: str) -> None:
    for kind, name, parameters in _postgres_functions():
        execute(_write_function(f'{schema}."{name}"({parameters})', kind, f"cast({at} as {kind})"))
    for parameters, value in _POSTGRES_AGES.items():
        execute(_write_function(f'{schema}."age"({parameters})', "interval", value.format(at=at)))


def _postgres_functions() -> Iterator[tuple[str, str, str]]:
    """Yield each function's type, name and parameters."""
    for kind, names in _POSTGRES.items():
        for name in names:
            yield kind, name, ""
            if name in _KEYWORDS and kind != "date":
                yield kind, name, "integer"


def _write_function(signature: str, kind: str, value: str) -> str:
    return f"create or replace function {signature} returns {kind} language sql stable as $$ select {value} $$"


def thaw(execute: Callable[[str], Any], dialect: str, schema: str) -> None:
    """Undo [freeze][]: the functions are dropped on DuckDB; on PostgreSQL views call them, so they ask the machine."""
    if dialect == "duckdb":
        for name in (name for names in (*_DUCKDB.values(), ("age",)) for name in names):
            execute(f'drop macro if exists {schema}."{name}"')
    else:
        _make_on_postgres(execute, schema, "pg_catalog.now()")


def find_views(read: Callable[[str], Any], schemas: Iterable[str], schema: str) -> Iterator[str]:
    """Yield statements that let PostgreSQL's views which were there before ask a schema for the time.

    Args:
        read: Returns the columns and rows of a query.
        schemas: The names of the test's schemas.
        schema: The one with the functions, quoted.
    """
    names = ", ".join(f"'{name}'" for name in schemas)
    _, views = read(
        "select format('%I.%I', schemaname, viewname), definition from pg_views "  # noqa: S608 - names of ours
        f"where schemaname in ({names}) order by 1"
    )
    for view, definition in views:
        asking = ask_schema(definition, schema)
        if asking != definition:
            yield f"create or replace view {view} as {asking}"


def ask_schema(sql: str, schema: str) -> str:
    """Return a statement of PostgreSQL's with each call for the present time made one of a function in a schema.

    Args:
        sql: The statement, or several.
        schema: The schema, quoted.
    """
    if not _MENTIONS.search(sql):
        return sql
    from sqlglot import tokenize
    from sqlglot.tokenizer_core import TokenType

    tokens = tokenize(sql, read="postgres")
    written, end = [], 0
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        name = token.text.lower()
        quoted = token.token_type in {TokenType.STRING, TokenType.IDENTIFIER, TokenType.HEREDOC_STRING}
        is_called = after is not None and after.token_type == TokenType.L_PAREN
        named = before is not None and before.token_type in {TokenType.DOT, TokenType.ALIAS}
        if name not in _NAMES or quoted or named or not (is_called or name in _KEYWORDS):
            continue
        written += [sql[end : token.start], f'{schema}."{name}"', "" if is_called else "()"]
        end = token.end + 1
    return "".join([*written, sql[end:]])
