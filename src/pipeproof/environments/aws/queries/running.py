"""DuckDB itself: opened without reach to files or the net, and its errors in a service's words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeproof.environments.installed import is_installed
from pipeproof.sql.errors import FailedError, untranslatable
from pipeproof.sql.rewriting import message_of, refusal_of

PACKAGES = ("duckdb", "sqlglot")
"""What executing SQL takes; the extra `dbt` brings both."""


def is_available() -> bool:
    """Return whether SQL can be executed."""
    return all(is_installed(package) for package in PACKAGES)


@dataclass(frozen=True)
class Rows:
    """What a query gave: the columns' names, DuckDB's types of them, and the values."""

    columns: tuple[str, ...]
    types: tuple[Any, ...]
    values: tuple[tuple[Any, ...], ...]


def connect() -> Any:
    """Return an empty database in memory, in UTC."""
    import duckdb

    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def query(connection: Any, sql: str, names: Sequence[str], service: str, original: str) -> Rows:
    """Return the rows of a query.

    Args:
        connection: DuckDB's connection.
        sql: The query in DuckDB's SQL.
        names: The columns' names in the service.
        service: boto3's name of the service.
        original: The statement as it was sent.

    Raises:
        FailedError: The values do not let it run.
        UntranslatableQueryError: DuckDB does not take what was made of it; it gives intervals.
    """
    cursor = execute(connection, sql, service, original)
    types = tuple(column[1] for column in cursor.description)
    if any("INTERVAL" in str(kind) for kind in types):
        raise untranslatable(service, "An interval among the results", original, None)
    return Rows(tuple(names), types, tuple(tuple(row) for row in cursor.fetchall()))


_WORDS: Sequence[tuple[str, str, str]] = (
    ("must appear in the GROUP BY", "EXPRESSION_NOT_AGGREGATE",
     "an expression must be an aggregate expression or appear in GROUP BY clause"),
    ("More than one row returned by a subquery", "SUBQUERY_MULTIPLE_ROWS",
     "Scalar sub-query has returned multiple rows"),
)  # fmt: skip
"""Texts of DuckDB's, with Trino's code and words."""


def execute(connection: Any, sql: str, service: str, original: str) -> Any:
    """DuckDB's cursor after a statement.

    Raises:
        FailedError: The values do not let it run.
        UntranslatableQueryError: DuckDB does not take what was made of the statement.
    """
    import duckdb

    try:
        return connection.execute(sql)
    except (
        duckdb.BinderException,
        duckdb.ParserException,
        duckdb.CatalogException,
        duckdb.NotImplementedException,
    ) as error:
        for text, code, words in _WORDS:
            if text in str(error):
                raise FailedError(
                    f"{code}: line 1:1: {words}" if service == "athena" else _first_line(error)
                ) from error
        said = f"DuckDB says: {_first_line(error)}"
        raise untranslatable(service, "This statement", original, None, said) from error
    except duckdb.Error as error:
        refused = refusal_of(str(error))
        if refused is not None:
            raise untranslatable(service, refused, original, None) from error
        own = message_of(str(error))
        if own is not None:
            raise FailedError(own) from error
        for text, code, words in _WORDS:
            if text in str(error) and service == "athena":
                raise FailedError(f"{code}: {words}") from error
        code = "INVALID_FUNCTION_ARGUMENT"
        if isinstance(error, duckdb.OutOfRangeException) or "out of range for the destination type INT" in str(error):
            code = "NUMERIC_VALUE_OUT_OF_RANGE"
        elif "to type DECIMAL" in str(error):
            code = "INVALID_CAST_ARGUMENT"
        raise FailedError(f"{code}: {_first_line(error)}" if service == "athena" else _first_line(error)) from error


def _first_line(error: Exception) -> str:
    return re.sub(r"^[A-Z][A-Za-z ]+ Error: ", "", str(error).splitlines()[0])
