"""Types as a project's YAML declares them, in the words of the database that the rows go to.

A project of one warehouse may be tested on another database, which has other names for types. sqlglot knows those of
the large warehouses; what stands for values of any kind (`variant`, `super`), or what one of them alone has, says
nothing.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Context, Decimal, InvalidOperation
from functools import cache
from typing import Any

WAREHOUSES = ("snowflake", "bigquery", "databricks", "redshift", "trino")
"""Whose types are translated, in the order in which they are asked."""

_ANYTHING = {"variant", "object", "array", "super", "geography", "ipaddress", "any", "void", "vector", "map", "struct"}
"""Types that say nothing of their values' form, or that hold what only one warehouse has: the values say it."""

_OPEN_DECIMAL = re.compile(
    r"(?:numeric|decimal|dec|number|fixed|bignumeric|bigdecimal)(?:\s*\(\s*(\d+)[^)]*\))?", re.IGNORECASE
)
_INTEGERS = {
    "int", "integer", "int2", "int4", "int8", "int16", "int32", "int64", "tinyint", "smallint", "mediumint", "bigint",
    "byteint", "byte", "short", "long", "signed",
}  # fmt: skip
_FLOATS = {"float", "real", "float4"}
_MOMENTS = {"timestamp", "datetime", "timestamp_ntz", "timestampntz"}
_ZONED = re.compile(r"with time zone|timestamptz|timestamp_l?tz", re.IGNORECASE)
_MOST_DIGITS = 38
_EXACT = Context(prec=10_000)


def find_type(kind: str, dialect: str, accepts: Callable[[str], bool]) -> str | None:
    """Return the database's type for a declared one; `None` where it is for the values to say.

    Args:
        kind: The type as it is declared.
        dialect: sqlglot's name for the database.
        accepts: Whether the database knows a type.

    Raises:
        ValueError: No database knows such a type.
    """
    word = re.split(r"[\s(<]", kind.strip(), maxsplit=1)[0].lower()
    if word in _ANYTHING and not re.search(r"[(<]", kind):
        return None
    if accepts(kind):
        return kind
    candidates = list(_translate(kind, dialect))
    found = next((candidate for candidate in candidates if accepts(candidate)), None)
    if found is None and word in _ANYTHING:
        return None
    if found is None:
        raise ValueError(f"{kind} is not a type that {dialect} has, nor one of {', '.join(WAREHOUSES)}")
    return found


def is_zoned(kind: str) -> bool:
    """Return whether a type is of instants."""
    return _ZONED.search(kind) is not None


def widen(kind: str, values: Sequence[Any]) -> Iterator[str]:
    """Types that hold more than a declared one that leaves its precision to the warehouse.

    `numeric` has three decimals here and nine there, `int` 32 bits or 38 digits. A type that says its precision is
    kept to it.
    """
    word = kind.strip().lower()
    numbers = list(_read_numbers(values))
    if (decimal := _OPEN_DECIMAL.fullmatch(word)) and int(decimal[1] or _MOST_DIGITS + 1) > _MOST_DIGITS:
        scale = max((max(0, -int(number.as_tuple().exponent)) for number in numbers), default=0)
        whole = max((number.adjusted() + 1 for number in numbers if number), default=1)
        if scale + max(whole, 0) <= _MOST_DIGITS:
            yield f"decimal({_MOST_DIGITS}, {scale})"
    elif word in _INTEGERS and all(number == number.to_integral_value() for number in numbers):
        yield from ("bigint", f"decimal({_MOST_DIGITS}, 0)")
    elif word in _FLOATS:
        yield "double precision"
    elif word in _MOMENTS:
        yield "timestamp_ns"


def _read_numbers(values: Sequence[Any]) -> Iterator[Decimal]:
    for value in values:
        try:
            number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        except (InvalidOperation, TypeError, ValueError):
            continue
        if number.is_finite():
            yield number.normalize(_EXACT)


def _translate(kind: str, dialect: str) -> Iterator[str]:
    """A type as another database would have it, in all the ways in which the warehouses may mean it."""
    for name in dict.fromkeys(filter(None, (_translate_from(warehouse, kind, dialect) for warehouse in WAREHOUSES))):
        yield name
        yield re.sub(r"\([^()]*\)$", "", name)  # a length that it does not take


@cache
def _translate_from(warehouse: str, kind: str, dialect: str) -> str | None:
    from sqlglot import ErrorLevel, exp
    from sqlglot.errors import SqlglotError

    try:
        built = exp.DataType.build(kind, dialect=warehouse)
        return built.sql(dialect, unsupported_level=ErrorLevel.IGNORE)
    except (SqlglotError, ValueError):
        return None
