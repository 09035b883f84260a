"""Athena's dialect (Trino's functions, https://docs.aws.amazon.com/athena/latest/ug/functions-env3.html) on DuckDB."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pipeproof.sql import arguments, casts, rules
from pipeproof.sql.rewriting import (
    Context,
    Rule,
    duck,
    failing,
    named,
    refusing,
    shown,
    template,
)
from pipeproof.sql.types import INTEGERS, digits_of, group_of, name_of

_BLANKS = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)"
_NO_FIELD = "INVALID_FUNCTION_ARGUMENT: Index must be greater than zero"
_BY_ZERO = "DIVISION_BY_ZERO: Division by zero"


@cache
def trino_rules() -> Mapping[Any, Rule]:
    """Return the rules, by sqlglot's classes."""
    from sqlglot import exp

    text = {"of": ("text",)}
    finished = rules.aggregate(_finish)
    return {
        **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), rules.arithmetic),
        **dict.fromkeys((exp.Div, exp.Mod), rules.quotient(_BY_ZERO)),
        **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between), rules.compared),
        **dict.fromkeys((exp.Cast, exp.TryCast, exp.Date, exp.FromISO8601Date), casts.cast),
        **dict.fromkeys((exp.Sum, exp.Avg, exp.CountIf, exp.Window, exp.Filter), finished),
        **dict.fromkeys((exp.Case, exp.Coalesce, exp.If, exp.Nullif), rules.one_type),
        exp.DPipe: rules.joined_text,
        exp.IgnoreNulls: rules.without_nulls,
        exp.Concat: rules.concat,
        # aggregates
        exp.AnyValue: template("any_value(_this_)"),
        exp.ApproxDistinct: template("count(DISTINCT _this_)"),
        exp.ArgMax: template("arg_max_null(_this_, _expression_)"),
        exp.ArgMin: template("arg_min_null(_this_, _expression_)"),
        exp.ArrayAgg: _kept,
        exp.GroupConcat: _kept,
        exp.LogicalAnd: template("bool_and(_this_)", of=("BOOLEAN",)),
        exp.LogicalOr: template("bool_or(_this_)", of=("BOOLEAN",)),
        # text
        exp.Length: template("length(_this_)", **text),
        exp.Lower: template("lower(_this_)", **text),
        exp.Upper: template("upper(_this_)", **text),
        exp.Trim: _trim,
        exp.Substring: _substring,
        exp.Replace: template("replace(_this_, _expression_, _replacement_)", **text),
        exp.Reverse: template("reverse(_this_)", of=("text", "ARRAY")),
        exp.Split: template("str_split(_this_, _expression_)", **text),
        exp.SplitPart: template(
            f"CASE WHEN _part_index_ < 1 THEN CAST({failing(_NO_FIELD)} AS TEXT) "
            "WHEN _part_index_ > len(str_split(_this_, _delimiter_)) THEN NULL "
            "ELSE split_part(_this_, _delimiter_, _part_index_) END", **text,
        ),
        exp.StartsWith: template("starts_with(_this_, _expression_)", **text),
        exp.StrPosition: template("strpos(_this_, _substr_)", **text),
        exp.Pad: _pad,
        exp.RegexpLike: _regexp_like,
        exp.RegexpExtract: _regexp_extract,
        exp.RegexpReplace: _regexp_replace,
        # numbers
        exp.Abs: template("abs(_this_)", of=("number",)),
        exp.Sign: _sign,
        exp.Round: _rounded,
        exp.Floor: _rounded,
        exp.Ceil: _rounded,
        exp.Pow: template("power(CAST(_this_ AS DOUBLE), CAST(_expression_ AS DOUBLE))", of=("number",)),
        exp.Sqrt: template("sqrt(CAST(_this_ AS DOUBLE))", of=("number",)),
        exp.Exp: template("exp(CAST(_this_ AS DOUBLE))", of=("number",)),
        exp.Greatest: _extreme,
        exp.Least: _extreme,
        # moments
        exp.CurrentTimestamp: template("now()"),
        exp.DateAdd: rules.date_add,
        exp.DateDiff: _date_diff,
        exp.TimestampTrunc: _date_trunc,
        exp.DateTrunc: _date_trunc,
        exp.TimeToStr: _date_format,
        exp.StrToTime: _date_parse,
        exp.UnixToTime: template("to_timestamp(_this_)", of=("number",)),
        exp.TimeToUnix: template("epoch(_this_)", of=("moment",)),
        **{
            part: template(f"{function}(_this_)", of=("moment",))
            for part, function in {
                exp.Year: "year", exp.Month: "month", exp.Day: "day", exp.Hour: "hour", exp.Minute: "minute",
                exp.Second: "second", exp.Quarter: "quarter", exp.WeekOfYear: "week", exp.DayOfWeekIso: "isodow",
                exp.DayOfYear: "dayofyear", exp.LastDay: "last_day",
            }.items()
        },
        exp.Extract: _extract,
        # arrays, maps, JSON
        exp.ArraySize: _cardinality,
        exp.ArrayContains: template("list_contains(_this_, _expression_)"),
        exp.ArrayDistinct: template("list_distinct(_this_)"),
        exp.ArrayMax: template("list_max(_this_)"),
        exp.ArrayMin: template("list_min(_this_)"),
        exp.ArrayToString: template("array_to_string(_this_, _expression_)"),
        exp.ArrayFilter: template("list_filter(_this_, _expression_)"),
        exp.Transform: template("list_transform(_this_, _expression_)"),
        exp.Bracket: _bracket,
        exp.Map: _map,
        exp.MapKeys: template("map_keys(_this_)"),
        exp.Unnest: _unnest,
        exp.JSONExtractScalar: _json_scalar,
        exp.Anonymous: _anonymous,
    }  # fmt: skip


def _kept(node: Any, context: Context) -> Any:
    return node


def _finish(whole: Any, core: Any, context: Context) -> Any:
    """An aggregate with its filter and window: sums of integers are BIGINT, averages of decimals are decimals."""
    from sqlglot import exp

    if isinstance(whole, exp.Window) and isinstance(core.this, exp.Distinct):
        context.refuse(whole, f"{named(core)} of distinct values over a window", "Trino has none")
    if isinstance(core, exp.CountIf):
        return rules.sum_of_integers(whole, core, "BIGINT")
    if isinstance(core, (exp.Sum, exp.Avg)) and isinstance(core.this, exp.Distinct):
        argument = core.this.expressions[0]
    else:
        argument = core.this if isinstance(core, (exp.Sum, exp.Avg)) else None
    if argument is None:
        return whole
    name = name_of(argument.type)
    if group_of(argument.type) == "UNKNOWN":
        context.refuse(core, named(core), "the type of its argument is not known here; cast it")
    if group_of(argument.type) != "number":
        context.fail(
            core, "FUNCTION_NOT_FOUND", f"Unexpected parameters ({shown(argument.type)}) for function {named(core)}"
        )
    if isinstance(core, exp.Sum) and name in INTEGERS:
        return rules.sum_of_integers(whole, core, "BIGINT")
    if isinstance(core, exp.Avg) and name == "DECIMAL":
        if whole is not core or isinstance(core.this, exp.Distinct):
            context.refuse(core, "avg of decimals with DISTINCT, FILTER or OVER", "cast its argument to double")
        digits = digits_of(argument.type) or (38, 0)
        parts = {"a": duck("sum(_x_)", x=argument), "b": duck("count(_x_)", x=argument)}
        new = rules.decimal_quotient(parts, (38, digits[1]), (19, 0), (38, digits[1]), _BY_ZERO)
        return duck(
            f"CASE WHEN count(_x_) = 0 THEN NULL ELSE CAST(_n_ AS DECIMAL({digits[0]}, {digits[1]})) END",
            x=argument,
            n=new,
        )
    return whole


def _trim(node: Any, context: Context) -> Any:
    side = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or ""), "trim")
    given = node.args.get("expression")
    return duck(f"{side}(_x_, {'_y_' if given is not None else _BLANKS})", x=node.this, y=given or node.this)


def _substring(node: Any, context: Context) -> Any:
    """Positions count from 1, negative ones from the end; 0 and what lies outside give an empty text."""
    if group_of(node.this.type) not in ("text", "UNKNOWN", "NULL"):
        context.fail(node, "FUNCTION_NOT_FOUND", f"Unexpected parameters ({shown(node.this.type)}) for function substr")
    length = node.args.get("length")
    cut = "substr(_x_, _s_, greatest(_n_, 0))" if length is not None else "substr(_x_, _s_)"
    return duck(
        f"CASE WHEN _x_ IS NULL OR _s_ IS NULL THEN NULL WHEN _s_ = 0 OR -_s_ > length(_x_) THEN '' ELSE {cut} END",
        x=node.this, s=node.args["start"], n=length or node.this,
    )  # fmt: skip


def _pad(node: Any, context: Context) -> Any:
    function = "lpad" if node.args.get("is_left") else "rpad"
    return duck(f"{function}(_x_, _n_, _f_)", x=node.this, n=node.expression, f=node.args["fill_pattern"])


def _regexp_like(node: Any, context: Context) -> Any:
    arguments.pattern(node.expression, context)
    return duck("regexp_matches(_x_, _p_)", x=node.this, p=node.expression)


def _regexp_extract(node: Any, context: Context) -> Any:
    """NULL where nothing matches; DuckDB gives an empty text."""
    text = arguments.pattern(node.expression, context)
    number = arguments.group_number(node.args.get("group"), text, context)
    return duck(
        f"CASE WHEN regexp_matches(_x_, _p_) THEN regexp_extract(_x_, _p_, {number}) END",
        x=node.this,
        p=node.expression,
    )


def _regexp_replace(node: Any, context: Context) -> Any:
    arguments.pattern(node.expression, context)
    new = arguments.replacement(node.args["replacement"], context)
    return duck("regexp_replace(_x_, _p_, _r_, 'g')", x=node.this, p=node.expression, r=new)


def _sign(node: Any, context: Context) -> Any:
    kind = name_of(node.this.type)
    if kind not in INTEGERS:
        context.refuse(node, "sign of what is not an integer")
    return duck(f"CAST(sign(_x_) AS {kind})", x=node.this)


def _rounded(node: Any, context: Context) -> Any:
    kind = name_of(node.this.type)
    if group_of(node.this.type) != "number":
        context.refuse(node, named(node), "the type of its argument is not known here to be a number; cast it")
    function, places = node.key, node.args.get("decimals")
    call = f"{function}(_x_, _n_)" if places is not None else f"{function}(_x_)"
    to = node.type.sql("duckdb") if kind == "DECIMAL" else kind
    return duck(f"CAST({call} AS {to})", x=node.this, n=places or node.this)


def _extreme(node: Any, context: Context) -> Any:
    """NULL where one is; DuckDB leaves NULLs out."""
    parts = {f"p{chr(97 + index)}": part for index, part in enumerate([node.this, *node.expressions])}
    missing = " OR ".join(f"_{name}_ IS NULL" for name in parts)
    values = ", ".join(f"_{name}_" for name in parts)
    return duck(f"CASE WHEN {missing} THEN NULL ELSE {node.key}({values}) END", **parts)


def _date_diff(node: Any, context: Context) -> Any:
    """Whole units that have passed; DuckDB's `date_diff` counts the borders between."""
    unit = rules.unit_of(node, context)
    for part in (node.this, node.expression):
        if group_of(part.type) not in ("moment", "NULL"):
            context.refuse(node, "date_diff", "an argument is not known to be a date or timestamp; cast it")
    return duck(
        f"date_sub('{unit.lower()}', CAST(_a_ AS TIMESTAMP), CAST(_b_ AS TIMESTAMP))", a=node.expression, b=node.this
    )


def _date_trunc(node: Any, context: Context) -> Any:
    unit, kind = rules.unit_of(node, context), name_of(node.this.type)
    if kind not in ("DATE", "TIMESTAMP"):
        context.refuse(node, "date_trunc", "its argument is not known to be a date or timestamp; cast it")
    return duck(f"CAST(date_trunc('{unit.lower()}', _x_) AS {kind})", x=node.this)


def _date_format(node: Any, context: Context) -> Any:
    if group_of(node.this.type) != "moment":
        context.refuse(node, "date_format", "its argument is not known to be a date or timestamp; cast it")
    return duck("strftime(_x_, _f_)", x=node.this, f=arguments.time_format(node, context))


def _date_parse(node: Any, context: Context) -> Any:
    return duck("strptime(_x_, _f_)", x=node.this, f=arguments.time_format(node, context))


def _extract(node: Any, context: Context) -> Any:
    part = node.this.name.lower()
    known = {"year": "year", "quarter": "quarter", "month": "month", "week": "week", "day": "day", "hour": "hour",
             "minute": "minute", "second": "second", "dow": "isodow", "day_of_week": "isodow", "doy": "dayofyear",
             "day_of_year": "dayofyear"}  # fmt: skip
    if part not in known:
        context.refuse(node, f"extract({part} …)")
    return duck(f"{known[part]}(_x_)", x=node.expression)


def _cardinality(node: Any, context: Context) -> Any:
    kind = name_of(node.this.type)
    if kind not in ("ARRAY", "MAP"):
        context.refuse(node, "cardinality", "its argument is not known to be an array or a map")
    return duck("len(_x_)" if kind == "ARRAY" else "cardinality(_x_)", x=node.this)


def _bracket(node: Any, context: Context) -> Any:
    """`a[1]`, `m['k']`, `element_at`: the first two fail where there is nothing, the last gives NULL."""
    from sqlglot import exp

    kind, index = name_of(node.this.type), node.expressions[0]
    if not node.args.get("safe") and isinstance(index, exp.Literal) and not index.is_string:
        index = exp.Literal.number(int(index.name) + 1)  # sqlglot counts from 0
    elif not node.args.get("safe") and not isinstance(index, exp.Literal):
        context.refuse(node, "[…] with what is not a literal", "element_at() does it")
    inner = node.this.type.expressions if kind in ("ARRAY", "MAP") else []
    parts = {"x": node.this, "i": index}
    if not inner:
        context.refuse(node, "[…] or element_at", "what it is taken from is not known to be an array or a map")
    value = "list_extract(_x_, _i_)" if kind == "ARRAY" else "map_extract_value(_x_, _i_)"
    if node.args.get("safe"):
        return duck(value, **parts)
    to = inner[-1].sql("duckdb")
    there = "_i_ <= len(_x_)" if kind == "ARRAY" else "map_contains(_x_, _i_)"
    said = (
        "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length"
        if kind == "ARRAY"
        else "INVALID_FUNCTION_ARGUMENT: Key not present in map"
    )
    return duck(f"CASE WHEN _x_ IS NULL THEN NULL WHEN {there} THEN {value} ELSE {failing(said, to)} END", **parts)


def _map(node: Any, context: Context) -> Any:
    return duck("map(_k_, _v_)", k=node.args["keys"], v=node.args["values"])


def _unnest(node: Any, context: Context) -> Any:
    array = node.expressions[0]
    items = array.type.expressions if array.type is not None else []
    if len(node.expressions) != 1 or name_of(array.type) != "ARRAY" or node.args.get("offset") or not items:
        context.refuse(node, "UNNEST", "it is executed here for one array whose type is known, without ORDINALITY")
    if name_of(items[0]) == "STRUCT":
        context.refuse(node, "UNNEST of an array of rows")
    return node


def _json_scalar(node: Any, context: Context) -> Any:
    """Return a scalar as text; NULL for objects, arrays, null, and texts that are no JSON."""
    from sqlglot import exp

    path = node.expression
    known = (exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript)
    if not isinstance(path, exp.JSONPath) or not all(isinstance(part, known) for part in path.expressions):
        context.refuse(node, "json_extract_scalar", "its path has to be a literal of names and indices here")
    text = "$"
    for part in path.expressions[1:]:
        text += f'."{part.this}"' if isinstance(part, exp.JSONPathKey) else f"[{part.this}]"
    document = "CASE WHEN json_valid(_x_) THEN _x_ END"
    value = duck(f"json_extract_string({document}, _p_)", x=node.this, p=exp.Literal.string(text))
    parts = {"x": node.this, "p": exp.Literal.string(text), "v": value}
    # a number with a fraction or an exponent is given as it is written, which DuckDB does not keep
    quoted = r"""regexp_replace(_x_, '(^|[:\[,])(\s*)(-?[0-9][0-9.eE+-]*)', '\1\2"\3"', 'g')"""
    parts["w"] = duck(f"json_extract_string(CASE WHEN json_valid({quoted}) THEN {quoted} END, _p_)", **parts)
    refusal = refusing("json_extract_scalar of a number among texts with numbers")
    written = (
        f"CASE WHEN TRY_CAST(_w_ AS DOUBLE) = TRY_CAST(_v_ AS DOUBLE) THEN _w_ ELSE CAST({refusal} AS VARCHAR) END"
    )
    return duck(
        f"CASE json_type({document}, _p_) WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'NULL' THEN NULL "
        f"WHEN 'DOUBLE' THEN {written} ELSE _v_ END",
        **parts,
    )


def _anonymous(node: Any, context: Context) -> Any:
    known = {"map_values": "map_values(_a_)"}
    name = str(node.this).lower()
    if name not in known or len(node.expressions) != 1:
        context.refuse(node, f"the function {name}")
    return duck(known[name], a=node.expressions[0])
