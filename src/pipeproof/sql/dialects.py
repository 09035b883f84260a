"""A query of a warehouse's, of tables that are in DuckDB, as DuckDB's SQL."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from pipeproof.sql.bigquery import bigquery_average, bigquery_quotient, bigquery_rules
from pipeproof.sql.errors import FailedError, RejectedError, untranslatable
from pipeproof.sql.normal_forms import normalize
from pipeproof.sql.redshift import redshift_rules
from pipeproof.sql.rewriting import start_of
from pipeproof.sql.snowflake import snowflake_average, snowflake_quotient, snowflake_rules
from pipeproof.sql.translation import Columns, Dialect, read_statements, tables_of, translate
from pipeproof.sql.trino import trino_rules
from pipeproof.sql.types import FLOATS, INTEGERS, MOMENTS, TEXTS, digits_of, name_of

_FOREIGN = {"snowflake": re.compile(r"(?i)\*\s*except\b"), "bigquery": re.compile(r"(?i)\*\s*exclude\b")}
"""What sqlglot reads and the warehouse does not."""
_SCHEMA, _TABLE = "pipeproof_schema", "pipeproof_table_"


@dataclass(frozen=True, slots=True)
class Name:
    """What a query calls a table: `catalog` and `schema` are empty where it leaves them out."""

    catalog: str
    schema: str
    table: str


FindColumns = Callable[[Name], Columns | None]
"""Returns a table's columns with DuckDB's types; None where there is no such table."""


class MissingTableError(Exception):
    """A query names a table that is not there; its name."""


@cache
def find_dialect(name: str) -> Dialect:
    """Return a dialect by its name, one of `variables.DIALECTS`.

    A new one has its rules in a module beside this one, its functions in `spelling`, its stars in `translation`, and
    its types in [write_type][]; dbt's macros for it are named in `in_process/patches/dialects`.
    """
    unresolved = "the column {} is not there"
    if name == "bigquery":
        return Dialect(
            name, name, bigquery_rules(), "f{}_", "DOUBLE", "BIGINT", (), unresolved,
            quotient=bigquery_quotient, average=bigquery_average, floats=True,
        )  # fmt: skip
    if name == "redshift":
        return Dialect(
            "redshift-data", name, redshift_rules(), "?column?", "BIGINT", "DECIMAL(38, 0)", ("`", "=="), unresolved
        )
    if name == "trino":
        return Dialect("athena", "athena", trino_rules(), "_col{}", "DOUBLE", "BIGINT", (), unresolved)
    if name == "snowflake":
        return Dialect(
            name, name, snowflake_rules(), "column_{}", "DECIMAL(38, 6)", "DECIMAL(38, 0)", (), unresolved,
            upper=True, quotient=snowflake_quotient, average=snowflake_average,
        )  # fmt: skip
    raise KeyError(name)


@cache
def write_type(kind: str, name: str) -> str | None:
    """Return a warehouse's type in DuckDB's words; None where it is not known here.

    Args:
        kind: The type, as the warehouse has it.
        name: The dialect.
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        built = exp.DataType.build(kind, dialect=find_dialect(name).name)
    except (SqlglotError, ValueError):
        return None
    known = name_of(built)
    digits = digits_of(built)
    if digits is not None and known not in INTEGERS:
        precision, scale = (38, 9) if name == "bigquery" and not built.expressions else digits
        return f"DECIMAL({precision}, {scale})"
    plain = {"FLOAT": "DOUBLE", "DOUBLE": "DOUBLE", "BOOLEAN": "BOOLEAN"} | dict.fromkeys(INTEGERS, "BIGINT")
    plain |= {moment: moment for moment in MOMENTS} | dict.fromkeys(TEXTS, "VARCHAR")
    return plain.get(known)


def is_one_type(kind: str, other: str, name: str) -> bool:
    """Return whether two of DuckDB's types stand for one of a warehouse's, whatever its digits and length.

    Snowflake's integers and decimals are one type, https://docs.snowflake.com/en/sql-reference/data-types-numeric.
    """
    from sqlglot import exp

    def of_warehouse(text: str) -> str:
        known = name_of(exp.DataType.build(text, dialect="duckdb"))
        if known in INTEGERS:
            return "DECIMAL" if name == "snowflake" else "BIGINT"
        return "text" if known in TEXTS else "DOUBLE" if known in FLOATS else known

    return of_warehouse(kind) == of_warehouse(other)


def write_for_duckdb(sql: str, name: str, find_columns: FindColumns) -> str:
    """Return a query as DuckDB's SQL.

    Args:
        sql: The query.
        name: Its dialect.
        find_columns: Finds the columns of its tables.

    Raises:
        UntranslatableQueryError: It is not known what it gives in DuckDB, by the part and the line.
        MissingTableError: A table is not there.
    """
    named = _tables(sql, name)
    columns: list[tuple[tuple[str, str], ...]] = []
    for table in named:
        found = find_columns(table)
        if found is None:
            raise MissingTableError(".".join(part for part in (table.schema, table.table) if part))
        columns.append(tuple(found.items()))
    return _written(sql, name, tuple(columns))


@lru_cache(maxsize=1024)
def _tables(sql: str, name: str) -> tuple[Name, ...]:
    """Return the tables of a query, each once, as they come."""
    import sqlglot
    from sqlglot import exp

    dialect = find_dialect(name)
    if name in _FOREIGN and (foreign := _FOREIGN[name].search(sql)) is not None:
        raise untranslatable(name, foreign[0].upper(), sql, foreign.start(), f"{name} has no such word")
    try:
        trees = read_statements(sql, dialect)
    except (RejectedError, FailedError) as error:
        raise untranslatable(name, "This statement", sql, None, f"it cannot be read: {error}") from error
    for before, token in pairwise(sqlglot.tokenize(sql, read=dialect.name)) if dialect.quotient else ():
        if before.token_type == token.token_type == sqlglot.TokenType.STRING:
            raise untranslatable(name, "two texts beside each other", sql, token.start)
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        what = " ".join(sql.split()[:2]).upper() if len(trees) == 1 else "A text of several statements"
        raise untranslatable(name, what, sql, 0, "it is no query")
    return tuple(dict.fromkeys(_name(table) for table in tables_of(trees[0])))


def _name(table: Any) -> Name:
    return Name(table.catalog, table.db, table.name)


@lru_cache(maxsize=1024)
def _written(sql: str, name: str, columns: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """Return the query in DuckDB's SQL, the columns of its tables being these."""
    from sqlglot import exp

    dialect = find_dialect(name)
    tree = read_statements(sql, dialect)[0]
    for count in tree.find_all(exp.Count):
        if isinstance(count.this, exp.Column) and count.this.is_star:  # Snowflake leaves out rows with a NULL
            raise untranslatable(dialect.service, f"count({count.this.sql()})", sql, start_of(count))
    if dialect.quotient is not None:
        normalize(tree, sql, name)
    if name == "redshift" and (values := tree.find(exp.Values)) is not None:
        # https://docs.aws.amazon.com/redshift/latest/dg/c_unsupported-postgresql-features.html
        why = "Redshift has none; write SELECT … UNION ALL SELECT …"
        raise untranslatable(dialect.service, "VALUES as a table", sql, start_of(values), why)
    _check_names(tree, sql, dialect, {column for each in columns for column, _ in each})
    if dialect.quotient is not None:
        _check_aliases(tree, sql, dialect, {column.lower() for each in columns for column, _ in each})
    if name == "bigquery":
        _check_texts(sql, {column.lower() for each in columns for column, _ in each})
    places = {table: index for index, table in enumerate(_tables(sql, name))}
    for table in tables_of(tree):
        index = places[_name(table)]
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        table.set("this", exp.to_identifier(f"{_TABLE}{index}", quoted=True))
        table.set("db", exp.to_identifier(_SCHEMA, quoted=True))
        table.set("catalog", None)
    schema: Mapping[str, Mapping[str, Columns]] = {
        _SCHEMA: {f"{_TABLE}{index}": dict(each) for index, each in enumerate(columns)} or {"none": {"none": "INT"}}
    }
    try:
        written = translate(tree, sql, dialect, schema).sql
    except FailedError as error:
        raise untranslatable(name, "This statement", sql, None, str(error)) from error
    for table, index in places.items():
        parts = ".".join(
            '"' + part.replace('"', '""') + '"' for part in (table.catalog, table.schema, table.table) if part
        )
        written = written.replace(f'"{_SCHEMA}"."{_TABLE}{index}"', parts)
    return written


def _check_aliases(tree: Any, sql: str, dialect: Dialect, columns: Collection[str]) -> None:
    """Refuse a name in GROUP BY, HAVING or QUALIFY that is an alias, and may be a column of what is read too.

    In Snowflake so in an expression of ORDER BY, of which it is not documented which of the two goes first.
    """
    from sqlglot import exp

    aliases = [(alias.parent, alias) for alias in tree.find_all(exp.Alias) if isinstance(alias.parent, exp.Select)]
    for select in tree.find_all(exp.Select):
        known = {*columns, *(alias.alias.lower() for other, alias in aliases if other is not select)}
        own = {alias.alias.lower() for other, alias in aliases if other is select and not _is_plain(alias)} & known
        clauses = [select.args[name] for name in ("group", "having", "qualify") if own and select.args.get(name)]
        if dialect.upper and own and select.args.get("order"):  # of a name by itself it is the alias
            clauses += [one for one in select.args["order"].expressions if not isinstance(one.this, exp.Column)]
        for clause in clauses:
            for column in clause.find_all(exp.Column):
                if not column.table and column.name.lower() in own and column.parent_select is select:
                    why = "it is an alias, and may be a column; name the column's table, or number the group"
                    raise untranslatable(dialect.service, column.name, sql, start_of(column), why)


def _is_plain(alias: Any) -> bool:
    """Return whether an alias is the name of the column that it stands for."""
    from sqlglot import exp

    return isinstance(alias.this, exp.Column) and str(alias.this.name).lower() == alias.alias.lower()


def _check_texts(sql: str, columns: Collection[str]) -> None:
    """Refuse a text in double quotes that has a column's name: what dbt quotes for DuckDB is a text to BigQuery."""
    import sqlglot

    for token in sqlglot.tokenize(sql, read="bigquery"):
        if token.text.lower() in columns and sql[token.start : token.start + 1] == '"':
            why = "it has the name of a column, which Jinja may have quoted for DuckDB"
            raise untranslatable("bigquery", f'the text "{token.text}"', sql, token.start, why)


def _check_names(tree: Any, sql: str, dialect: Dialect, spelled: Collection[str]) -> None:
    """Refuse quoted names of columns that are told from others by their letters' case, which DuckDB does not do.

    A column that is read by the very spelling that its table has is that column.
    """
    from sqlglot import exp

    for identifier in tree.find_all(exp.Identifier) if dialect.upper else ():
        is_strange = identifier.args.get("quoted") and identifier.name != identifier.name.upper()
        is_mixed = identifier.name != identifier.name.lower()
        if is_strange and is_mixed and isinstance(identifier.parent, exp.Column) and identifier.name in spelled:
            identifier.set("this", identifier.name.upper())
        elif is_strange and not isinstance(identifier.parent, exp.Table):
            why = f"{dialect.name} tells it from {identifier.name.upper()}, and DuckDB does not"
            raise untranslatable(dialect.service, f'the name "{identifier.name}"', sql, start_of(identifier), why)
