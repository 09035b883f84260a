"""Rules that both dialects share: quotients, sums, comparisons, joined texts, moments moved, aggregates."""

from collections.abc import Callable
from typing import Any, NoReturn

from pipeproof.sql.errors import FailedError, place
from pipeproof.sql.rewriting import Context, Rule, duck, failing, named, shown
from pipeproof.sql.types import FLOATS, INTEGERS, digits_of, group_of, name_of

_DAYS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
UNITS = (*_DAYS, "HOUR", "MINUTE", "SECOND", "MILLISECOND")


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
        context.refuse(node, f"{named(node)} by {unit.lower() or 'a unit that is not a literal'}")
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
        context.refuse(node, "||", "a side is not text; cast it to varchar")
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


def without_nulls(node: Any, context: Context) -> Any:
    """`IGNORE NULLS` of a window's function that looks for a row."""
    from sqlglot import exp

    known = (exp.FirstValue, exp.LastValue, exp.NthValue, exp.Lag, exp.Lead)
    if not isinstance(node.this, known) or not isinstance(node.parent, exp.Window):
        context.refuse(node, f"IGNORE NULLS of {named(node.this)}")
    return node


def sum_of_integers(whole: Any, core: Any, to: str) -> Any:
    """DuckDB sums integers to HUGEINT."""
    kind = whole.type
    new = duck(f"CAST(_w_ AS {to})", w=whole)
    new.type = kind or core.type
    return new
