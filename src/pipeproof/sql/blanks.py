"""Blanks at a text's end, which count for nothing where Redshift compares texts.

https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html#r_Character_types-significance-of-trailing-blanks
Where two texts are compared, both are taken without these blanks. Where rows are brought together by a text, Redshift
shows any one of them; a text that ends in blanks is then refused as the statement runs.
"""

from typing import Any

from pipeproof.sql.rewriting import Context, duck, refusing
from pipeproof.sql.types import group_of

_ENDS_IN_BLANKS = "_x_ <> rtrim(_x_, ' ')"


def compared(node: Any, context: Context) -> Any:
    """Comparisons, `IN` and `BETWEEN`."""
    from sqlglot import exp

    query = node.args.get("query")
    if query is not None:
        query = query.unnest()
        if group_of(node.this.type) == "text" and not isinstance(query, exp.Select):
            context.refuse(node, "IN with a query that is not a plain SELECT")
        if group_of(node.this.type) == "text":
            for part in query.expressions:
                _replace(part.this if isinstance(part, exp.Alias) else part, "rtrim(_x_, ' ')")
    _trimmed([part for part in node.iter_expressions() if part is not node.args.get("query")])
    return node


def chosen(node: Any, context: Context) -> Any:
    """`CASE x WHEN y`, `DECODE` and `NULLIF`."""
    from sqlglot import exp

    if isinstance(node, exp.Nullif) and {group_of(node.this.type), group_of(node.expression.type)} == {"text"}:
        return duck(
            "CASE WHEN rtrim(_a_, ' ') = rtrim(_b_, ' ') THEN NULL ELSE _a_ END", a=node.this, b=node.expression
        )
    if isinstance(node, exp.DecodeCase):
        given = node.expressions
        _trimmed([given[0], *given[1 : len(given) - (len(given) + 1) % 2 : 2]])
    elif isinstance(node, exp.Case) and node.this is not None:
        _trimmed([node.this, *(branch.this for branch in node.args["ifs"])])
    return node


def counted(node: Any, context: Context) -> Any:
    """`count(DISTINCT x)`."""
    from sqlglot import exp

    if isinstance(node.this, exp.Distinct):
        for part in list(node.this.expressions):
            _trim(part)
    return node


def selected(node: Any, context: Context) -> Any:
    """`GROUP BY`, `DISTINCT`, `ORDER BY` and what windows are divided by."""
    from sqlglot import exp

    for join in node.args.get("joins") or ():
        if join.args.get("method"):
            context.refuse(join, f"{join.args['method']} JOIN", "write its condition with ON or USING")
    group = node.args.get("group")
    keys: list[Any] = []
    for part in group.expressions if group else ():
        keys += part.find_all(exp.Column) if isinstance(part, (exp.Rollup, exp.Cube, exp.GroupingSets)) else [part]
    for key in keys:
        if group_of(key.type) == "text":
            node.where(
                duck(f"CASE WHEN {_ENDS_IN_BLANKS} THEN {_refusal('GROUP BY')} ELSE TRUE END", x=key), copy=False
            )
    if node.args.get("distinct"):
        _guard_columns(node, "DISTINCT")
    elif node.args.get("order"):
        for part in node.args["order"].expressions:
            if not isinstance(part.this, exp.Column) or part.this.table:
                _trim(part.this)
    return node


def divided(window: Any) -> None:
    """Let what a window is divided by end in no blanks, and its order not know them."""
    for part in list(window.args.get("partition_by") or ()):
        _trim(part)
    for part in window.args["order"].expressions if window.args.get("order") else ():
        _trim(part.this)


def united(node: Any, context: Context) -> Any:
    """`UNION`, `EXCEPT`, `INTERSECT`: rows that are brought together."""
    from sqlglot import exp

    if not node.args.get("distinct"):
        return node
    for side in (node.this.unnest(), node.expression.unnest()):
        if isinstance(side, exp.Select):
            _guard_columns(side, str(node.key).upper())
    return node


def _guard_columns(select: Any, what: str) -> None:
    from sqlglot import exp

    for part in list(select.expressions):
        value = part.this if isinstance(part, exp.Alias) else part
        if group_of(value.type) == "text" and not (isinstance(value, exp.Literal) and not value.name.endswith(" ")):
            _replace(value, f"CASE WHEN {_ENDS_IN_BLANKS} THEN CAST({_refusal(what)} AS VARCHAR) ELSE _x_ END")


def _refusal(what: str) -> str:
    return refusing(f"{what} over a text that ends in blanks")


def _trimmed(parts: list[Any]) -> None:
    """Take the blanks off the ends of parts that are compared with each other, where all of them are texts."""
    if {group_of(part.type) for part in parts} <= {"text", "NULL"}:
        for part in parts:
            _trim(part)


def _trim(part: Any) -> None:
    from sqlglot import exp

    if group_of(part.type) != "text":
        return
    if isinstance(part, exp.Literal):
        part.set("this", part.name.rstrip(" "))
    else:
        _replace(part, "rtrim(_x_, ' ')")


def _replace(part: Any, template: str) -> None:
    if group_of(part.type) != "text":
        return
    new = duck(template, x=part)
    new.type = part.type
    part.replace(new)
