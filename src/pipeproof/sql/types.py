"""The types of expressions, where the services' rules are others than sqlglot's: numbers above all.

Trino: integers stay integers, a number with a point is a DECIMAL; of decimals (p1, s1) and (p2, s2) a sum has scale
max(s1, s2), a product s1 + s2, a quotient max(s1, s2). https://trino.io/docs/current/functions/decimal.html
Redshift: https://docs.aws.amazon.com/redshift/latest/dg/r_numeric_computations201.html
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from pipeproof.sql.touched import TYPES

INTEGERS = {"TINYINT": 3, "SMALLINT": 5, "INT": 10, "BIGINT": 19}
"""The integer types by sqlglot's names, smallest first, with the digits that each counts for among decimals."""
FLOATS = ("FLOAT", "DOUBLE")
TEXTS = ("VARCHAR", "TEXT", "CHAR", "NVARCHAR", "NCHAR")
MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMPTZ")
_MOST = 38


def name_of(kind: Any) -> str:
    """sqlglot's name of an expression's type; `UNKNOWN` where there is none."""
    name = "UNKNOWN" if kind is None else str(kind.this.value if hasattr(kind.this, "value") else kind.this)
    return {"TIMESTAMPNTZ": "TIMESTAMP", "TIMESTAMPLTZ": "TIMESTAMPTZ", "DATETIME": "TIMESTAMP"}.get(name, name)


def group_of(kind: Any) -> str:
    """`number`, `text`, `moment`, or the name of the type."""
    name = name_of(kind)
    if name in INTEGERS or name in FLOATS or name == "DECIMAL":
        return "number"
    return "text" if name in TEXTS else "moment" if name in MOMENTS else name


def digits_of(kind: Any) -> tuple[int, int] | None:
    """Precision and scale of a decimal or an integer type; None of any other."""
    name = name_of(kind)
    if name in INTEGERS:
        return INTEGERS[name], 0
    if name != "DECIMAL":
        return None
    given = [int(part.name) for part in kind.expressions]
    return (given[0] if given else _MOST, given[1] if len(given) > 1 else 0)


def decimal(precision: int, scale: int) -> Any:
    """Return the type DECIMAL(precision, scale); precision is cut to what there is."""
    from sqlglot import exp

    return exp.DataType.build(f"DECIMAL({min(precision, _MOST)}, {scale})")


def arithmetic_type(operator: str, left: Any, right: Any) -> Any:
    """Return the type of a sum, product, quotient or remainder; None where it is not known.

    Args:
        operator: The operator's class in sqlglot: `Add`, `Sub`, `Mul`, `Div`, `Mod`.
        left: The type of the left side.
        right: That of the right side.
    """
    from sqlglot import exp

    names = name_of(left), name_of(right)
    if all(name in INTEGERS for name in names):
        return exp.DataType.build(max(names, key=list(INTEGERS).index))
    if any(name in FLOATS for name in names) and all(group_of(kind) == "number" for kind in (left, right)):
        return exp.DataType.build("FLOAT" if names == ("FLOAT", "FLOAT") else "DOUBLE")
    first, second = digits_of(left), digits_of(right)
    if first is None or second is None:
        return None
    (p1, s1), (p2, s2) = first, second
    scale = max(s1, s2)
    if operator == "Mul":
        return decimal(p1 + p2, s1 + s2)
    if operator == "Div":
        return decimal(p1 + s2 + max(0, s2 - s1), scale)
    if operator == "Mod":
        return decimal(min(p1 - s1, p2 - s2) + scale, scale)
    return decimal(max(p1 - s1, p2 - s2) + scale + 1, scale)


def common_number(kinds: Iterable[Any]) -> Any:
    """Return the type of a value that is one of several numbers; None where one is not known to be a number.

    Of decimals it has the most digits before the point and the most after it, as each of the services has it.
    """
    from sqlglot import exp

    known = list(kinds)
    if not known or any(group_of(kind) != "number" for kind in known):
        return None
    names = {name_of(kind) for kind in known}
    if names & {*FLOATS}:
        return exp.DataType.build("FLOAT" if names == {"FLOAT"} else "DOUBLE")
    if "DECIMAL" not in names:
        return exp.DataType.build(max(names, key=list(INTEGERS).index))
    digits = [each for kind in known if (each := digits_of(kind)) is not None]
    scale = max(scale for _, scale in digits)
    return decimal(max(precision - scale for precision, scale in digits) + scale, scale)


def branches_of(node: Any) -> list[Any]:
    """Return the values of which a node is one: of `CASE`, `COALESCE`, `NVL2` and their like."""
    from sqlglot import exp

    if isinstance(node, exp.Case):
        values = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
    elif isinstance(node, (exp.If, exp.Nvl2)):
        values = [node.args.get("true"), node.args.get("false")]
    elif isinstance(node, exp.DecodeCase):
        _, *rest = node.expressions
        values = [*rest[1::2], *(rest[-1:] if len(rest) % 2 else [])]
    else:
        values = [node.this, *node.expressions]
    return [value for value in values if value is not None and not isinstance(value, exp.Null)]


def _each(kinds: Iterable[Any], annotate: Callable[[Any, Any], Any]) -> dict[Any, dict[str, Callable[[Any, Any], Any]]]:
    return {kind: {"annotator": annotate} for kind in kinds}


def annotators(  # noqa: C901 - a table of small functions
    *,
    average_of_integers: str,
    sum_of_bigints: str,
    quotient: Callable[[Any, Any], Any] | None = None,
    average: Callable[[Any], Any] | None = None,
    floats: bool = False,
    known: Mapping[Any, Mapping[str, Any]] = MappingProxyType({}),
) -> dict[Any, dict[str, Callable[[Any, Any], Any]]]:
    """Annotators for sqlglot's `annotate_types`, over those that it has for the dialect.

    Args:
        average_of_integers: The type of `avg` over integers.
        sum_of_bigints: That of `sum` over BIGINT.
        quotient: The type of a quotient by those of its sides, where it is another than Trino's.
        average: The type of `avg` by that of its argument, where it is another.
        floats: Whether a number that is written with a point is a DOUBLE; then integers are rounded to one, too.
        known: The dialect's own, for what these leave to it.
    """
    from sqlglot import exp

    def set_type(annotator: Any, node: Any, kind: Any) -> Any:
        TYPES.read(lambda: annotator._set_type(node, kind), None)  # noqa: SLF001 - listed in TYPES
        return node

    def arithmetic(annotator: Any, node: Any) -> Any:
        left, right = node.left.type, node.right.type
        if isinstance(node, exp.Sub) and name_of(left) == name_of(right) == "DATE":
            return set_type(annotator, node, exp.DataType.build("BIGINT"))
        if isinstance(node, (exp.Add, exp.Sub)) and group_of(left) == "moment":
            return set_type(annotator, node, left)
        if isinstance(node, exp.Add) and group_of(right) == "moment" and name_of(left) in INTEGERS:
            return set_type(annotator, node, right)
        if quotient is not None and isinstance(node, exp.Div):
            return set_type(annotator, node, quotient(left, right))
        return set_type(annotator, node, arithmetic_type(type(node).__name__, left, right))

    def literal(annotator: Any, node: Any) -> Any:
        if node.is_string:
            return set_type(annotator, node, exp.DataType.build("VARCHAR"))
        text = node.name
        if "e" in text.lower() or (floats and not node.is_int):
            return set_type(annotator, node, exp.DataType.build("DOUBLE"))
        if node.is_int:
            return set_type(annotator, node, exp.DataType.build("INT" if abs(int(text)) < 2**31 else "BIGINT"))
        whole, _, fraction = text.partition(".")
        return set_type(annotator, node, decimal(max(len(whole.lstrip("0")) + len(fraction), 1), len(fraction)))

    def sum_type(annotator: Any, node: Any) -> Any:
        argument = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
        digits, name = digits_of(argument.type), name_of(argument.type)
        of_integers = sum_of_bigints if name == "BIGINT" else "BIGINT"
        kind = of_integers if name in INTEGERS else decimal(_MOST, digits[1]) if digits else argument.type
        return set_type(annotator, node, exp.DataType.build(kind) if isinstance(kind, str) else kind)

    def average_type(annotator: Any, node: Any) -> Any:
        argument = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
        kind = average_of_integers if name_of(argument.type) in INTEGERS else argument.type
        kind = average(argument.type) if average is not None else kind
        return set_type(annotator, node, exp.DataType.build(kind) if isinstance(kind, str) else kind)

    def like_argument(annotator: Any, node: Any) -> Any:
        return set_type(annotator, node, node.this.type)

    def of_items(annotator: Any, node: Any) -> Any:
        return set_type(annotator, node, (node.this.type.expressions or [None])[0] if node.this.type else None)

    def of_branches(annotator: Any, node: Any) -> Any:
        kind = common_number(value.type for value in branches_of(node))
        default = known.get(type(node), {}).get("annotator")
        if kind is None and default is not None:
            return default(annotator, node)
        if kind is None:
            kind = next((value.type for value in branches_of(node)), None)
        return set_type(annotator, node, kind)

    def to_number(annotator: Any, node: Any) -> Any:
        digits = [node.args.get(name) for name in ("precision", "scale")]
        given = [
            int(part.name) if part is not None and part.is_int else start
            for part, start in zip(digits, (38, 0), strict=True)
        ]
        return set_type(annotator, node, decimal(*given))

    def big(annotator: Any, node: Any) -> Any:
        return set_type(annotator, node, exp.DataType.build("BIGINT"))

    def text(annotator: Any, node: Any) -> Any:
        return set_type(annotator, node, exp.DataType.build("VARCHAR"))

    def moment(annotator: Any, node: Any) -> Any:
        return set_type(annotator, node, exp.DataType.build("TIMESTAMP"))

    def joined(annotator: Any, node: Any) -> Any:
        first = node.left if isinstance(node, exp.DPipe) else node.expressions[0]
        is_array = name_of(first.type) == "ARRAY"
        return set_type(annotator, node, first.type if is_array else exp.DataType.build("VARCHAR"))

    arithmetics = {kind: {"annotator": arithmetic} for kind in (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)}

    def rounded(annotator: Any, node: Any) -> Any:
        digits = digits_of(node.this.type)
        if floats and name_of(node.this.type) in INTEGERS:
            return set_type(annotator, node, exp.DataType.build("DOUBLE"))
        if name_of(node.this.type) != "DECIMAL" or digits is None:
            return set_type(annotator, node, node.this.type)
        (precision, scale), places = digits, node.args.get("decimals")
        to_places = places is not None
        if quotient is not None and to_places and places.is_int:  # the result has no more places than asked for
            scale = min(scale, max(int(places.to_py()), 0))
        kind = decimal(precision + 1, scale) if to_places else decimal(precision - scale + min(1, scale), 0)
        return set_type(annotator, node, kind)

    same = _each(
        (
            exp.ArrayFilter, exp.ArrayDistinct, exp.ArraySort, exp.Neg, exp.Abs, exp.TimestampTrunc, exp.DateTrunc,
            exp.DateAdd,
            exp.IgnoreNulls, exp.Nullif, exp.AnyValue, exp.ArgMax, exp.ArgMin, exp.Try, exp.Paren,
        ),
        like_argument,
    )  # fmt: skip
    bigs = _each(
        (
            exp.Count, exp.CountIf, exp.ApproxDistinct, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile, exp.Length,
            exp.StrPosition, exp.DateDiff, exp.TsOrDsDiff, exp.ArraySize, exp.Year, exp.Month, exp.Day, exp.Hour,
            exp.Minute, exp.Second, exp.Quarter, exp.WeekOfYear, exp.DayOfWeekIso, exp.DayOfYear, exp.Extract,
        ),
        big,
    )  # fmt: skip
    return {
        **arithmetics, **same, **bigs, **_each((exp.Round, exp.Floor, exp.Ceil), rounded),
        exp.Literal: {"annotator": literal}, exp.Sum: {"annotator": sum_type}, exp.Avg: {"annotator": average_type},
        **_each((exp.TsOrDsToTimestamp, exp.TsOrDsToDatetime), moment), exp.JSONExtractScalar: {"annotator": text},
        exp.ToNumber: {"annotator": to_number},
        **_each((exp.Case, exp.If, exp.Coalesce, exp.Greatest, exp.Least, exp.Nvl2, exp.DecodeCase), of_branches),
        exp.Concat: {"annotator": joined}, exp.DPipe: {"annotator": joined},
        exp.ArrayMax: {"annotator": of_items}, exp.ArrayMin: {"annotator": of_items},
    }  # fmt: skip
