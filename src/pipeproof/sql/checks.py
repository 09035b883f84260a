"""What a service refuses and DuckDB or sqlglot would take: conditions that are no booleans, columns of no one type."""

from collections.abc import Sequence
from typing import Any, NoReturn

from pipeproof.sql.errors import FailedError
from pipeproof.sql.rewriting import Context, named, shown, start_of
from pipeproof.sql.types import FLOATS, INTEGERS, digits_of, group_of, name_of

_ANY = ("UNKNOWN", "NULL")


def check_types(tree: Any, context: Context) -> None:
    """Check a query whose expressions have types, before it is rewritten.

    Raises:
        FailedError: The service would not accept it.
        UntranslatableQueryError: It is not known whether it would.
    """
    for node in tree.walk():
        _conditions(node, context)
        _columns_of_one_type(node, context)
        _distinct(node, context)
        _default_of_another_row(node, context)
        if context.service == "athena":
            _grouped(node, context)


def check_subqueries(tree: Any, context: Context) -> None:
    """Refuse correlated subqueries, save `EXISTS` and `IN` by equality: warehouses take few others.

    https://docs.snowflake.com/en/user-guide/querying-subqueries
    https://cloud.google.com/bigquery/docs/reference/standard-sql/subqueries#correlated_subquery_concepts
    """
    from sqlglot import exp
    from sqlglot.optimizer.scope import traverse_scope

    for scope in traverse_scope(tree):
        if not scope.is_correlated_subquery:
            continue
        query: Any = scope.expression
        around = query.find_ancestor(exp.Exists, exp.In, exp.Select)
        is_plain = isinstance(around, (exp.Exists, exp.In)) and query.find_ancestor(exp.Where, exp.Select) is not None
        is_plain = is_plain and isinstance(query.find_ancestor(exp.Where, exp.Select), exp.Where)
        if not is_plain or any(not isinstance(column.parent, exp.EQ) for column in scope.external_columns):
            context.refuse(query, "a correlated subquery", "other than EXISTS or IN with equal columns in WHERE")


def _conditions(node: Any, context: Context) -> None:
    from sqlglot import exp

    clause, term = "{} must evaluate to a boolean: actual type {}", "{} must evaluate to a boolean (actual: {})"
    found: list[tuple[Any, str, str, str]] = []
    if isinstance(node, (exp.Where, exp.Having)):
        found = [(node.this, clause, f"{node.key.upper()} clause", node.key.upper())]
    elif isinstance(node, exp.Join) and node.args.get("on") is not None:
        found = [(node.args["on"], clause, "JOIN ON clause", "JOIN/ON")]
    elif isinstance(node, exp.Not):
        found = [(node.this, term, "Value of logical NOT expression", "NOT")]
    elif isinstance(node, (exp.And, exp.Or)):
        found = [(side, term, "Logical expression term", node.key.upper()) for side in (node.left, node.right)]
    elif isinstance(node, exp.If) and not (isinstance(node.parent, exp.Case) and node.parent.this is not None):
        is_case = isinstance(node.parent, exp.Case)
        found = [(node.this, term, "CASE WHEN clause" if is_case else "IF condition", "CASE/WHEN")]
    for part, words, what, keyword in found:
        if group_of(part.type) in ("BOOLEAN", *_ANY):
            continue
        if context.service == "athena":
            context.fail(part, "TYPE_MISMATCH", words.format(what, shown(part.type)))
        if context.service == "snowflake" and name_of(part.type) in INTEGERS:
            continue  # which it casts, as DuckDB does
        if context.service != "redshift-data":
            context.refuse(part, keyword, f"its condition is {shown(part.type)} and no boolean")
        raise FailedError(f"ERROR: argument of {keyword} must be type boolean, not type {shown(part.type)}")


def _columns_of_one_type(node: Any, context: Context) -> None:
    from sqlglot import exp

    if isinstance(node, exp.SetOperation):
        _columns_of_one_scale(node, context)
        sides = node.this.selects, node.expression.selects
        if len(sides[0]) != len(sides[1]):
            said = f"{node.key.upper()} query has different number of fields: {len(sides[0])}, {len(sides[1])}"
            _fail(node.expression, "TYPE_MISMATCH", said, context)
        for number, kinds in enumerate(zip(*([one.type for one in side] for side in sides), strict=True), 1):
            words = f"column {number} in {node.key.upper()} query has incompatible types: "
            _one_group(node.expression, kinds, words + "{}, {}", context)
    elif isinstance(node, exp.Values):
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
        for row in rows[1:]:
            for first, other in zip(rows[0], row, strict=False):
                _one_group(other, (first.type, other.type), "Values rows have mismatched types: {} vs {}", context)
    elif isinstance(node, exp.Array):
        words = (
            "All ARRAY elements must be the same type or coercible to a common type. Cannot find common type between "
            "{0} and {1}, all types (without duplicates): [{0}, {1}]"
        )
        for item in node.expressions[1:]:
            _one_group(item, (node.expressions[0].type, item.type), words, context)


def _columns_of_one_scale(node: Any, context: Context) -> None:
    """Refuse decimals of several scales in one column: sqlglot takes the first one's, by which quotients are cut."""
    from sqlglot import exp

    if context.service not in ("snowflake", "athena") or isinstance(node.parent, exp.SetOperation):
        return
    rows, waiting = [], [node]
    while waiting:
        query = waiting.pop().unnest()
        waiting += [query.this, query.expression] if isinstance(query, exp.SetOperation) else []
        rows += [] if isinstance(query, exp.SetOperation) else [query.selects]
    for number, column in enumerate(zip(*rows, strict=False), 1):
        scales = {(digits_of(one.type) or (0, 0))[1] for one in column if name_of(one.type) == "DECIMAL"} - {0}
        if len(scales) > 1:
            what = f"column {number} of {node.key.upper()} with decimals of several scales"
            context.refuse(node.expression, what, "cast them to one type")


def _one_group(node: Any, kinds: Sequence[Any], words: str, context: Context) -> None:
    known = {group_of(kind) for kind in kinds} - set(_ANY)
    if len(known) > 1:
        _fail(node, "TYPE_MISMATCH", words.format(*map(shown, kinds)), context)


def _fail(node: Any, code: str, said: str, context: Context) -> NoReturn:
    """Fail in Trino's words; Redshift casts literals of text to what they stand beside, and what it says differs."""
    if context.service == "athena":
        context.fail(node, code, said)
    context.refuse(node, said)


def _default_of_another_row(node: Any, context: Context) -> None:
    """Refuse a default of `lag` and `lead` with more decimal places than the value, to whose type DuckDB casts it."""
    from sqlglot import exp

    default = node.args.get("default") if isinstance(node, (exp.Lag, exp.Lead)) else None
    if default is None or group_of(default.type) != "number" or name_of(node.this.type) in FLOATS:
        return
    digits, places = digits_of(node.this.type), digits_of(default.type)
    if places is None or digits is None or places[1] > digits[1]:
        context.refuse(node, f"a default of {named(node)} with more decimal places", "cast the value to its type")


def _distinct(node: Any, context: Context) -> None:
    from sqlglot import exp

    if isinstance(node, exp.Count) and isinstance(node.this, exp.Distinct):
        given = node.this.expressions
        if len(given) > 1 or isinstance(given[0], exp.Tuple):
            context.refuse(node, "count(DISTINCT …) of several values")
    if not (isinstance(node, exp.Select) and node.args.get("distinct") and node.args.get("order")):
        return
    names = {one.alias_or_name.lower() for one in node.expressions}
    values = [_spelling(one.unalias()) for one in node.expressions]
    for part in node.args["order"].expressions:
        key = part.this
        by_name = isinstance(key, exp.Column) and not key.table and key.name.lower() in names
        if not (by_name or isinstance(key, exp.Literal) or _spelling(key) in values):
            said = "For SELECT DISTINCT, ORDER BY expressions must appear in select list"
            if context.service == "athena":
                context.fail(key, "EXPRESSION_NOT_IN_DISTINCT", said)
            raise FailedError(f"ERROR: {said[0].lower()}{said[1:]}")


def _grouped(node: Any, context: Context) -> None:
    """Columns by themselves, of what is selected beside aggregates or of groups; DuckDB finds those inside others."""
    from sqlglot import exp

    if not isinstance(node, exp.Select):
        return
    group = node.args.get("group")
    keys = group.expressions if group else []
    if any(isinstance(key, (exp.Rollup, exp.Cube, exp.GroupingSets)) for key in keys):
        return
    if not group and not any(found.parent_select is node and not _is_windowed(found) for found in _aggregates(node)):
        return
    sources = [node.args["from_"], *(node.args.get("joins") or ())] if node.args.get("from_") else []
    own, spelled = {source.this.alias_or_name for source in sources}, {_spelling(key) for key in keys}
    for one in node.expressions:
        value = one.unalias()
        if isinstance(value, exp.Column) and value.table in own and _spelling(value) not in spelled:
            start = start_of(value)
            written = value.name
            if start is not None and value.table and context.sql[start:].lower().startswith(f"{value.table.lower()}."):
                written = f"{value.table}.{value.name}"
            said = f"'{written}' must be an aggregate expression or appear in GROUP BY clause"
            context.fail(value, "EXPRESSION_NOT_AGGREGATE", said)


def _spelling(node: Any) -> str:
    """Return a text that is one for expressions which differ in quotes and letters' case alone."""
    return str(node.sql(identify=True)).lower()


def _is_windowed(aggregate: Any) -> bool:
    from sqlglot import exp

    outer = aggregate.parent
    while isinstance(outer, (exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)):
        outer = outer.parent
    return isinstance(outer, exp.Window)


def _aggregates(select: Any) -> list[Any]:
    from sqlglot import exp

    parts = [*select.expressions, *(select.args[name] for name in ("having", "order") if select.args.get(name))]
    return [
        found
        for part in parts
        for found in part.find_all(exp.AggFunc)
        if not isinstance(found, (exp.FirstValue, exp.LastValue, exp.NthValue, exp.Lag, exp.Lead))
    ]
