"""Casts of BigQuery's on DuckDB.

https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions
"""

from typing import Any

from pipeproof.sql import warehouse
from pipeproof.sql.rewriting import Context, duck, failing, named
from pipeproof.sql.types import INTEGERS, group_of, name_of


def cast(node: Any, context: Context) -> Any:
    """`CAST`, `SAFE_CAST`, `date(x)`, `datetime(x)` and `timestamp(x)`."""
    from sqlglot import exp

    calls = {exp.Date: "DATE", exp.TsOrDsToDatetime: "TIMESTAMP", exp.Timestamp: "TIMESTAMPTZ"}
    called = calls.get(type(node))
    if called and (node.args.get("zone") is not None or node.expressions or node.args.get("expression") is not None):
        context.refuse(node, f"{named(node)}() of more than one value")
    target = exp.DataType.build(called) if called else node.to
    if node.args.get("format") is not None:
        context.refuse(node, "CAST with FORMAT")
    to, source, group = name_of(target), name_of(node.this.type), group_of(node.this.type)
    is_try = isinstance(node, exp.TryCast)
    kind = {"TEXT": "TEXT", "VARCHAR": "TEXT", "DECIMAL": "DECIMAL(38, 9)"}.get(to, to)
    what = f"a cast of {source.lower()} to {to.lower()}"
    if (
        kind not in ("TEXT", "BIGINT", "DOUBLE", "DECIMAL(38, 9)", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMPTZ")
        or target.expressions
    ):
        context.refuse(node, what)
    if group == "NULL" or isinstance(node.this, exp.Null):
        return duck(f"CAST(_x_ AS {kind})", x=node.this)
    template = _template(group, source, kind, is_try=is_try)
    if template is None:
        context.refuse(node, what if source != "UNKNOWN" else f"{what}, whose type is not known here")
    return duck(template, x=node.this)


def _template(group: str, source: str, kind: str, *, is_try: bool) -> str | None:
    """DuckDB's SQL for a cast of `_x_`; None where it is not known to mean the same."""
    if kind == "TEXT":
        return "CAST(_x_ AS TEXT)" if group == "text" or source in (*INTEGERS, "DATE", "BOOLEAN") else None
    name = kind.partition("(")[0]
    if group == "text" and name == "BOOLEAN":
        other = "NULL" if is_try else failing("Bad bool value: ''' || _x_ || '''", "BOOLEAN")
        return (
            f"CASE WHEN _x_ IS NULL THEN NULL WHEN lower(_x_) = 'true' THEN TRUE "
            f"WHEN lower(_x_) = 'false' THEN FALSE ELSE {other} END"
        )
    if group == "text" and name == "BIGINT":
        other = "NULL" if is_try else failing("Bad int64 value: ''' || _x_ || '''")
        plain = "TRY(CAST(_x_ AS BIGINT))" if is_try else "CAST(_x_ AS BIGINT)"
        return (
            f"CASE WHEN _x_ IS NULL THEN NULL WHEN regexp_full_match(_x_, '[+-]?[0-9]+') THEN {plain} ELSE {other} END"
        )
    if group == "text":
        return warehouse.text_cast(name, is_try, precision=kind.removeprefix(name))
    if group == "number" and name in ("BIGINT", "DECIMAL", "DOUBLE"):
        cast = f"CAST(round(_x_) AS {kind})" if name == "BIGINT" and source not in INTEGERS else f"CAST(_x_ AS {kind})"
        return f"TRY({cast})" if is_try else cast
    if source == "BOOLEAN" and name in ("BIGINT", "BOOLEAN"):
        return f"CAST(_x_ AS {kind})"
    if source in INTEGERS and name == "BOOLEAN":
        return "_x_ <> 0"
    if source in ("DATE", "TIMESTAMP") and name in ("DATE", "TIMESTAMP"):
        return f"CAST(_x_ AS {kind})"
    if (
        "TIMESTAMPTZ" in (source, name)
        and source in ("DATE", "TIMESTAMP", "TIMESTAMPTZ")
        and name in ("DATE", "TIMESTAMP", "TIMESTAMPTZ")
    ):
        if source == name:
            return "_x_"
        return (
            f"CAST(_x_ AT TIME ZONE 'UTC' AS {kind})"
            if source == "TIMESTAMPTZ"
            else "CAST(_x_ AS TIMESTAMP) AT TIME ZONE 'UTC'"
        )
    return None


def formatted(node: Any, context: Context) -> Any:
    """The moment of `format_timestamp(…)` and `format_datetime(…)`, which has to be of its own type; in UTC."""
    wanted = "TIMESTAMPTZ" if type(node).__name__ == "TsOrDsToTimestamp" else "TIMESTAMP"
    if type(node.parent).__name__ != "TimeToStr":
        return cast(node, context)
    if name_of(node.this.type) != wanted:
        context.refuse(node, f"a format of {name_of(node.this.type).lower()}", "cast it to the type of the function")
    return duck("_x_ AT TIME ZONE 'UTC'" if wanted == "TIMESTAMPTZ" else "_x_", x=node.this)
