"""Casts of Snowflake's, and what is cast out of semi-structured data, on DuckDB."""

from typing import Any

from pipeproof.sql import parsing, warehouse
from pipeproof.sql.rewriting import Context, duck, failing, named, refusing
from pipeproof.sql.types import INTEGERS, decimal, digits_of, group_of, name_of
from pipeproof.sql.warehouse import require

_TRUE, _FALSE = "true|t|yes|y|on|1", "false|f|no|n|off|0"


def cast(node: Any, context: Context) -> Any:
    """`CAST`, `TRY_CAST`, `to_date(x)`, `to_number(x)` and `try_…`."""
    from sqlglot import exp

    is_try = isinstance(node, exp.TryCast) or bool(node.args.get("safe"))
    if isinstance(node, exp.ToNumber):
        if node.args.get("format") is not None:
            context.refuse(node, f"{named(node)} with a format")
        digits = [node.args.get(name) for name in ("precision", "scale")]
        target = decimal(
            *(int(part.name) if part is not None else start for part, start in zip(digits, (38, 0), strict=True))
        )
    elif isinstance(node, exp.TsOrDsToDate):
        if node.args.get("format") is not None:
            return parsing.date(node, context)
        target = exp.DataType.build("DATE")
    else:
        target = node.to
    if is_try and group_of(node.this.type) not in ("text", "NULL"):
        context.refuse(node, f"{named(node)} of what is no text")
    return cast_to(node, node.this, target, context, is_try=is_try)


def cast_to(node: Any, value: Any, target: Any, context: Context, *, is_try: bool) -> Any:
    """Return a value cast to a type of Snowflake's; NUMBER without digits is NUMBER(38, 0), FLOAT has 64 bits."""
    to, source = name_of(target), name_of(value.type)
    what = f"a cast of {source.lower()} to {to.lower()}"
    if type(value).__name__ == "JSONExtract":
        return _value_at(node, value, to, target, context)
    group = group_of(value.type)
    digits = digits_of(target)
    kind = {"FLOAT": "DOUBLE", "DATETIME": "TIMESTAMP", "TEXT": "TEXT", "VARCHAR": "TEXT", "CHAR": "TEXT"}.get(to, to)
    if digits is not None:
        kind = "BIGINT" if to in INTEGERS else f"DECIMAL({digits[0]}, {digits[1]})"
    if kind not in ("TEXT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "BIGINT") and digits is None:
        context.refuse(node, what)
    if group == "NULL" or type(value).__name__ == "Null":
        return duck(f"CAST(_x_ AS {kind})", x=value)
    template = _template(group, source, kind, is_try=is_try)
    if template is None or (kind == "TEXT" and target.expressions and (group != "text" or is_try)):
        context.refuse(node, what if source != "UNKNOWN" else f"{what}, whose type is not known here")
    if kind == "TEXT" and target.expressions:  # a longer text fails
        length = int(target.expressions[0].name)
        long = failing("String ''' || _x_ || ''' is too long and would be truncated", "TEXT").replace(
            "CAST(", "CAST(CAST(", 1
        )
        long = f"{long[: long.rindex(' AS TEXT)')]} AS BIGINT) AS TEXT)"
        template = f"CASE WHEN length(_x_) > {length} THEN {long} ELSE _x_ END"
    return duck(template, x=value)


def _template(group: str, source: str, kind: str, *, is_try: bool) -> str | None:
    """DuckDB's SQL for a cast of `_x_`; None where it is not known to mean the same."""
    name = kind.partition("(")[0]
    if kind == "TEXT":
        plain = group == "text" or source in (*INTEGERS, "DECIMAL", "DATE", "BOOLEAN")
        return (
            "CAST(_x_ AS TEXT)" if plain else "strftime(_x_, '%Y-%m-%d %H:%M:%S.%g')" if source == "TIMESTAMP" else None
        )
    if group == "text" and name == "BOOLEAN":
        other = "NULL" if is_try else failing("Boolean value ''' || _x_ || ''' is not recognized", "BOOLEAN")
        return (
            f"CASE WHEN _x_ IS NULL THEN NULL WHEN regexp_full_match(lower(_x_), '{_TRUE}') THEN TRUE "
            f"WHEN regexp_full_match(lower(_x_), '{_FALSE}') THEN FALSE ELSE {other} END"
        )
    if group == "text":
        return warehouse.text_cast(name, is_try, precision=kind.removeprefix(name))
    if group == "number" and name in ("BIGINT", "DECIMAL", "DOUBLE"):
        return f"CAST(round(_x_) AS {kind})" if name == "BIGINT" and source not in INTEGERS else f"CAST(_x_ AS {kind})"
    if group == "number" and name == "BOOLEAN" and source in INTEGERS:
        return "_x_ <> 0"
    if source == "BOOLEAN" and name in ("BIGINT", "DECIMAL", "BOOLEAN"):
        return f"CAST(CAST(_x_ AS INT) AS {kind})" if name == "DECIMAL" else f"CAST(_x_ AS {kind})"
    if source in ("DATE", "TIMESTAMP") and name in ("DATE", "TIMESTAMP"):
        return f"CAST(_x_ AS {kind})"
    return None


def parse_json(node: Any, context: Context) -> Any:
    """`parse_json(x)`: NULL of an empty text."""
    require(node, [node.this], ("text", "JSON"), context)
    if node.args.get("safe"):
        context.refuse(node, "try_parse_json")
    return duck("CASE WHEN trim(CAST(_x_ AS TEXT)) = '' THEN NULL ELSE CAST(_x_ AS JSON) END", x=node.this)


def path(node: Any, context: Context) -> Any:
    """`x:a.b`: what is cast alone; a VARIANT has an order and an equality of its own."""
    from sqlglot import exp

    if not isinstance(node.parent, (exp.Cast, exp.TryCast)) or isinstance(node.parent, exp.TryCast):
        context.refuse(node, "a VARIANT that is not cast", "cast it: x:path::string")
    require(node, [node.this], ("JSON", "VARIANT"), context)
    return node


def _value_at(node: Any, at: Any, to: str, target: Any, context: Context) -> Any:
    """`x:a.b::type`: NULL of what is not there, and of JSON's null."""
    from sqlglot import exp

    path = at.expression.sql("duckdb") if isinstance(at.expression, exp.JSONPath) else None
    if path is None:
        context.refuse(node, "a path that is no literal")
    parts = {"d": at.this, "p": exp.Literal.string(path.strip("'"))}
    text = "json_extract_string(_d_, _p_)"
    refusal = refusing("a number with a point, an object or an array in JSON as a text")
    if to in ("TEXT", "VARCHAR") and not target.expressions:
        return duck(
            f"CASE json_type(_d_, _p_) WHEN 'NULL' THEN NULL WHEN 'OBJECT' THEN CAST({refusal} AS TEXT) "
            f"WHEN 'ARRAY' THEN CAST({refusal} AS TEXT) WHEN 'DOUBLE' THEN CAST({refusal} AS TEXT) ELSE {text} END",
            **parts,
        )
    digits = digits_of(target)
    kind = (
        "BIGINT"
        if to in INTEGERS
        else f"DECIMAL({digits[0]}, {digits[1]})"
        if digits
        else "DOUBLE"
        if to == "FLOAT"
        else to
    )
    name = kind.partition("(")[0]
    if name not in ("BIGINT", "DECIMAL", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"):
        context.refuse(node, f"a cast of a VARIANT to {to.lower()}")
    template = _template("text", "TEXT", kind, is_try=False) or ""
    return duck(template, x=duck(f"CASE json_type(_d_, _p_) WHEN 'NULL' THEN NULL ELSE {text} END", **parts))
