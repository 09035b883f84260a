"""Forms of a statement's tree that are written in another way before its names and types are told."""

from typing import Any

from pipeproof.sql.errors import untranslatable
from pipeproof.sql.rewriting import start_of, wrapped

_MOMENTS = ("TO_TIMESTAMP_NTZ", "TRY_TO_TIMESTAMP", "TRY_TO_TIMESTAMP_NTZ")
"""Snowflake's casts to TIMESTAMP_NTZ that sqlglot does not know."""


def normalize(tree: Any, sql: str, service: str) -> None:
    """Write a Snowflake or BigQuery query's raw texts, `NOT IN` and `GROUP BY ALL` as all others.

    Args:
        tree: The query, which is changed.
        sql: The statement that it is of.
        service: Its dialect.

    Raises:
        UntranslatableQueryError: A `GROUP BY ALL` does not tell here what is grouped.
    """
    from sqlglot import exp

    for raw in list(tree.find_all(exp.RawString)):  # r'\\d', $$\\d$$
        raw.replace(exp.Literal.string(raw.name))
    for call in list(tree.find_all(exp.Anonymous)) if service == "snowflake" else ():
        if call.name.upper() in _MOMENTS and len(call.expressions) == 1:
            kind = exp.TryCast if call.name.upper().startswith("TRY") else exp.Cast
            call.replace(kind(this=call.expressions[0], to=exp.DataType.build("TIMESTAMP")))
    for node in list(tree.find_all(exp.NEQ)):  # what sqlglot makes of NOT IN (SELECT …) in Snowflake
        if isinstance(node.expression, exp.All):
            query = node.expression.this.unnest()
            if isinstance(query, exp.Query):
                node.replace(exp.Not(this=exp.In(this=node.this, query=exp.Subquery(this=query))))
    for select in tree.find_all(exp.Select):
        group = select.args.get("group")
        if group is not None and group.args.get("all") is True:
            _number(select, group, sql, service)


def _number(select: Any, group: Any, sql: str, service: str) -> None:
    """Write GROUP BY ALL by numbers: all that is selected and has no aggregate.

    https://docs.snowflake.com/en/sql-reference/constructs/group-by#label-group-by-all-columns
    """
    from sqlglot import exp

    keys: list[Any] = []
    for number, one in enumerate(select.expressions, 1):
        value = one.unalias()
        if one.is_star or value.find(exp.Window, exp.Query) or isinstance(value, exp.Literal | exp.Null | exp.Boolean):
            why = "a star, a constant, a window or a query is selected beside; name the groups"
            raise untranslatable(service, "GROUP BY ALL", sql, start_of(select), why)
        if not value.find(exp.AggFunc):
            keys.append(exp.Literal.number(number))
    group.set("all", None)
    if keys:
        group.set("expressions", keys)
    else:
        select.set("group", None)


def without_clauses(tree: Any) -> Any:
    """Return a copy of a query without the clauses that may use what is named beside them in BigQuery.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#using_aliases
    """
    from sqlglot import exp

    copy = tree.copy()
    for select in copy.find_all(exp.Select):
        for clause in ("group", "having", "qualify", "order"):
            select.set(clause, None)
    return copy


def spell_order(tree: Any) -> None:
    """Write out the aliases inside of an expression of ORDER BY, where DuckDB would take a column of that name.

    Trino and BigQuery take the alias: https://trino.io/docs/current/sql/select.html#order-by-clause

    Args:
        tree: The query, whose columns have their tables: an alias has none.
    """
    from sqlglot import exp

    for select in tree.find_all(exp.Select):
        order = select.args.get("order")
        aliases = {one.alias.lower(): one.this for one in select.expressions if isinstance(one, exp.Alias)}
        for part in order.expressions if order is not None else ():
            for column in [] if isinstance(part.this, exp.Column) else list(part.this.find_all(exp.Column)):
                if not column.table and column.name.lower() in aliases:
                    column.replace(wrapped(aliases[column.name.lower()]))
