"""Rules that both dialects share: quotients, comparisons, casts of text, numbers and moments."""

import re
from collections.abc import Callable
from typing import Any, NoReturn

from pipeproof.sql.errors import FailedError, place
from pipeproof.sql.rewriting import Context, Rule, duck, failing, named, refusing, shown
from pipeproof.sql.types import FLOATS, INTEGERS, TEXTS, digits_of, group_of, name_of

_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)"
_STRICT = {
    "integer": r"[+-]?[0-9]+",
    "DECIMAL": _NUMBER,
    "float": rf"\s*([+-]?(NaN|Infinity)|{_NUMBER}([eE][+-]?[0-9]+)?)\s*",
    "BOOLEAN": r"(?i)(t|true|1|f|false|0)",
    "DATE": r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*",
    "TIMESTAMP": r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?)?\s*",
}
"""What a text has to look like to be cast; DuckDB takes more."""
_REDSHIFT = {
    "BOOLEAN": r"(?i)\s*(t|true|y|yes|1|f|false|n|no|0)\s*",
    "TIMESTAMP": _STRICT["TIMESTAMP"].replace("{1,3}", "{1,6}"),
}
"""The same of Redshift, where it is otherwise."""
_FINE = _STRICT["TIMESTAMP"].replace("{1,3}", "{4,12}")
_FINER = "a timestamp with more than three digits of a second fraction"
_DAYS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
UNITS = (*_DAYS, "HOUR", "MINUTE", "SECOND", "MILLISECOND")
_DIRECTIVES = re.compile(r"(?:[^%]|%-?[YymdHMSjbBaAIpf]|%%)*")
_NO_GROUPS_LEFT_OUT = re.compile(r"\)[?*{]|\|")
_OTHER_REGEX = re.compile(r"\(\?[=!<>]|\\[1-9]|[*+?}]\+|&&")


def quotient(by_zero: str) -> Rule:
    """Division: of integers to an integer, cut towards zero; by zero fails, of floats too unless they have infinities.

    Args:
        by_zero: What the failure says.
    """

    def rule(node: Any, context: Context) -> Any:
        kinds = node.left.type, node.right.type
        require_numbers(node, kinds, context)
        parts = {"a": node.left, "b": node.right}
        names = [name_of(kind) for kind in kinds]
        operator = "%" if type(node).__name__ == "Mod" else "//"
        if all(name in INTEGERS for name in names):
            kind = max(names, key=list(INTEGERS).index)
            return duck(f"CASE WHEN _b_ = 0 THEN {failing(by_zero, kind)} ELSE _a_ {operator} _b_ END", **parts)
        if any(name in FLOATS for name in names):
            return float_quotient(node, parts, by_zero, context)
        first, second = (digits_of(kind) for kind in kinds)
        if first is None or second is None or context.service != "athena":
            context.refuse(node, "/", "a quotient whose type is not known here; cast one side to double precision")
        if operator == "%":
            return duck(f"CASE WHEN _b_ = 0 THEN {failing(by_zero)} ELSE _a_ % _b_ END", **parts)
        return decimal_quotient(parts, first, second, digits_of(node.type) or (38, 0), by_zero)

    return rule


def float_quotient(node: Any, parts: dict[str, Any], by_zero: str, context: Context) -> Any:
    """Trino divides floats by zero to infinity; Redshift fails."""
    operator = "%" if type(node).__name__ == "Mod" else "/"
    plain = f"CAST(_a_ AS DOUBLE) {operator} CAST(_b_ AS DOUBLE)"
    if context.service == "athena":
        return duck(plain, **parts)
    return duck(f"CASE WHEN _b_ = 0 THEN {failing(by_zero, 'DOUBLE')} ELSE {plain} END", **parts)


def decimal_quotient(
    parts: dict[str, Any], first: tuple[int, int], second: tuple[int, int], result: tuple[int, int], by_zero: str
) -> Any:
    """Return the exact quotient of two decimals, by whole numbers, its last digit rounded half up."""
    shift = 10 ** (result[1] - first[1] + second[1])
    whole = {name: f"CAST(replace(CAST(CAST(_{name}_ AS DECIMAL(38, {scale})) AS TEXT), '.', '') AS HUGEINT)"
             for name, scale in (("a", first[1]), ("b", second[1]))}  # fmt: skip
    rounded = f"((abs({whole['a']}) * {2 * shift} + abs({whole['b']})) // (2 * abs({whole['b']})))"
    unit = 10 ** result[1]
    text = (
        f"CASE WHEN (_a_ < 0) <> (_b_ < 0) THEN '-' ELSE '' END || CAST({rounded} // {unit} AS TEXT) || "
        f"'.' || lpad(CAST({rounded} % {unit} AS TEXT), {result[1]}, '0')"
    )
    kind = f"DECIMAL({result[0]}, {result[1]})"
    return duck(
        f"CASE WHEN _b_ = 0 THEN {failing(by_zero, kind)} WHEN _a_ IS NULL OR _b_ IS NULL THEN NULL "
        f"ELSE CAST({text} AS {kind}) END",
        **parts,
    )


def require_numbers(node: Any, kinds: tuple[Any, Any], context: Context) -> None:
    """Fail where a side of an operator is known to be no number."""
    groups = [group_of(kind) for kind in kinds]
    if any(group not in ("number", "UNKNOWN", "NULL") for group in groups):
        mismatch(node, kinds, context)
    if "UNKNOWN" in groups:
        context.refuse(node, _sign(node), "the type of a side is not known here; cast it")


def mismatch(node: Any, kinds: tuple[Any, Any], context: Context) -> NoReturn:
    """Fail as Trino does where an operator has no meaning for the types: at the operator.

    Raises:
        FailedError: The statement is Athena's.
        UntranslatableQueryError: It is another service's.
    """
    if context.service != "athena":
        types = f"{shown(kinds[0])} and {shown(kinds[1])}"
        context.refuse(node, _sign(node), f"it is not known here what Redshift makes of {types}; cast one of them")
    said = f"Cannot apply operator: {shown(kinds[0])} {_sign(node)} {shown(kinds[1])}"
    after = max((int(part.meta["end"]) for part in node.this.walk() if "end" in part.meta), default=0)
    at = context.sql.find(_sign(node), after)
    line, column = place(context.sql, max(at, 0))
    raise FailedError(f"TYPE_MISMATCH: line {line}:{column}: {said}")


_SIGNS = {
    "Div": "/", "Mod": "%", "Add": "+", "Sub": "-", "Mul": "*", "EQ": "=", "NEQ": "<>", "GT": ">", "GTE": ">=",
    "LT": "<", "LTE": "<=", "DPipe": "||",
}  # fmt: skip


def _sign(node: Any) -> str:
    return _SIGNS.get(type(node).__name__, named(node))


def arithmetic(node: Any, context: Context) -> Any:
    """Sums, differences and products; of a moment and an interval the type of the moment."""
    from sqlglot import exp

    if isinstance(node.right, exp.Interval):
        return moved(node, context)
    kinds = node.left.type, node.right.type
    if context.service != "athena" and [name_of(kind) for kind in kinds if name_of(kind) not in INTEGERS] == ["DATE"]:
        left, right = ("_a_", "CAST(_b_ AS INT)") if name_of(kinds[0]) == "DATE" else ("CAST(_a_ AS INT)", "_b_")
        if isinstance(node, exp.Add) or (isinstance(node, exp.Sub) and left == "_a_"):
            sign = "+" if isinstance(node, exp.Add) else "-"
            return duck(f"{left} {sign} {right}", a=node.left, b=node.right)
    if {group_of(kind) for kind in kinds} == {"moment"}:
        context.refuse(node, "the time between two moments", "date_diff() gives it")
    if "UNKNOWN" not in [name_of(kind) for kind in kinds]:  # an item of an array, in a lambda
        require_numbers(node, kinds, context)
    return node


def one_type(node: Any, context: Context) -> Any:
    """`coalesce`, `CASE`, `IF`, `nullif`: Trino takes values of one type; DuckDB casts."""
    from sqlglot import exp

    if isinstance(node, exp.Case):
        values = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
    elif isinstance(node, exp.If):
        values = [node.args["true"], node.args.get("false")]
    else:
        values = [node.this, *node.expressions, node.args.get("expression")]
    kinds = [value.type for value in values if value is not None]
    known = [kind for kind in kinds if group_of(kind) not in ("UNKNOWN", "NULL")]
    if context.service == "athena" and len({group_of(kind) for kind in known}) > 1:
        types = ", ".join(shown(kind) for kind in known)
        context.fail(
            node,
            "TYPE_MISMATCH",
            f"All {named(node).upper()} operands must be the same type or coercible to a common type. Found: {types}",
        )
    return node


def moved(node: Any, context: Context) -> Any:
    """Return a moment and an interval."""
    unit = (node.right.text("unit") or "").upper()
    kind = name_of(node.left.type)
    if group_of(node.left.type) != "moment" or unit not in UNITS:
        context.refuse(node, "an interval", "what it is added to is not known to be a date or timestamp; cast it")
    if kind == "DATE" and context.service == "athena":
        if unit not in _DAYS:
            mismatch(node, (node.left.type, node.right.type), context)
        return duck("CAST(_x_ AS DATE)", x=node)
    return node


def date_add(node: Any, context: Context) -> Any:
    """`date_add(unit, number, moment)`: as many units later, of the moment's type."""
    unit, kind = unit_of(node, context), name_of(node.this.type)
    if group_of(node.this.type) != "moment":
        context.refuse(node, named(node), "its argument is not known to be a date or timestamp; cast it")
    if kind == "DATE" and unit not in _DAYS and context.service == "athena":
        raise FailedError(f"INVALID_FUNCTION_ARGUMENT: '{unit.lower()}' is not a valid DATE field")
    moved_to = f"_this_ + to_{unit.lower()}s(CAST(_n_ AS INT))"
    if unit == "QUARTER":
        moved_to = "_this_ + to_months(3 * CAST(_n_ AS INT))"
    is_date = kind == "DATE" and context.service == "athena"
    return duck(f"CAST({moved_to} AS {'DATE' if is_date else 'TIMESTAMP'})", this=node.this, n=node.expression)


def unit_of(node: Any, context: Context) -> str:
    """Return the unit of time that a function names."""
    unit = (node.text("unit") or "").upper()
    if unit not in UNITS:
        context.refuse(node, f"{named(node)} by {unit.lower() or 'a unit that is no literal'}")
    return unit


def compared(node: Any, context: Context) -> Any:
    """Comparisons: Trino compares nothing with what is of another kind; DuckDB casts."""
    from sqlglot import exp

    if isinstance(node, exp.In):
        others = [part.type for part in node.expressions]
    elif isinstance(node, exp.Between):
        others = [node.args["low"].type, node.args["high"].type]
    else:
        others = [node.expression.type]
    if context.service == "athena":
        for other in others:
            groups = {group_of(node.this.type), group_of(other)} - {"UNKNOWN", "NULL"}
            if len(groups) > 1:
                mismatch(node, (node.this.type, other), context)
    return node


def joined_text(node: Any, context: Context) -> Any:
    """`||`: of texts, NULL where one is."""
    kinds = node.left.type, node.right.type
    strange = {group_of(kind) for kind in kinds} - {"text", "ARRAY", "UNKNOWN", "NULL"}
    if strange and context.service == "athena":
        mismatch(node, kinds, context)
    if strange:
        context.refuse(node, "||", "a side is no text; cast it to varchar")
    if "ARRAY" in [name_of(kind) for kind in kinds]:
        return joined_arrays([node.left, node.right], node, context)
    return duck("_a_ || _b_", a=node.left, b=node.right)


def joined_arrays(arrays: list[Any], node: Any, context: Context) -> Any:
    """Return arrays of one type joined to one; NULL where one of them is, which DuckDB's is not."""
    if len({part.type.sql("duckdb") for part in arrays}) > 1:
        context.refuse(node, "a concatenation of what are not arrays of one type")
    parts = {f"p{chr(97 + index)}": part for index, part in enumerate(arrays)}
    missing, joined = (
        word.join(f"_{name}_{rest}" for name in parts) for word, rest in ((" OR ", " IS NULL"), (" || ", ""))
    )
    return duck(f"CASE WHEN {missing} THEN NULL ELSE {joined} END", **parts)


def concat(node: Any, context: Context) -> Any:
    """`concat`: NULL where an argument is, which DuckDB's is not."""
    if node.expressions and name_of(node.expressions[0].type) == "ARRAY":
        return joined_arrays(node.expressions, node, context)
    for part in node.expressions:
        if group_of(part.type) not in ("text", "UNKNOWN", "NULL"):
            context.fail(part, "FUNCTION_NOT_FOUND", f"Unexpected parameters ({shown(part.type)}) for function concat")
    text = " || ".join(f"_p{chr(97 + index)}_" for index in range(len(node.expressions)))
    return duck(text, **{f"p{chr(97 + index)}": part for index, part in enumerate(node.expressions)})


def cast(node: Any, context: Context) -> Any:
    """`CAST` and `TRY_CAST`."""
    from sqlglot import exp

    is_try = isinstance(node, exp.TryCast)
    target = node.to if hasattr(node, "to") and node.args.get("to") else exp.DataType.build("DATE")
    source, to = node.this.type, name_of(target)
    what = f"a cast of {shown(source)} to {shown(target)}"
    group, from_ = group_of(source), name_of(source)
    if isinstance(node.this, exp.Null) or group == "NULL" or (from_ == to and not target.expressions):
        return duck(f"CAST(_x_ AS {target.sql('duckdb')})", x=node.this)
    if group == "UNKNOWN":
        context.refuse(node, what, "the type that is cast is not known here")
    result = _cast_by(node.this, group, from_, to, target, context)
    if result is None:
        context.refuse(node, what)
    if isinstance(result, str):
        result = duck(result, x=node.this)
    return duck("TRY(_r_)", r=result) if is_try else result


def _cast_by(value: Any, group: str, from_: str, to: str, target: Any, context: Context) -> Any:
    """DuckDB's SQL for a cast of `_x_`; None where it is not known how the service casts."""
    kind = target.sql("duckdb")
    plain = f"CAST(_x_ AS {kind})"
    to_group = group_of(target)
    if to in TEXTS:
        return _to_text(group, from_, target, context)
    if group == "text":
        rule = "integer" if to in INTEGERS else "float" if to in FLOATS else to
        return _strict(value, rule, kind, to, context) if rule in _STRICT else None
    if group == "number" and to_group == "number":
        is_rounded = to in INTEGERS and from_ not in INTEGERS
        if is_rounded and context.service != "athena":
            return None
        return f"CAST(round(_x_) AS {kind})" if is_rounded else plain
    if {group, to_group} == {"number", "BOOLEAN"}:
        return plain
    if group == "moment" and to in ("DATE", "TIMESTAMP") and from_ in ("DATE", "TIMESTAMP"):
        return f"CAST(_x_ AS {to})"
    return None


def _to_text(group: str, from_: str, target: Any, context: Context) -> str | None:
    plain = "CAST(_x_ AS TEXT)"
    if from_ == "TIMESTAMP" and context.service == "athena":
        plain = "strftime(_x_, '%Y-%m-%d %H:%M:%S.%g')"
    elif not (
        group == "text"
        or from_ in (*INTEGERS, "DECIMAL", "DATE")
        or (from_ == "BOOLEAN" and context.service == "athena")
    ):
        return None
    if not target.expressions:
        return plain
    return f"left(_x_, {int(target.expressions[0].name)})" if group == "text" else None


def _strict(value: Any, rule: str, kind: str, to: str, context: Context) -> Any:
    from sqlglot import exp

    kind = "TIMESTAMP" if to == "TIMESTAMP" else kind
    text = value.name if isinstance(value, exp.Literal) else None
    is_trino = context.service == "athena"
    shape = _STRICT[rule] if is_trino else _REDSHIFT.get(rule, _STRICT[rule])
    if text is not None and re.fullmatch(shape, text) and (is_trino or to != "BOOLEAN"):
        return f"CAST(_x_ AS {kind})"
    if is_trino and to == "TIMESTAMP" and text is not None and re.fullmatch(_FINE, text):
        context.refuse(value, "a timestamp with more than three digits of a second's fraction")
    written = re.search(r"\b(?:date|timestamp)\s*$", context.sql[: value.meta.get("start", 0)], re.IGNORECASE)
    if is_trino and text is not None and written:  # a literal, and no cast
        line, column = place(context.sql, written.start())
        raise FailedError(f"INVALID_LITERAL: line {line}:{column}: '{text}' is not a valid {to.lower()} literal")
    said = {"INT": "INT", "BOOLEAN": "BOOLEAN"}.get(to, to)
    code = "INVALID_CAST_ARGUMENT" if context.service == "athena" else "ERROR"
    message = f"{code}: Cannot cast ''' || _x_ || ''' to {said}"
    pattern = shape.replace("'", "''")
    plain, finer = f"CAST(trim(_x_) AS {kind})", ""
    if to == "BOOLEAN" and not is_trino:
        plain = "regexp_full_match(trim(_x_), '(?i)(t|true|y|yes|1)')"
    if to == "TIMESTAMP" and is_trino:
        finer = f"WHEN regexp_full_match(_x_, '{_FINE}') THEN CAST({refusing(_FINER)} AS TIMESTAMP) "
    return (
        f"CASE WHEN _x_ IS NULL THEN NULL WHEN regexp_full_match(_x_, '{pattern}') THEN {plain} {finer}"
        f"ELSE {failing(message, kind)} END"
    )


def literal(node: Any, context: Context, what: str) -> str:
    """Return the text of an argument that has to be a literal."""
    from sqlglot import exp

    if not isinstance(node, exp.Literal):
        context.refuse(node, what, "it has to be a literal here")
    return str(node.name)


def time_format(node: Any, context: Context) -> Any:
    """Return a format of strftime's, which sqlglot made of the dialect's own; only what DuckDB reads alike."""
    text = literal(node.args["format"], context, f"the format of {named(node)}")
    if not _DIRECTIVES.fullmatch(text):
        context.refuse(node, f"the format {text!r} of {named(node)}")
    return node.args["format"]


def pattern(node: Any, context: Context) -> str:
    """Return a regular expression that RE2 and the service read alike."""
    text = literal(node, context, "a regular expression")
    if _OTHER_REGEX.search(text):
        context.refuse(node, f"the regular expression {text!r}", "DuckDB's engine (RE2) has no such construct")
    return text


def group_number(node: Any, text: str, context: Context) -> int:
    """The group of a regular expression that is asked for; one that may be left out is not told from an empty one."""
    number = int(literal(node, context, "the group of a regular expression")) if node is not None else 0
    if number and _NO_GROUPS_LEFT_OUT.search(text):
        context.refuse(node, f"group {number} of {text!r}", "a group that takes no part is not told from an empty one")
    return number


def replacement(node: Any, context: Context) -> Any:
    """Return a replacement with the service's `$1` in DuckDB's `\\1`."""
    from sqlglot import exp

    text = literal(node, context, "the replacement of regexp_replace")
    parts = re.findall(r"\\.|\$\d(?!\d)|[^\\$]", text, re.DOTALL)
    if "".join(parts) != text or (context.service != "athena" and "\\" in text):
        context.refuse(node, f"the replacement {text!r} of regexp_replace")
    of_duck = (f"\\{part[1]}" if part[0] == "$" else part[-1].replace("\\", "\\\\") for part in parts)
    return exp.Literal.string("".join(of_duck))


def aggregate(finish: Callable[[Any, Any, Context], Any]) -> Rule:
    """A rule for an aggregate, its `FILTER` and its `OVER`: `finish` gets the whole, and the aggregate inside."""

    def rule(node: Any, context: Context) -> Any:
        from sqlglot import exp

        outer = node.parent
        if isinstance(outer, (exp.Window, exp.Filter)) and outer.this is node:
            return node
        core = node
        while isinstance(core, (exp.Window, exp.Filter)):
            core = core.this
        return finish(node, core, context)

    return rule


def sum_of_integers(whole: Any, core: Any, to: str) -> Any:
    """DuckDB sums integers to HUGEINT."""
    kind = whole.type
    new = duck(f"CAST(_w_ AS {to})", w=whole)
    new.type = kind or core.type
    return new
