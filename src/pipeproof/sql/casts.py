"""`CAST` and `TRY_CAST`, which both dialects share: of text, numbers, moments and booleans."""

import re
from typing import Any

from pipeproof.sql.errors import FailedError, place
from pipeproof.sql.rewriting import Context, duck, failing, refusing, shown
from pipeproof.sql.types import FLOATS, INTEGERS, TEXTS, group_of, name_of

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
