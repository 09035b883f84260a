"""The types of Glue's catalogue (Hive's words) in DuckDB's words, and texts as values of them."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from pipeproof.sql.errors import FailedError

_PLAIN = {
    "tinyint": "TINYINT", "smallint": "SMALLINT", "int": "INTEGER", "integer": "INTEGER", "bigint": "BIGINT",
    "float": "FLOAT", "double": "DOUBLE", "string": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE",
    "timestamp": "TIMESTAMP", "binary": "BLOB", "decimal": "DECIMAL(10,0)",
}  # fmt: skip
_HIVE = {
    "INTEGER": "int", "VARCHAR": "string", "BLOB": "binary", "FLOAT": "float", "TIMESTAMP WITH TIME ZONE": "timestamp",
}  # fmt: skip
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}:\d{2}(\.\d+)?)?")


def duck_type(hive: str) -> str:
    """Return the type of a column in DuckDB's words.

    Raises:
        ValueError: The type is not known.
    """
    text = hive.strip().lower()
    if text in _PLAIN:
        return _PLAIN[text]
    if match := re.fullmatch(r"decimal\((\d+)\s*(?:,\s*(\d+)\s*)?\)", text):
        return f"DECIMAL({match[1]},{match[2] or 0})"
    if re.fullmatch(r"(var)?char\(\d+\)", text):
        return "VARCHAR"
    if match := re.fullmatch(r"array<(.*)>", text, re.DOTALL):
        return f"{duck_type(match[1])}[]"
    if match := re.fullmatch(r"map<(.*)>", text, re.DOTALL):
        key, value = _parts(match[1])
        return f"MAP({duck_type(key)}, {duck_type(value)})"
    if match := re.fullmatch(r"struct<(.*)>", text, re.DOTALL):
        fields = (part.partition(":") for part in _parts(match[1]))
        return f"STRUCT({', '.join(f'{_quoted(name)} {duck_type(kind)}' for name, _, kind in fields)})"
    raise ValueError(f"the type {hive!r} of the catalogue")


def hive_type(duck: Any) -> str:
    """Return the type of a DuckDB column in Hive's words.

    Args:
        duck: DuckDB's type.
    """
    if duck.id == "list":
        return f"array<{hive_type(duck.children[0][1])}>"
    if duck.id == "map":
        return f"map<{','.join(hive_type(kind) for _, kind in duck.children)}>"
    if duck.id == "struct":
        return f"struct<{','.join(f'{name}:{hive_type(kind)}' for name, kind in duck.children)}>"
    return _HIVE.get(str(duck), str(duck).lower())


def _quoted(name: str) -> str:
    return '"' + name.strip().replace('"', '""') + '"'


def _parts(text: str) -> list[str]:
    """Return the parts between commas that no bracket holds together."""
    return list(_split(text))


def _split(text: str) -> Iterator[str]:
    depth, begin = 0, 0
    for index, sign in enumerate(text):
        depth += (sign in "<(") - (sign in ">)")
        if sign == "," and depth == 0:
            yield text[begin:index].strip()
            begin = index + 1
    yield text[begin:].strip()


def lazy_value(text: str, duck: str) -> Any:
    """Return a field of LazySimpleSerDe's, as JSON for DuckDB: NULL where it is no value of the type."""
    if duck == "VARCHAR":
        return text
    try:
        return _value(text, duck)
    except ValueError:
        return None


def strict_value(text: str, duck: str, index: int) -> Any:
    """A field of OpenCSVSerDe's: dates are days, timestamps milliseconds since 1970; an empty number is bad data.

    Raises:
        FailedError: It is no value of the type.
    """
    if duck == "VARCHAR":
        return text
    try:
        if duck == "DATE":
            return (date(1970, 1, 1) + timedelta(days=int(text))).isoformat()
        if duck == "TIMESTAMP":
            return (datetime(1970, 1, 1) + timedelta(milliseconds=int(text))).isoformat(" ")
        return _value(text, duck)
    except ValueError as error:
        message = f"HIVE_BAD_DATA: Error parsing field value '{text}' for field {index}: For input string: \"{text}\""
        raise FailedError(message) from error


def _value(text: str, duck: str) -> Any:
    if duck in _INTEGERS:
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else _raise(text)
    if duck in ("FLOAT", "DOUBLE"):
        return str(float(text))
    if duck.startswith("DECIMAL"):
        return text if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text) else _raise(text)
    if duck == "BOOLEAN":
        return text.lower() == "true" if text.lower() in ("true", "false") else _raise(text)
    if duck in ("DATE", "TIMESTAMP"):
        return text if _MOMENT.fullmatch(text) and (duck == "TIMESTAMP" or len(text) == 10) else _raise(text)
    return _raise(text)


def _raise(text: str) -> Any:
    raise ValueError(text)


def json_value(value: Any, duck: Any) -> Any:
    """A value of a JSON serde as the column's type has it: names of fields count in small letters, texts are parsed.

    Args:
        value: The value as JSON has it.
        duck: DuckDB's type.

    Raises:
        ValueError: It is no value of the type.
    """
    import json

    if value is None:
        return None
    if duck.id == "list":
        return (
            [json_value(item, duck.children[0][1]) for item in value] if isinstance(value, list) else _raise(str(value))
        )
    if duck.id in ("struct", "map"):
        if not isinstance(value, dict):
            return _raise(str(value))
        if duck.id == "map":
            return {key: json_value(item, duck.children[1][1]) for key, item in value.items()}
        folded = {key.lower(): item for key, item in value.items()}
        return {name: json_value(folded.get(name.lower()), kind) for name, kind in duck.children}
    if str(duck) == "VARCHAR":
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    if isinstance(value, bool):
        return value if str(duck) == "BOOLEAN" else _raise(str(value))
    return _value(str(value), str(duck)) if isinstance(value, (str, int, float)) else _raise(str(value))
