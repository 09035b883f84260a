"""BigQuery's weeks on DuckDB, whose weeks begin on Monday.

https://cloud.google.com/bigquery/docs/reference/standard-sql/date_functions#date_trunc
"""

from typing import Any

from pipeproof.sql import warehouse
from pipeproof.sql.rewriting import Context, duck
from pipeproof.sql.types import name_of

_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def truncated(node: Any, context: Context) -> Any:
    """`date_trunc(x, unit)` and its like, of the moment's type."""
    late = _days_after_monday(node)
    if late is None:
        return warehouse.date_truncated(node, context, week=False)
    warehouse.require(node, [node.this], ("moment",), context)
    if node.args.get("zone") is not None:
        context.refuse(node, "date_trunc in a time zone")
    return duck(f"CAST({_week(late, 'x')} AS {name_of(node.this.type)})", x=node.this)


def difference(node: Any, context: Context) -> Any:
    """`date_diff(a, b, unit)` and its like: the borders between."""
    late = _days_after_monday(node)
    if late is None:
        return warehouse.date_diff(node, node.expression, node.this, context, week=False)
    return duck(
        f"date_diff('day', CAST({_week(late, 'a')} AS DATE), CAST({_week(late, 'b')} AS DATE)) // 7",
        a=node.expression, b=node.this,
    )  # fmt: skip


def _days_after_monday(node: Any) -> int | None:
    """Return how many days after Monday the weeks begin that a function counts in; None where it counts no weeks.

    `WEEK` is WEEK(SUNDAY) and `ISOWEEK` is WEEK(MONDAY).
    """
    from sqlglot import exp

    unit = node.args.get("unit")
    if isinstance(unit, exp.WeekStart) and unit.name.upper() in _DAYS:
        return _DAYS.index(unit.name.upper())
    return 0 if node.text("unit").upper() == "ISOWEEK" else None


def _week(late: int, name: str) -> str:
    """DuckDB's SQL for the first day of the week that `_name_` is in."""
    return f"date_trunc('week', _{name}_ - to_days({late})) + to_days({late})"
