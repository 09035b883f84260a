"""Rules that Snowflake and BigQuery share, for the SQL of dbt models: what is not known to mean the same is refused."""

import re
from typing import Any

from pipeproof.sql import arguments, rules
from pipeproof.sql.rewriting import Context, Rule, duck, failing, named, refusing, shown
from pipeproof.sql.types import FLOATS, INTEGERS, digits_of, group_of, name_of

DAYS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
_NUMBER = r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"([ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?)?"
SHAPES = {
    "number": _NUMBER,
    "DATE": _DATE,
    "TIMESTAMP": f"{_DATE}{_TIME}",
    "TIMESTAMPTZ": rf"{_DATE}{_TIME}(Z|\+00:?(00)?)?",
}
"""Texts that both read as DuckDB does, by what they are cast to; any other is refused as the query runs."""


def refused(node: Any, context: Context) -> Any:
    """Refuse a node by its name."""
    context.refuse(node, named(node))


def filtered(node: Any, context: Context) -> Any:
    """Refuse `FILTER (WHERE …)`, which Snowflake, BigQuery and Redshift do not have."""
    context.refuse(node, "FILTER", "the warehouse has no such clause; write a CASE in the aggregate")


def framed(node: Any, context: Context) -> Any:
    """A window's frame, of rows or a range: Snowflake and BigQuery have no GROUPS."""
    if str(node.args.get("kind") or "ROWS").upper() not in ("ROWS", "RANGE"):
        context.refuse(node, f"a frame of {node.args['kind'].lower()}")
    return node


def root(node: Any, context: Context) -> Any:
    """`sqrt(x)`, which fails below zero; DuckDB's is no number there."""
    require(node, [node.this], ("number",), context)
    below = failing("the square root of a negative number", "DOUBLE")
    return duck(f"CASE WHEN _x_ < 0 THEN {below} ELSE sqrt(CAST(_x_ AS DOUBLE)) END", x=node.this)


def last_day(node: Any, context: Context) -> Any:
    """`last_day(x)`, `last_day(x, month)`."""
    require(node, [node.this], ("moment",), context)
    if (node.text("unit") or "MONTH").upper() != "MONTH":
        context.refuse(node, f"{named(node)} of a {node.text('unit').lower()}")
    return duck("last_day(_x_)", x=node.this)


def kept(node: Any, context: Context) -> Any:
    """Leave a node as it is."""
    return node


def require(node: Any, parts: list[Any], groups: tuple[str, ...], context: Context) -> None:
    """Refuse a node of which a part is not known to be of one of these groups of types."""
    for part in _values(parts):
        if context.service == "snowflake" and name_of(part.type) == "TIMESTAMPTZ":
            context.refuse(node, named(node), "of a moment with the session's time zone")
        if group_of(part.type) not in (*groups, "NULL"):
            kind = shown(part.type)
            what = "the type of an argument is not known here" if kind == "unknown" else f"an argument is {kind}"
            context.refuse(node, named(node), f"{what}; cast it to {' or '.join(groups)}")


def typed(template: str, *groups: str) -> Rule:
    """Return a rule of one template, whose arguments have to be of these groups of types."""
    wanted = frozenset(re.findall(r"_([a-z_]+?)_(?![a-z])", template))

    def rule(node: Any, context: Context) -> Any:
        from sqlglot import exp

        given = {name: part for name, part in node.args.items() if isinstance(part, exp.Expr)}
        if frozenset(given) != wanted or any(isinstance(part, list) and part for part in node.args.values()):
            context.refuse(node, f"{named(node)} with these arguments")
        require(node, [given["this"]], groups, context)
        return duck(template, **given)

    return rule


def one_kind(node: Any, values: list[Any], context: Context) -> None:
    """Refuse a node whose values are not known to be of one group of types; texts of dates stand for dates."""
    values = _values(values)
    groups = {group_of(value.type) for value in values} - {"NULL"}
    moments = {name_of(value.type) for value in values if group_of(value.type) == "moment"}
    shape = SHAPES["DATE" if moments == {"DATE"} else "TIMESTAMP"]  # a time beside a date is dropped by DuckDB
    if groups == {"moment", "text"} and all(
        re.fullmatch(shape, _text(value)) for value in values if group_of(value.type) == "text"
    ):
        return
    if "UNKNOWN" in groups:
        context.refuse(node, named(node), "the type of a side is not known here; cast it")
    if len(groups) > 1:
        context.refuse(node, named(node), f"its sides are {' and '.join(sorted(groups))}; cast one of them")
    if groups - {"number", "text", "moment", "BOOLEAN"}:
        context.refuse(node, named(node), f"a side is {groups.pop().lower()}; cast it")
    names = {name_of(value.type) for value in values}
    if "TIMESTAMPTZ" in names and context.service == "snowflake" and len(names - {"NULL"}) > 1:
        context.refuse(node, named(node), "a side has the session's time zone")
    if groups == {"moment"} and len({name_of(value.type) for value in values} & {"TIMESTAMP", "TIMESTAMPTZ"}) > 1:
        context.refuse(node, named(node), "one side has a time zone and the other has none; cast one of them")


def _values(parts: list[Any]) -> list[Any]:
    """Return the parts that are no NULL as it is written, which is of any type."""
    from sqlglot import exp

    return [part for part in parts if not isinstance(part, exp.Null)]


def _text(node: Any) -> str:
    from sqlglot import exp

    return str(node.name) if isinstance(node, exp.Literal) else ""


def compared(node: Any, context: Context) -> Any:
    """Comparisons, `IN` and `BETWEEN`: of one kind of values; the warehouses cast, each by its own rules."""
    from sqlglot import exp

    if isinstance(node, exp.In):
        query = node.args.get("query")
        others = [one.unalias() for one in query.unnest().selects] if query is not None else node.expressions
    elif isinstance(node, exp.Between):
        others = [node.args["low"], node.args["high"]]
    else:
        others = [node.expression]
    one_kind(node, [node.this, *others], context)
    return node


def chosen(node: Any, context: Context) -> Any:
    """`CASE`, `IF`, `COALESCE`, `NULLIF`, `GREATEST`, `LEAST`: values of one kind."""
    from sqlglot import exp

    if isinstance(node, exp.Case):
        branches = node.args["ifs"]
        values = [*(branch.args["true"] for branch in branches), node.args.get("default")]
        if node.this is not None:
            one_kind(node, [node.this, *(branch.this for branch in branches)], context)
    elif isinstance(node, exp.If):
        values = [node.args["true"], node.args.get("false")]
    else:
        values = [node.this, *node.expressions, node.args.get("expression")]
    one_kind(node, [value for value in values if value is not None], context)
    if isinstance(node, (exp.Greatest, exp.Least)):
        parts = {f"p{chr(97 + index)}": part for index, part in enumerate([node.this, *node.expressions])}
        names = ", ".join(f"_{name}_" for name in parts)
        missing = " OR ".join(f"_{name}_ IS NULL" for name in parts)
        return duck(f"CASE WHEN {missing} THEN NULL ELSE {node.key}({names}) END", **parts)
    return node


def arithmetic(node: Any, context: Context) -> Any:
    """Sums, differences and products of numbers; days that are added to a date."""
    from sqlglot import exp

    if isinstance(node.left, exp.Interval) or isinstance(node.right, exp.Interval):
        context.refuse(node, "an interval", "a function that adds to a date says of which type the sum is")
    kinds = [name_of(node.left.type), name_of(node.right.type)]
    if kinds[0] == "DATE" and kinds[1] in INTEGERS:
        return rules.arithmetic(node, context)
    if kinds == ["DATE", "DATE"] and node.key == "sub" and context.service == "snowflake":
        return duck("date_diff('day', _b_, _a_)", a=node.left, b=node.right)
    require(node, [node.left, node.right], ("number",), context)
    scales = [_scale(side.type, context) for side in (node.left, node.right) if digits_of(side.type) is not None]
    most = 12 if context.service == "snowflake" else 9
    if isinstance(node, exp.Mul) and sum(scales) > max(*scales, most, 0):
        context.refuse(node, "*", f"a product of more than {most} decimal places loses some; cast a side")
    if all(kind in INTEGERS for kind in kinds) and "BIGINT" not in kinds:  # neither has an integer of 32 bits
        node.set("this", duck("CAST(_x_ AS BIGINT)", x=node.left))
    return node


def _scale(kind: Any, context: Context) -> int:
    """Return how many decimal places a fixed-point type has; BigQuery's NUMERIC has nine."""
    is_numeric = context.service == "bigquery" and name_of(kind) == "DECIMAL" and not kind.expressions
    return 9 if is_numeric else (digits_of(kind) or (0, 0))[1]


def joined(*others: str) -> Rule:
    """A rule for `||` and `concat`: NULL where a part is; parts of texts, or of these other types."""

    def rule(node: Any, context: Context) -> Any:
        from sqlglot import exp

        parts = [node.left, node.right] if isinstance(node, exp.DPipe) else node.expressions
        for part in parts:
            if group_of(part.type) not in ("text", "NULL") and name_of(part.type) not in others:
                context.refuse(node, named(node), f"a part is {shown(part.type)}; cast it to text")
        names = [f"p{chr(97 + index)}" for index in range(len(parts))]
        text = " || ".join(f"CAST(_{name}_ AS TEXT)" for name in names)
        return duck(text, **dict(zip(names, parts, strict=True)))

    return rule


def matched(node: Any, context: Context) -> Any:
    """`LIKE` and `ILIKE`: a backslash means itself to DuckDB."""
    require(node, [node.this, node.expression], ("text",), context)
    if "\\" in arguments.literal(node.expression, context, f"the pattern of {named(node)}"):
        context.refuse(node, f"{named(node)} with a backslash in its pattern")
    return node


def _is_count(node: Any) -> bool:
    """Return whether a node is a whole number as it is written, and not negative: `-2` has the name `2`."""
    from sqlglot import exp

    return isinstance(node, exp.Literal) and bool(node.is_int)


def substring(node: Any, context: Context) -> Any:
    """`substr(x, n, m)`: 0 counts as 1."""
    require(node, [node.this], ("text",), context)
    start, length = node.args.get("start"), node.args.get("length")
    if not _is_count(start):
        context.refuse(node, f"{named(node)} from a place that is no number written here")
    first = duck(str(max(int(start.name), 1)))
    if length is None:
        return duck("substr(_x_, _s_)", x=node.this, s=first)
    require(node, [length], ("number",), context)
    return duck("substr(_x_, _s_, greatest(CAST(_n_ AS BIGINT), 0))", x=node.this, s=first, n=length)


def cut(node: Any, context: Context) -> Any:
    """`left(x, n)` and `right(x, n)`, n as it is written."""
    require(node, [node.this], ("text",), context)
    if not _is_count(node.expression):
        context.refuse(node, f"{named(node)} of a length that is no number written here")
    return duck(f"{node.key}(_x_, _n_)", x=node.this, n=node.expression)


def padded(node: Any, context: Context) -> Any:
    """`lpad(x, n, with)` and `rpad(…)`, n as it is written: a longer text is cut."""
    require(node, [node.this], ("text",), context)
    fill = node.args.get("fill_pattern")
    if not _is_count(node.expression) or (fill is not None and not arguments.literal(fill, context, "what pads")):
        context.refuse(node, "lpad or rpad to a length that is no number written here, or with an empty text")
    function = "lpad" if node.args.get("is_left") else "rpad"
    return duck(f"{function}(_x_, _n_, {'_f_' if fill is not None else repr(' ')})", x=node.this, n=node.expression,
                f=fill or node.this)  # fmt: skip


def replaced(node: Any, context: Context) -> Any:
    """`replace(x, what, by)`."""
    require(node, [node.this], ("text",), context)
    if not arguments.literal(node.expression, context, f"what {named(node)} looks for"):
        context.refuse(node, f"{named(node)} of an empty text")
    return duck("replace(_x_, _a_, _b_)", x=node.this, a=node.expression, b=node.args["replacement"])


def regexp_replaced(node: Any, context: Context) -> Any:
    """`regexp_replace(x, pattern, by)`, all matches."""
    given = {name for name, part in node.args.items() if part is not None and part is not False}
    if given - {"this", "expression", "replacement"}:
        context.refuse(node, f"{named(node)} with these arguments")
    require(node, [node.this], ("text",), context)
    arguments.pattern(node.expression, context)
    new = arguments.literal(node.args["replacement"], context, f"the replacement of {named(node)}")
    if "\\" in new or "$" in new:
        context.refuse(node, f"the replacement {new!r} of {named(node)}")
    return duck("regexp_replace(_x_, _p_, _r_, 'g')", x=node.this, p=node.expression, r=node.args["replacement"])


def text_cast(target: str, is_try: bool, *, precision: str = "") -> str:
    """DuckDB's SQL for a text `_x_` cast to a type; a text of another shape than [SHAPES][] has is refused as it runs.

    Args:
        target: `BIGINT`, `DECIMAL`, `DOUBLE`, `DATE`, `TIMESTAMP` or `TIMESTAMPTZ`.
        is_try: Whether what cannot be cast is NULL.
        precision: Of a DECIMAL, with its parentheses.
    """
    if target in ("BIGINT", "DECIMAL", "DOUBLE"):
        kind = f"{target}{precision}"
        plain = (
            f"CAST(CAST(trim(_x_) AS DECIMAL(38, 15)) AS {kind})" if target != "DOUBLE" else "CAST(trim(_x_) AS DOUBLE)"
        )
        other = "NULL" if is_try else failing("''' || _x_ || ''' is no number", kind)
        of_number = f"TRY({plain})" if is_try else plain
        shape = SHAPES["number"]
        return (
            f"CASE WHEN _x_ IS NULL THEN NULL WHEN regexp_full_match(_x_, '{shape}') THEN {of_number} ELSE {other} END"
        )
    plain = f"CAST(_x_ AS {target})"
    of_moment = f"TRY({plain})" if is_try else plain
    refusal = refusing(f"the text ''' || _x_ || ''' as a {target.lower()}")
    nothing = "WHEN NOT regexp_matches(_x_, '[0-9]') THEN NULL " if is_try else ""
    return (
        f"CASE WHEN _x_ IS NULL THEN NULL WHEN regexp_full_match(_x_, '{SHAPES[target]}') THEN {of_moment} {nothing}"
        f"ELSE CAST(CAST({refusal} AS TEXT) AS {target}) END"
    )


def date_diff(node: Any, a: Any, b: Any, context: Context, *, week: bool) -> Any:
    """Return the number of borders of a unit between two moments, as DuckDB does; `week`: weeks begin on Monday."""
    unit = rules.unit_of(node, context)
    require(node, [a, b], ("moment",), context)
    if unit == "WEEK" and not week:
        context.refuse(node, f"{named(node)} by week", "its weeks begin on Sunday")
    if unit == "WEEK":
        weeks = [f"date_trunc('week', CAST(_{name}_ AS TIMESTAMP))" for name in "ab"]
        return duck(f"date_diff('day', {weeks[0]}, {weeks[1]}) // 7", a=a, b=b)
    return duck(f"date_diff('{unit.lower()}', CAST(_a_ AS TIMESTAMP), CAST(_b_ AS TIMESTAMP))", a=a, b=b)


def date_moved(node: Any, context: Context, sign: str = "+") -> Any:
    """Return a moment some units later: a DATE stays one, and takes no smaller units than days here."""
    unit, kind = rules.unit_of(node, context), name_of(node.this.type)
    require(node, [node.this], ("moment",), context)
    if kind == "DATE" and unit not in DAYS:
        context.refuse(node, f"{named(node)} of a date by {unit.lower()}", "cast the date to a timestamp")
    step = "to_months(3 * CAST(_n_ AS INT))" if unit == "QUARTER" else f"to_{unit.lower()}s(CAST(_n_ AS INT))"
    return duck(f"CAST(_x_ {sign} {step} AS {kind})", x=node.this, n=node.expression)


def date_truncated(node: Any, context: Context, *, week: bool) -> Any:
    """Return the beginning of a unit, of the moment's type; `week`: weeks begin on Monday."""
    unit, kind = rules.unit_of(node, context), name_of(node.this.type)
    require(node, [node.this], ("moment",), context)
    if (unit == "WEEK" and not week) or node.args.get("zone") is not None:
        context.refuse(node, f"{named(node)} by week" if unit == "WEEK" else f"{named(node)} in a time zone")
    if kind == "DATE" and unit not in DAYS:
        context.refuse(node, f"{named(node)} of a date by {unit.lower()}")
    return duck(f"CAST(date_trunc('{unit.lower()}', _x_) AS {kind})", x=node.this)


def ordered_parts(node: Any, context: Context, parts: dict[str, str]) -> Any:
    """`extract(part from x)` by DuckDB's SQL for each part that is known."""
    part = node.this.name.lower()
    if part not in parts:
        context.refuse(node, f"{named(node)}({part} …)")
    require(node, [node.expression], ("moment",), context)
    if name_of(node.expression.type) == "DATE" and part in ("hour", "minute", "second"):
        context.refuse(node, f"{named(node)}({part} …)", "of a date")
    return duck(parts[part], x=node.expression)


def require_total(core: Any, context: Context) -> str:
    """Return the name of the type of what is summed or averaged, which has to be a number."""
    argument = core.this.expressions[0] if type(core.this).__name__ == "Distinct" else core.this
    require(core, [argument], ("number",), context)
    return name_of(argument.type)


def division_by_zero(parts: dict[str, Any], operator: str, by_zero: str, kind: str) -> Any:
    """Return a quotient or remainder that fails by zero, `_a_` and `_b_` being its sides."""
    return duck(f"CASE WHEN _b_ = 0 THEN {failing(by_zero, kind)} ELSE _a_ {operator} _b_ END", **parts)


def remainder(by_zero: str) -> Rule:
    """A rule for the remainder, which has the sign of what is divided, as DuckDB's."""

    def rule(node: Any, context: Context) -> Any:
        require(node, [node.this, node.expression], ("number",), context)
        names = {name_of(node.this.type), name_of(node.expression.type)}
        kind = "DOUBLE" if names & {*FLOATS} else "BIGINT"
        return division_by_zero({"a": node.this, "b": node.expression}, "%", by_zero, kind)

    return rule
