"""Redshift's dialect (https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions.html) on DuckDB."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pipeproof.sql import arguments, blanks, casts, rules, warehouse
from pipeproof.sql.errors import FailedError
from pipeproof.sql.rewriting import Context, Rule, duck, failing, named, refusing, template
from pipeproof.sql.types import FLOATS, INTEGERS, group_of, name_of

_FORMAT = re.compile(r"(?:[^%A-Za-z]|%-?[YymdHMSjbBaAIp]|%%)*")
_ROOT = "ERROR: cannot take square root of a negative number"
_NO_FIELD = "ERROR: field position must be greater than zero"
_PARTS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second", "dow", "doy")


@cache
def redshift_rules() -> Mapping[Any, Rule]:
    """Return the rules, by sqlglot's classes."""
    from sqlglot import exp

    text = {"of": ("text",)}
    return {
        **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), rules.arithmetic),
        **dict.fromkeys((exp.Div, exp.Mod), rules.quotient("ERROR: Divide by zero")),
        **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between), blanks.compared),
        **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ), blanks.compared),
        **dict.fromkeys((exp.Case, exp.Nullif, exp.DecodeCase), blanks.chosen),
        **dict.fromkeys((exp.Union, exp.Except, exp.Intersect), blanks.united),
        **dict.fromkeys((exp.Coalesce, exp.If), _kept),
        exp.Select: blanks.selected,
        exp.Count: blanks.counted,
        **dict.fromkeys((exp.Cast, exp.Date), casts.cast),
        **dict.fromkeys((exp.Sum, exp.Avg, exp.Window), rules.aggregate(_finish)),
        exp.Filter: warehouse.filtered,
        exp.IgnoreNulls: rules.without_nulls,
        **dict.fromkeys((exp.Max, exp.Min), _extreme),
        **dict.fromkeys((exp.Like, exp.ILike), _like),
        exp.DPipe: rules.joined_text,
        exp.Concat: rules.concat,
        exp.Nvl2: template("CASE WHEN _this_ IS NOT NULL THEN _true_ ELSE _false_ END"),
        exp.AnyValue: template("any_value(_this_)"),
        exp.GroupConcat: _listagg,
        exp.Greatest: _kept,
        exp.Least: _kept,
        exp.LogicalAnd: template("bool_and(_this_)"),
        exp.LogicalOr: template("bool_or(_this_)"),
        # text
        exp.Length: template("length(_this_)", **text),
        exp.Lower: template("lower(_this_)", **text),
        exp.Upper: template("upper(_this_)", **text),
        **dict.fromkeys((exp.Left, exp.Right), _cut),
        exp.Substring: _substring,
        exp.Trim: _trim,
        exp.Replace: template("replace(_this_, _expression_, _replacement_)", **text),
        exp.Reverse: template("reverse(_this_)", **text),
        exp.SplitPart: template(
            f"CASE WHEN _part_index_ < 1 THEN CAST({failing(_NO_FIELD)} AS TEXT) "
            "ELSE split_part(_this_, _delimiter_, _part_index_) END", **text,
        ),
        exp.StrPosition: template("strpos(_this_, _substr_)", **text),
        exp.MD5: template("md5(_this_)", **text),
        exp.RegexpExtract: _regexp_substr,
        exp.RegexpReplace: _regexp_replace,
        # numbers
        exp.Abs: template("abs(_this_)", of=("number",)),
        exp.Round: _rounded,
        exp.Floor: _rounded,
        exp.Ceil: _rounded,
        exp.Pow: template("power(CAST(_this_ AS DOUBLE), CAST(_expression_ AS DOUBLE))", of=("number",)),
        exp.Sqrt: template(
            f"CASE WHEN _this_ < 0 THEN {failing(_ROOT, 'DOUBLE')} ELSE sqrt(CAST(_this_ AS DOUBLE)) END",
            of=("number",),
        ),
        # moments
        exp.CurrentTimestamp: template("CAST(now() AS TIMESTAMP)"),
        exp.TsOrDsAdd: _date_add,
        exp.TsOrDsDiff: _date_diff,
        exp.DateDiff: _date_diff,
        exp.TimestampTrunc: _date_trunc,
        exp.DateTrunc: _date_trunc,
        exp.TimeToStr: _to_char,
        exp.StrToDate: _to_date,
        exp.StrToTime: _to_date,
        exp.LastDay: template("last_day(_this_)", of=("moment",)),
        exp.Extract: _extract,
        exp.Anonymous: _anonymous,
    }  # fmt: skip


def _kept(node: Any, context: Context) -> Any:
    return node


def _check_window(window: Any, core: Any, context: Context) -> None:
    """Check that a window is one of Redshift's: an aggregate with an order has a frame, of rows, and no DISTINCT.

    https://docs.aws.amazon.com/redshift/latest/dg/r_WF_SUM.html

    Raises:
        FailedError: There is no frame.
        UntranslatableQueryError: It is of another kind, or the aggregate is of distinct values.
    """
    from sqlglot import exp

    inner = core.this if isinstance(core, exp.IgnoreNulls) else core
    spec = window.args.get("spec")
    framed = (exp.Sum, exp.Avg, exp.Count, exp.Min, exp.Max, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance,
              exp.VariancePop, exp.FirstValue, exp.LastValue, exp.NthValue)  # fmt: skip
    if isinstance(inner.this, exp.Distinct):
        context.refuse(window, f"{named(inner)} of distinct values over a window", "Redshift has none")
    if spec is not None and str(spec.args.get("kind") or "ROWS").upper() != "ROWS":
        context.refuse(window, f"a frame of {spec.args['kind'].lower()}", "Redshift has frames of ROWS alone")
    if isinstance(inner, framed) and window.args.get("order") is not None and spec is None:
        raise FailedError("ERROR: Aggregate window functions with an ORDER BY clause require a frame clause")


def _extreme(node: Any, context: Context) -> Any:
    """`max` and `min`, which have no booleans."""
    if group_of(node.this.type) == "BOOLEAN":
        context.refuse(node, f"{named(node)} of booleans", "Redshift has none; bool_or() and bool_and() do it")
    return node


def _like(node: Any, context: Context) -> Any:
    """`LIKE` and `ILIKE`: a backslash escapes, where no ESCAPE names another sign.

    https://docs.aws.amazon.com/redshift/latest/dg/r_patternmatching_condition_like.html
    """
    from sqlglot import exp

    if isinstance(node.parent, exp.Escape):
        return node
    if isinstance(node.expression, exp.Literal) and "\\" not in node.expression.name:
        return node
    sign = "ILIKE" if isinstance(node, exp.ILike) else "LIKE"
    return duck(f"_x_ {sign} _p_ ESCAPE '\\'", x=node.this, p=node.expression)


def _cut(node: Any, context: Context) -> Any:
    """`left(x, n)` and `right(x, n)`: a negative n, which DuckDB counts from the end, is not documented."""
    if group_of(node.this.type) not in ("text", "UNKNOWN", "NULL"):
        context.refuse(node, f"{named(node)} of what is no text")
    negative = f"CAST({refusing('a negative length of left() or right()')} AS TEXT)"
    return duck(f"CASE WHEN _n_ < 0 THEN {negative} ELSE {node.key}(_x_, _n_) END", x=node.this, n=node.expression)


def _listagg(node: Any, context: Context) -> Any:
    from sqlglot import exp

    if isinstance(node.this, exp.Distinct):  # sqlglot takes the delimiter for a second value
        context.refuse(node, "listagg of distinct values")
    return node


def _finish(whole: Any, core: Any, context: Context) -> Any:
    """Sums of BIGINT are NUMERIC(38, 0), averages of integers are integers, cut."""
    from sqlglot import exp

    if isinstance(whole, exp.Window):
        _check_window(whole, core, context)
        blanks.divided(whole)
    if not isinstance(core, (exp.Sum, exp.Avg)):
        return whole
    argument = core.this.expressions[0] if isinstance(core.this, exp.Distinct) else core.this
    name = name_of(argument.type)
    if group_of(argument.type) != "number":
        context.refuse(core, named(core), "the type of its argument is not known here to be a number; cast it")
    if isinstance(core, exp.Sum) and name in INTEGERS:
        return rules.sum_of_integers(whole, core, "DECIMAL(38, 0)" if name == "BIGINT" else "BIGINT")
    if isinstance(core, exp.Avg) and name in INTEGERS:
        return duck("CAST(trunc(_w_) AS BIGINT)", w=whole)
    if isinstance(core, exp.Avg) and name not in FLOATS:
        context.refuse(core, "avg of decimals", "cast its argument to double precision")
    return whole


def _substring(node: Any, context: Context) -> Any:
    """Positions before 1 count, and give nothing, as in PostgreSQL."""
    length = node.args.get("length")
    start = "greatest(_s_, 1)"
    cut = f"substr(_x_, {start}, greatest(_s_ + _n_ - {start}, 0))" if length is not None else f"substr(_x_, {start})"
    return duck(cut, x=node.this, s=node.args["start"], n=length or node.this)


def _trim(node: Any, context: Context) -> Any:
    side = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or ""), "trim")
    given = node.args.get("expression")
    return duck(f"{side}(_x_, {'_y_' if given is not None else repr(' ')})", x=node.this, y=given or node.this)


def _regexp_substr(node: Any, context: Context) -> Any:
    text = arguments.pattern(node.expression, context)
    if "(" in text or any(
        node.args.get(name) is not None for name in ("position", "occurrence", "parameters", "group")
    ):
        context.refuse(node, "regexp_substr with more than a pattern without groups")
    return duck("regexp_extract(_x_, _p_)", x=node.this, p=node.expression)


def _regexp_replace(node: Any, context: Context) -> Any:
    arguments.pattern(node.expression, context)
    new = arguments.replacement(node.args["replacement"], context)
    return duck("regexp_replace(_x_, _p_, _r_, 'g')", x=node.this, p=node.expression, r=new)


def _rounded(node: Any, context: Context) -> Any:
    kind, places = name_of(node.this.type), node.args.get("decimals")
    if kind not in (*INTEGERS, *FLOATS):
        context.refuse(node, named(node), "its argument is not known here to be an integer or a float; cast it")
    call = f"{node.key}(_x_, _n_)" if places is not None else f"{node.key}(_x_)"
    return duck(f"CAST({call} AS {kind})", x=node.this, n=places or node.this)


def _date_add(node: Any, context: Context) -> Any:
    unit = rules.unit_of(node, context)
    step = "to_months(3 * CAST(_n_ AS INT))" if unit == "QUARTER" else f"to_{unit.lower()}s(CAST(_n_ AS INT))"
    return duck(f"CAST(_x_ AS TIMESTAMP) + {step}", x=node.this, n=node.expression)


def _date_diff(node: Any, context: Context) -> Any:
    """Borders between, as DuckDB counts."""
    unit = rules.unit_of(node, context)
    if unit == "WEEK":
        context.refuse(node, "datediff by week")
    return duck(
        f"date_diff('{unit.lower()}', CAST(_a_ AS TIMESTAMP), CAST(_b_ AS TIMESTAMP))", a=node.expression, b=node.this
    )


def _date_trunc(node: Any, context: Context) -> Any:
    unit = rules.unit_of(node, context)
    return duck(f"date_trunc('{unit.lower()}', CAST(_x_ AS TIMESTAMP))", x=node.this)


def _format(node: Any, context: Context) -> Any:
    text = arguments.literal(node.args["format"], context, f"the format of {named(node)}")
    if not _FORMAT.fullmatch(text):
        context.refuse(node, f"the format of {named(node)}")
    return node.args["format"]


def _to_char(node: Any, context: Context) -> Any:
    if group_of(node.this.type) != "moment":
        context.refuse(node, "to_char", "its argument is not known here to be a date or timestamp")
    text = _format(node, context)
    if re.search("%-?[bBaAp]", text.name):  # MON, Mon and mon are spelled in three ways, and one to sqlglot
        context.refuse(node, "the format of to_char", "names of months, days and half days are not written here")
    return duck("strftime(_x_, _f_)", x=node.this, f=text)


def _to_date(node: Any, context: Context) -> Any:
    kind = "DATE" if node.key == "strtodate" else "TIMESTAMP"
    return duck(f"CAST(strptime(_x_, _f_) AS {kind})", x=node.this, f=_format(node, context))


def _extract(node: Any, context: Context) -> Any:
    part = node.this.name.lower()
    if part not in _PARTS:
        context.refuse(node, f"extract({part} …)")
    return duck(f"date_part('{part}', _x_)", x=node.expression)


def _anonymous(node: Any, context: Context) -> Any:
    known = {"isnull": "coalesce(_a_, _b_)"}
    name = str(node.this).lower()
    if name not in known or len(node.expressions) != 2:
        context.refuse(node, f"the function {name}")
    return duck(known[name], a=node.expressions[0], b=node.expressions[1])
