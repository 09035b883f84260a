"""BigQuery's dialect (https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-all) on DuckDB."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pipeproof.sql import arguments, bigquery_casts, bigquery_weeks, parsing, rules, warehouse
from pipeproof.sql.rewriting import Context, Rule, duck, named, refusing, template
from pipeproof.sql.types import FLOATS, INTEGERS, name_of
from pipeproof.sql.warehouse import require, typed

_BY_ZERO = "division by zero"
_SPACES = (9, 10, 11, 12, 13, 32, 133, 160, 5760, *range(8192, 8203), 8232, 8233, 8239, 8287, 12288)
_BLANKS = " || ".join(f"chr({code})" for code in _SPACES)
"""What Unicode calls white space, which `trim` takes away."""
_PARTS = {
    **{part: f"date_part('{part}', _x_)" for part in ("year", "quarter", "month", "day", "hour", "minute", "isoyear")},
    "second": "CAST(floor(date_part('second', _x_)) AS BIGINT)",
    "dayofweek": "date_part('dow', _x_) + 1",
    "dayofyear": "date_part('doy', _x_)",
    "isoweek": "date_part('week', _x_)",
    "date": "CAST(_x_ AS DATE)",
}
_UNITS_OF_TIME = ("DAY", "HOUR", "MINUTE", "SECOND")


@cache
def bigquery_rules() -> Mapping[Any, Rule]:
    """Return the rules, by sqlglot's classes."""
    from sqlglot import exp

    number, text, moment = ("number",), ("text",), ("moment",)
    return {
        **dict.fromkeys(
            (exp.Array, exp.Interval, exp.Lambda, exp.Dot, exp.Try, exp.Values, exp.NthValue), warehouse.refused
        ),
        exp.Literal: _literal,
        **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), _unless_numeric(warehouse.arithmetic)),
        exp.Div: _quotient,
        exp.SafeDivide: _safe_quotient,
        exp.IntDiv: _whole_quotient,
        exp.Mod: warehouse.remainder(_BY_ZERO),
        **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between), warehouse.compared),
        **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ), warehouse.compared),
        **dict.fromkeys(
            (exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least),
            _unless_numeric(warehouse.chosen),
        ),
        **dict.fromkeys((exp.Cast, exp.TryCast, exp.Date, exp.Timestamp), bigquery_casts.cast),
        **dict.fromkeys((exp.DPipe, exp.Concat), warehouse.joined()),
        exp.Like: warehouse.matched,
        **dict.fromkeys((exp.Sum, exp.Avg, exp.CountIf, exp.Window), rules.aggregate(_finish)),
        exp.Filter: warehouse.filtered,
        exp.WindowSpec: warehouse.framed,
        exp.IgnoreNulls: rules.without_nulls,
        exp.AnyValue: typed("any_value(_this_)", "number", "text", "moment", "BOOLEAN"),
        exp.Qualify: warehouse.kept,
        exp.LogicalAnd: typed("bool_and(_this_)", "BOOLEAN"),
        exp.LogicalOr: typed("bool_or(_this_)", "BOOLEAN"),
        exp.GroupConcat: _string_agg,
        # text
        exp.Length: typed("length(_this_)", *text),
        exp.Lower: typed("lower(_this_)", *text),
        exp.Upper: typed("upper(_this_)", *text),
        exp.Reverse: typed("reverse(_this_)", *text),
        exp.MD5: typed("md5(_this_)", *text),
        exp.StartsWith: typed("starts_with(_this_, _expression_)", *text),
        exp.EndsWith: typed("ends_with(_this_, _expression_)", *text),
        exp.StrPosition: typed("strpos(_this_, _substr_)", *text),
        **dict.fromkeys((exp.Left, exp.Right), warehouse.cut),
        exp.Substring: warehouse.substring,
        exp.Pad: warehouse.padded,
        exp.Trim: _trim,
        exp.Replace: warehouse.replaced,
        exp.RegexpReplace: warehouse.regexp_replaced,
        exp.RegexpLike: _regexp_contains,
        exp.RegexpExtract: _regexp_extract,
        # numbers
        exp.Abs: typed("abs(_this_)", *number),
        exp.Sign: typed("sign(_this_)", *number),
        **dict.fromkeys((exp.Round, exp.Floor, exp.Ceil), _rounded),
        exp.Pow: typed("power(CAST(_this_ AS DOUBLE), CAST(_expression_ AS DOUBLE))", *number),
        exp.Sqrt: warehouse.root,
        # moments
        **dict.fromkeys((exp.DateAdd, exp.DatetimeAdd, exp.TimestampAdd), _moved("+")),
        **dict.fromkeys((exp.DateSub, exp.DatetimeSub, exp.TimestampSub), _moved("-")),
        **dict.fromkeys((exp.DateDiff, exp.DatetimeDiff), _date_diff),
        exp.TimestampDiff: _timestamp_diff,
        **dict.fromkeys((exp.DateTrunc, exp.DatetimeTrunc, exp.TimestampTrunc), bigquery_weeks.truncated),
        exp.WeekStart: warehouse.kept,
        exp.LastDay: warehouse.last_day,
        exp.Extract: lambda node, context: warehouse.ordered_parts(node, context, _PARTS),
        exp.JSONExtractScalar: _json_scalar,
        exp.StrToTime: _parsed_time,
        exp.TsOrDsToDate: typed("CAST(_this_ AS DATE)", *moment),
        exp.TimeToStr: _format,
        **dict.fromkeys((exp.TsOrDsToTimestamp, exp.TsOrDsToDatetime), bigquery_casts.formatted),
        exp.StrToDate: parsing.date,
        exp.CurrentTimestamp: template("now()"),
        exp.UnixToTime: _from_unix,
    }  # fmt: skip


def bigquery_quotient(left: Any, right: Any) -> Any:
    """The type of a quotient: FLOAT64, of integers too; that of NUMERIC is refused where it is met."""
    from sqlglot import exp

    return exp.DataType.build("DOUBLE")


def bigquery_average(kind: Any) -> Any:
    """The type of an average: FLOAT64 of integers and floats; of NUMERIC it is NUMERIC."""
    from sqlglot import exp

    return exp.DataType.build("DOUBLE") if name_of(kind) in (*INTEGERS, *FLOATS) else kind


def _literal(node: Any, context: Context) -> Any:
    """A number with a point is a FLOAT64."""
    return node if node.is_string or node.is_int else duck("CAST(_x_ AS DOUBLE)", x=node)


def _unless_numeric(rule: Rule) -> Rule:
    """A rule for what is no NUMERIC beside a number with a point, which then is no FLOAT64, but a NUMERIC too.

    Of literals alone: https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules#literal_coercion
    """

    def checked(node: Any, context: Context) -> Any:
        from sqlglot import exp

        parts = [part for part in node.iter_expressions() if isinstance(part, exp.Expr)]
        parts += [part.args["true"] for part in parts if isinstance(part, exp.If)]
        if "DECIMAL" in {name_of(part.type) for part in parts} and any(map(_is_point, parts)):
            context.refuse(node, named(node), "a number with a point is NUMERIC beside NUMERIC; cast one of them")
        return rule(node, context)

    return checked


def _is_point(node: Any) -> bool:
    """Return whether a node is what [_literal][] makes of a number with a point."""
    from sqlglot import exp

    node = node.this if isinstance(node, exp.Neg) else node
    return isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and not node.this.is_int


def _floats(node: Any, context: Context) -> dict[str, Any]:
    sides = [node.this, node.expression]
    require(node, sides, ("number",), context)
    if any(name_of(side.type) == "DECIMAL" for side in sides):
        context.refuse(node, f"{named(node)} of NUMERIC", "cast a side to float64")
    return {name: duck("CAST(_x_ AS DOUBLE)", x=side) for name, side in zip("ab", sides, strict=True)}


def _quotient(node: Any, context: Context) -> Any:
    return warehouse.division_by_zero(_floats(node, context), "/", _BY_ZERO, "DOUBLE")


def _safe_quotient(node: Any, context: Context) -> Any:
    return duck("CASE WHEN _b_ = 0 THEN NULL ELSE _a_ / _b_ END", **_floats(node, context))


def _whole_quotient(node: Any, context: Context) -> Any:
    """`div(a, b)`: cut towards zero."""
    sides = [node.this, node.expression]
    if any(name_of(side.type) not in INTEGERS for side in sides):
        context.refuse(node, f"{named(node)} of what are not known to be integers")
    return warehouse.division_by_zero(dict(zip("ab", sides, strict=True)), "//", _BY_ZERO, "BIGINT")


def _finish(whole: Any, core: Any, context: Context) -> Any:
    from sqlglot import exp

    if isinstance(core, exp.CountIf):
        require(core, [core.this], ("BOOLEAN",), context)
        return rules.sum_of_integers(whole, core, "BIGINT")
    if not isinstance(core, (exp.Sum, exp.Avg)):
        return whole
    name = warehouse.require_total(core, context)
    if isinstance(core, exp.Sum) and name in INTEGERS:
        return rules.sum_of_integers(whole, core, "BIGINT")
    if isinstance(core, exp.Avg) and name == "DECIMAL":
        context.refuse(core, "avg of NUMERIC", "cast its argument to float64")
    return whole


def _string_agg(node: Any, context: Context) -> Any:
    from sqlglot import exp

    inner = node.this.this if isinstance(node.this, exp.Order) else node.this
    if isinstance(inner, exp.Distinct) or isinstance(node.parent, exp.Window):
        context.refuse(node, f"{named(node)} of distinct values, or over a window")
    require(node, [inner], ("text",), context)
    if node.args.get("separator") is None:
        node.set("separator", exp.Literal.string(","))
    return node


def _trim(node: Any, context: Context) -> Any:
    require(node, [node.this], ("text",), context)
    side = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or ""), "trim")
    given = node.args.get("expression")
    return duck(f"{side}(_x_, {'_y_' if given is not None else _BLANKS})", x=node.this, y=given or node.this)


def _regexp_contains(node: Any, context: Context) -> Any:
    require(node, [node.this], ("text",), context)
    arguments.pattern(node.expression, context)
    return duck("regexp_matches(_x_, _p_)", x=node.this, p=node.expression)


def _regexp_extract(node: Any, context: Context) -> Any:
    """`regexp_extract(x, pattern)`: its only group, or all that matched; NULL where nothing does."""
    import re

    if any(node.args.get(name) is not None for name in ("position", "occurrence", "parameters")):
        context.refuse(node, f"{named(node)} with more than a pattern")
    require(node, [node.this], ("text",), context)
    text = arguments.pattern(node.expression, context)
    groups = re.compile(text).groups
    if groups > 1 or (groups and re.search(r"\)[?*{]|\|", text)):
        context.refuse(node, f"{named(node)} with a group that may take no part, or several")
    return duck(
        f"CASE WHEN regexp_matches(_x_, _p_) THEN regexp_extract(_x_, _p_, {groups}) END",
        x=node.this, p=node.expression,
    )  # fmt: skip


def _rounded(node: Any, context: Context) -> Any:
    """`round`, `floor`, `ceil`: of integers they are FLOAT64."""
    require(node, [node.this], ("number",), context)
    places = node.args.get("decimals")
    if node.args.get("truncate") is not None or (places is not None and (not places.is_int or node.key != "round")):
        context.refuse(node, f"{named(node)} with these arguments")
    call = f"{node.key}(_x_, _n_)" if places is not None else f"{node.key}(_x_)"
    if name_of(node.this.type) in INTEGERS:
        call = f"CAST({call} AS DOUBLE)"
    return duck(call, x=node.this, n=places or node.this)


def _moved(sign: str) -> Rule:
    def rule(node: Any, context: Context) -> Any:
        from sqlglot import exp

        kind = name_of(node.this.type)
        wanted = {"date": "DATE", "datetime": "TIMESTAMP", "timestamp": "TIMESTAMPTZ"}[node.key[:-3]]
        if kind != wanted:
            context.refuse(node, named(node), "its argument is not known here to be of its own type; cast it")
        unit = rules.unit_of(node, context)
        if wanted == "TIMESTAMPTZ" and unit not in _UNITS_OF_TIME:
            context.refuse(node, f"{named(node)} by {unit.lower()}")
        if isinstance(node.expression, exp.Literal) and node.expression.is_string:
            node.set("expression", exp.Literal.number(node.expression.name))
        return warehouse.date_moved(node, context, sign)

    return rule


def _date_diff(node: Any, context: Context) -> Any:
    """`date_diff(a, b, unit)`, `datetime_diff(…)`: of two values of its own type."""
    wanted = "DATE" if node.key == "datediff" else "TIMESTAMP"
    if {name_of(part.type) for part in (node.this, node.expression)} != {wanted}:
        context.refuse(node, named(node), "its arguments are not known here to be of its own type; cast them")
    return bigquery_weeks.difference(node, context)


def _timestamp_diff(node: Any, context: Context) -> Any:
    """`timestamp_diff(a, b, unit)`: whole units that have passed, not borders."""
    unit = rules.unit_of(node, context)
    require(node, [node.this, node.expression], ("moment",), context)
    if unit not in _UNITS_OF_TIME or {name_of(part.type) for part in (node.this, node.expression)} != {"TIMESTAMPTZ"}:
        context.refuse(node, f"{named(node)} of these moments by {unit.lower()}")
    return duck(f"date_sub('{unit.lower()}', _a_, _b_)", a=node.expression, b=node.this)


def _format(node: Any, context: Context) -> Any:
    """`format_date(format, x)` and its like."""
    require(node, [node.this], ("moment",), context)
    if node.args.get("zone") is not None:
        context.refuse(node, f"{named(node)} in a time zone")
    if "%-d" in str(node.args["format"].name):  # what sqlglot makes of BigQuery's %e, which pads with a blank
        context.refuse(node, f"the day without zeros in the format of {named(node)}")
    return duck("strftime(_x_, _f_)", x=node.this, f=arguments.time_format(node, context))


def _json_scalar(node: Any, context: Context) -> Any:
    """`json_value(x, path)`: a scalar's text; a number with a point is refused as it runs."""
    from sqlglot import exp

    if not isinstance(node.expression, exp.JSONPath):
        context.refuse(node, f"{named(node)} of a path that is no literal")
    require(node, [node.this], ("text", "JSON"), context)
    parts = {"d": node.this, "p": exp.Literal.string(node.expression.sql("duckdb").strip("'"))}
    refusal = refusing("a number with a point in JSON as a text")
    return duck(
        f"CASE json_type(_d_, _p_) WHEN 'NULL' THEN NULL WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL "
        f"WHEN 'DOUBLE' THEN CAST({refusal} AS TEXT) ELSE json_extract_string(_d_, _p_) END",
        **parts,
    )


def _parsed_time(node: Any, context: Context) -> Any:
    """`parse_timestamp(format, x)`, of ISO dates and times."""
    text = arguments.literal(node.args["format"], context, f"the format of {named(node)}")
    shapes = {
        "%Y-%m-%d": r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "%H:%M:%S": r"[0-9]{2}:[0-9]{2}:[0-9]{2}",
    }  # fmt: skip
    day, mark, time = text[:8], text[8:9], text[9:17]
    is_known = day == "%Y-%m-%d" and mark in ("T", " ") and time == "%H:%M:%S" and text[17:] in ("", "Z")
    if not is_known or node.args.get("zone") is not None or named(node) != "parse_timestamp":
        context.refuse(node, f"{named(node)} with the format {text!r}")
    require(node, [node.this], ("text",), context)
    shape = f"{shapes[day]}{mark}{shapes[time]}{text[17:]}"
    plain = f"CAST(strptime(_x_, '{text}') AS TIMESTAMP) AT TIME ZONE 'UTC'"
    refusal = f"CAST(CAST({refusing('a text that is not in the format')} AS TEXT) AS TIMESTAMPTZ)"
    return duck(
        f"CASE WHEN _x_ IS NULL THEN NULL WHEN regexp_full_match(_x_, '{shape}') THEN {plain} ELSE {refusal} END",
        x=node.this,
    )


def _from_unix(node: Any, context: Context) -> Any:
    from sqlglot import exp

    if node.args.get("scale") not in (None, exp.UnixToTime.SECONDS):
        context.refuse(node, named(node))
    require(node, [node.this], ("number",), context)
    return duck("to_timestamp(_x_)", x=node.this)
