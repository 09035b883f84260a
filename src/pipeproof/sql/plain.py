"""The parts of a statement that mean the same in Trino, Redshift and DuckDB, and which of their arguments do."""

from collections.abc import Mapping
from functools import cache
from typing import Any


@cache
def plain_nodes() -> frozenset[Any]:
    """Classes of sqlglot's that need no rule."""
    from sqlglot import exp

    return frozenset(
        {
            exp.Alias, exp.And, exp.Array, exp.Boolean, exp.CTE, exp.Case, exp.Coalesce, exp.Column, exp.ColumnDef,
            exp.Count, exp.Cube, exp.CumeDist, exp.CurrentDate, exp.DataType,
            exp.DataTypeParam, exp.DenseRank, exp.Distinct, exp.Dot, exp.Escape, exp.Except, exp.Exists, exp.FirstValue,
            exp.From, exp.Group, exp.GroupingSets, exp.Having, exp.Identifier, exp.If, exp.Intersect, exp.Is,
            exp.Interval, exp.Join, exp.JSONPath, exp.JSONPathKey, exp.JSONPathRoot, exp.JSONPathSubscript, exp.Lag,
            exp.Lambda, exp.LastValue, exp.Lead, exp.Length, exp.Like, exp.Limit, exp.Literal, exp.Lower, exp.Max,
            exp.Min, exp.Neg, exp.Not, exp.NthValue, exp.Ntile, exp.Null, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Nullif,
            exp.Offset, exp.Or, exp.Order, exp.Ordered, exp.Paren, exp.PercentRank, exp.Rank, exp.Rollup,
            exp.RowNumber, exp.Select, exp.Star, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Subquery, exp.Table,
            exp.TableAlias, exp.Try, exp.Tuple, exp.Union, exp.Upper, exp.Values, exp.Var, exp.Variance,
            exp.VariancePop, exp.Where, exp.WindowSpec, exp.With, exp.WithinGroup,
        }
    )  # fmt: skip


ARGUMENTS: Mapping[str, frozenset[str]] = {
    "Select": frozenset(
        [
            "with_",
            "kind",
            "expressions",
            "from_",
            "joins",
            "where",
            "group",
            "having",
            "order",
            "limit",
            "offset",
            "distinct",
            "windows",
            "qualify",
        ]
    ),
    "Join": frozenset(["this", "side", "kind", "on", "using", "method"]),
    "In": frozenset(["this", "expressions", "query"]),
    "Table": frozenset(["this", "db", "catalog", "alias"]),
    "Union": frozenset(["this", "expression", "distinct", "with_", "order", "limit", "offset"]),
    "Except": frozenset(["this", "expression", "distinct", "with_", "order", "limit", "offset"]),
    "Intersect": frozenset(["this", "expression", "distinct", "with_", "order", "limit", "offset"]),
    "Window": frozenset(["this", "partition_by", "order", "spec", "over", "alias"]),
    "Star": frozenset(),
    "Group": frozenset({"expressions"}),
    "Distinct": frozenset({"expressions"}),
    "Limit": frozenset({"expression"}),
    "With": frozenset({"expressions"}),
}
"""By the name of a class: its arguments that are known; one with another is refused. Others may have all of theirs."""


def strange_argument(node: Any) -> str | None:
    """Return an argument of a node that nothing here knows."""
    known = ARGUMENTS.get(type(node).__name__)
    if known is None:
        return None
    given = (name for name, part in node.args.items() if part not in (None, False, [], ""))
    return next((name for name in given if name not in known), None)
