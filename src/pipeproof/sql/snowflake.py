"""Snowflake's dialect (https://docs.snowflake.com/en/sql-reference-functions) on DuckDB, its parameters at defaults."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pipeproof.sql import arguments, rules, snowflake_casts, warehouse
from pipeproof.sql.rewriting import Context, Rule, duck, named
from pipeproof.sql.types import FLOATS, INTEGERS, decimal, digits_of, group_of, name_of
from pipeproof.sql.warehouse import require, typed

_BY_ZERO = "Division by zero"
_PARTS = {
    **{part: f"date_part('{part}', _x_)" for part in ("year", "quarter", "month", "day", "hour", "minute")},
    "second": "CAST(floor(date_part('second', _x_)) AS BIGINT)",
    "dayofweek": "date_part('dow', _x_)", "dow": "date_part('dow', _x_)",
    "dayofweekiso": "date_part('isodow', _x_)", "dayofweek_iso": "date_part('isodow', _x_)",
    "dayofyear": "date_part('doy', _x_)", "doy": "date_part('doy', _x_)",
    "week": "date_part('week', _x_)", "weekiso": "date_part('week', _x_)",
}  # fmt: skip
"""Parts of moments, with the defaults of WEEK_START and WEEK_OF_YEAR_POLICY (0: as ISO has them, Sunday is day 0)."""
_FORMATS = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH24": "%H", "MI": "%M", "SS": "%S"}
_FORMAT = re.compile(rf"""(?:{"|".join(_FORMATS)}|"[^"%]*"|[^A-Za-z%"])*""", re.IGNORECASE)


@cache
def snowflake_rules() -> Mapping[Any, Rule]:
    """Return the rules, by sqlglot's classes."""
    from sqlglot import exp

    number, text, moment = ("number",), ("text",), ("moment",)
    return {
        **dict.fromkeys(
            (exp.Array, exp.Interval, exp.Lambda, exp.Dot, exp.Try, exp.Stddev, exp.StddevPop, exp.StddevSamp,
             exp.Variance, exp.VariancePop, exp.JSONPath, exp.Values), warehouse.refused,
        ),
        **dict.fromkeys((exp.JSONPath, exp.Values), warehouse.kept),
        **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), warehouse.arithmetic),
        exp.Div: _quotient,
        exp.Mod: warehouse.remainder(_BY_ZERO),
        **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between), warehouse.compared),
        **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ), warehouse.compared),
        exp.EqualNull: _equal_null,
        **dict.fromkeys((exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least), warehouse.chosen),
        exp.Nvl2: _nvl2,
        exp.DecodeCase: _decode,
        **dict.fromkeys((exp.Cast, exp.TryCast, exp.TsOrDsToDate, exp.ToNumber), snowflake_casts.cast),
        **dict.fromkeys((exp.DPipe, exp.Concat), warehouse.joined("BIGINT", "INT", "DATE", "DECIMAL")),
        **dict.fromkeys((exp.Like, exp.ILike), warehouse.matched),
        **dict.fromkeys((exp.Sum, exp.Avg, exp.CountIf, exp.Window), rules.aggregate(_finish)),
        exp.Filter: warehouse.filtered,
        exp.WindowSpec: warehouse.framed,
        exp.IgnoreNulls: rules.without_nulls,
        exp.AnyValue: warehouse.kept,
        exp.Qualify: warehouse.kept,
        exp.LogicalAnd: typed("bool_and(_this_)", "BOOLEAN"),
        exp.LogicalOr: typed("bool_or(_this_)", "BOOLEAN"),
        exp.ArgMax: typed("arg_max(_this_, _expression_)", "number", "text", "moment", "BOOLEAN"),
        exp.ArgMin: typed("arg_min(_this_, _expression_)", "number", "text", "moment", "BOOLEAN"),
        exp.WithinGroup: _listagg,
        exp.GroupConcat: _listagg,
        # text
        exp.Length: typed("length(_this_)", *text),
        exp.Lower: typed("lower(_this_)", *text),
        exp.Upper: typed("upper(_this_)", *text),
        exp.Reverse: typed("reverse(_this_)", *text),
        exp.MD5: typed("md5(_this_)", *text),
        exp.Contains: typed("contains(_this_, _expression_)", *text),
        exp.StartsWith: typed("starts_with(_this_, _expression_)", *text),
        exp.EndsWith: typed("ends_with(_this_, _expression_)", *text),
        exp.StrPosition: typed("strpos(_this_, _substr_)", *text),
        **dict.fromkeys((exp.Left, exp.Right), warehouse.cut),
        exp.Substring: warehouse.substring,
        exp.Pad: warehouse.padded,
        exp.Trim: _trim,
        exp.Replace: warehouse.replaced,
        exp.SplitPart: _split_part,
        exp.RegexpReplace: warehouse.regexp_replaced,
        exp.RegexpLike: _regexp_like,
        exp.RegexpExtract: _regexp_substr,
        # numbers
        exp.Abs: typed("abs(_this_)", *number),
        exp.Sign: typed("sign(_this_)", *number),
        **dict.fromkeys((exp.Round, exp.Floor, exp.Ceil), _rounded),
        exp.Pow: typed("power(CAST(_this_ AS DOUBLE), CAST(_expression_ AS DOUBLE))", *number),
        exp.Sqrt: warehouse.root,
        # moments
        exp.DateAdd: warehouse.date_moved,
        exp.DateDiff: lambda node, context: warehouse.date_diff(node, node.expression, node.this, context, week=True),
        **dict.fromkeys(
            (exp.DateTrunc, exp.TimestampTrunc),
            lambda node, context: warehouse.date_truncated(node, context, week=True),
        ),
        exp.LastDay: warehouse.last_day,
        **{part: _of_time(name) for part, name in
           {exp.Hour: "hour", exp.Minute: "minute", exp.Second: "second"}.items()},
        exp.Extract: lambda node, context: warehouse.ordered_parts(node, context, _PARTS),
        **{
            part: typed(_PARTS[name].replace("_x_", "_this_"), *moment)
            for part, name in {
                exp.Year: "year", exp.Quarter: "quarter", exp.Month: "month", exp.Day: "day", exp.DayOfMonth: "day",
                exp.DayOfWeek: "dayofweek",
                exp.DayOfWeekIso: "dayofweekiso", exp.DayOfYear: "dayofyear", exp.WeekOfYear: "week", exp.Week: "week",
            }.items()
        },
        exp.Literal: _literal,
        exp.ToChar: _to_char,
        exp.CurrentTimestamp: _now,
        # semi-structured
        exp.ParseJSON: snowflake_casts.parse_json,
        exp.JSONExtract: snowflake_casts.path,
    }  # fmt: skip


def snowflake_quotient(left: Any, right: Any) -> Any:
    """The type of a quotient: a scale of six digits more than the dividend's, up to twelve.

    https://docs.snowflake.com/en/sql-reference/operators-arithmetic#division
    """
    from sqlglot import exp

    if {name_of(left), name_of(right)} & {*FLOATS}:
        return exp.DataType.build("DOUBLE")
    first, second = digits_of(left), digits_of(right)
    return decimal(38, max(first[1], min(first[1] + 6, 12))) if first and second else None


def snowflake_average(kind: Any) -> Any:
    """The type of an average: that of its sum divided by a count."""
    return snowflake_quotient(kind, decimal(38, 0)) if group_of(kind) == "number" else None


def _literal(node: Any, context: Context) -> Any:
    if not node.is_string and "e" in node.name.lower():
        context.refuse(node, node.name, "it is not known here whether it is a float")
    return node


def _of_time(part: str) -> Rule:
    """A rule for an hour, minute or second: of a timestamp."""

    def rule(node: Any, context: Context) -> Any:
        require(node, [node.this], ("moment",), context)
        if name_of(node.this.type) == "DATE":
            context.refuse(node, named(node), "of a date")
        return duck(_PARTS[part], x=node.this)

    return rule


def _quotient(node: Any, context: Context) -> Any:
    require(node, [node.left, node.right], ("number",), context)
    parts = {"a": node.left, "b": node.right}
    first, second = digits_of(node.left.type), digits_of(node.right.type)
    if first is None or second is None:
        parts = {name: duck("CAST(_x_ AS DOUBLE)", x=part) for name, part in parts.items()}
        return warehouse.division_by_zero(parts, "/", _BY_ZERO, "DOUBLE")
    result = digits_of(snowflake_quotient(node.left.type, node.right.type)) or (38, 6)
    return rules.decimal_quotient(parts, first, second, result, _BY_ZERO)


def _equal_null(node: Any, context: Context) -> Any:
    warehouse.one_kind(node, [node.this, node.expression], context)
    return duck("_a_ IS NOT DISTINCT FROM _b_", a=node.this, b=node.expression)


def _nvl2(node: Any, context: Context) -> Any:
    warehouse.one_kind(node, [node.args["true"], node.args["false"]], context)
    return duck(
        "CASE WHEN _x_ IS NOT NULL THEN _a_ ELSE _b_ END", x=node.this, a=node.args["true"], b=node.args["false"]
    )


def _decode(node: Any, context: Context) -> Any:
    """`decode(x, a, b, …)`: NULL is equal to NULL."""
    value, *rest = node.expressions
    pairs, default = list(zip(rest[::2], rest[1::2], strict=False)), rest[-1] if len(rest) % 2 else None
    warehouse.one_kind(node, [value, *(key for key, _ in pairs)], context)
    results = [result for _, result in pairs] + ([default] if default is not None else [])
    warehouse.one_kind(node, results, context)
    parts, text = {"x": value}, ""
    for index, (key, result) in enumerate(pairs):
        letter = chr(97 + index)
        parts |= {f"k{letter}": key, f"r{letter}": result}
        text += f" WHEN _x_ IS NOT DISTINCT FROM _k{letter}_ THEN _r{letter}_"
    if default is not None:
        parts["e"] = default
        text += " ELSE _e_"
    return duck(f"CASE{text} END", **parts)


def _finish(whole: Any, core: Any, context: Context) -> Any:
    """Aggregates with their window: sums of integers are NUMBER(38, 0), averages have six digits more."""
    from sqlglot import exp

    if isinstance(core, (exp.FirstValue, exp.LastValue, exp.NthValue)) and isinstance(whole, exp.Window):
        if whole.args.get("spec") is None:  # Snowflake's default is the whole partition
            whole.set("spec", exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="UNBOUNDED",
                                             end_side="FOLLOWING"))  # fmt: skip
        return whole
    if isinstance(core, exp.CountIf):
        require(core, [core.this], ("BOOLEAN",), context)
        core.replace(duck("count_if(_x_)", x=core.this)) if core is not whole else None
        return whole if core is not whole else duck("CAST(count_if(_x_) AS BIGINT)", x=core.this)
    if not isinstance(core, (exp.Sum, exp.Avg)):
        return whole
    name = warehouse.require_total(core, context)
    if isinstance(core, exp.Sum) and name in INTEGERS:
        return rules.sum_of_integers(whole, core, "DECIMAL(38, 0)")
    if isinstance(core, exp.Avg) and name not in FLOATS:
        argument = core.this.expressions[0] if isinstance(core.this, exp.Distinct) else core.this
        kind = snowflake_average(argument.type)
        return duck(f"CAST(_w_ AS {kind.sql('duckdb')})", w=whole)
    return whole


def _listagg(node: Any, context: Context) -> Any:
    """`listagg(…)`: an empty text where there is nothing to join."""
    from sqlglot import exp

    core = node.this if isinstance(node, exp.WithinGroup) else node
    if node is core and isinstance(node.parent, exp.WithinGroup):
        return node
    if not isinstance(core, exp.GroupConcat) or isinstance(node.parent, exp.Window):
        context.refuse(node, f"{named(core)} as it is written here")
    if isinstance(core.this, exp.Distinct):
        context.refuse(core, f"{named(core)} of distinct values")
    require(core, [core.this], ("text",), context)
    separator = core.args.get("separator")
    between = arguments.literal(separator, context, "the delimiter of listagg") if separator is not None else ""
    joined = duck("string_agg(_x_, _s_)", x=core.this, s=exp.Literal.string(between))
    if node is not core:
        joined.set("order", None)
        joined = exp.WithinGroup(this=joined, expression=node.expression.copy())
    return duck("coalesce(_j_, '')", j=joined)


def _trim(node: Any, context: Context) -> Any:
    require(node, [node.this], ("text",), context)
    side = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or ""), "trim")
    given = node.args.get("expression")
    return duck(f"{side}(_x_, {'_y_' if given is not None else repr(' ')})", x=node.this, y=given or node.this)


def _split_part(node: Any, context: Context) -> Any:
    require(node, [node.this], ("text",), context)
    if not arguments.literal(node.args["delimiter"], context, "the delimiter of split_part"):
        context.refuse(node, "split_part by an empty text")
    index = node.args["part_index"]
    if not index.is_int or index.name == "0":
        context.refuse(node, "split_part with a place that is no number written here")
    return duck("split_part(_x_, _d_, _n_)", x=node.this, d=node.args["delimiter"], n=index)


def _regexp_like(node: Any, context: Context) -> Any:
    """`rlike`, `regexp_like`: of the whole text."""
    if node.args.get("flag") is not None:
        context.refuse(node, f"{named(node)} with parameters")
    require(node, [node.this], ("text",), context)
    arguments.pattern(node.expression, context)
    return duck("regexp_full_match(_x_, _p_)", x=node.this, p=node.expression)


def _regexp_substr(node: Any, context: Context) -> Any:
    """`regexp_substr(x, pattern)`: NULL where nothing matches."""
    group = node.args.get("group")  # sqlglot writes group 0 where none is asked for
    given = any(node.args.get(name) is not None for name in ("position", "occurrence", "parameters"))
    if given or (group is not None and group.name != "0"):
        context.refuse(node, f"{named(node)} with more than a pattern")
    require(node, [node.this], ("text",), context)
    arguments.pattern(node.expression, context)
    return duck("CASE WHEN regexp_matches(_x_, _p_) THEN regexp_extract(_x_, _p_) END", x=node.this, p=node.expression)


def _rounded(node: Any, context: Context) -> Any:
    require(node, [node.this], ("number",), context)
    places = node.args.get("decimals")
    if node.args.get("truncate") is not None or (places is not None and not places.is_int):
        context.refuse(node, f"{named(node)} with these arguments")
    if places is not None and node.key != "round":
        context.refuse(node, f"{named(node)} to a number of places")
    if name_of(node.this.type) in INTEGERS and places is None:
        return node.this
    call = f"{node.key}(_x_, _n_)" if places is not None else f"{node.key}(_x_)"
    return duck(call, x=node.this, n=places or node.this)


def _to_char(node: Any, context: Context) -> Any:
    """`to_char(x)`, `to_varchar(x, format)`."""
    from sqlglot import exp

    if node.args.get("format") is None:
        return snowflake_casts.cast_to(node, node.this, exp.DataType.build("VARCHAR"), context, is_try=False)
    require(node, [node.this], ("moment",), context)
    text = arguments.literal(node.args["format"], context, f"the format of {named(node)}")
    if not _FORMAT.fullmatch(text) or "MMMM" in text.upper():
        context.refuse(node, f"the format {text!r} of {named(node)}")
    parts = re.findall(rf"""{"|".join(_FORMATS)}|"[^"]*"|.""", text, re.IGNORECASE | re.DOTALL)
    of_duck = "".join(_FORMATS.get(part.upper(), part.strip('"')) for part in parts)
    return duck("strftime(_x_, _f_)", x=node.this, f=exp.Literal.string(of_duck))


def _now(node: Any, context: Context) -> Any:
    if node.args.get("sysdate"):
        return duck("CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP)")
    return duck("now()")
