"""Texts of dates in a format, read on DuckDB by the formats whose texts have one shape."""

from typing import Any

from pipeproof.sql import arguments, warehouse
from pipeproof.sql.rewriting import Context, duck, named, refusing

_SHAPES = {
    "%Y-%m-%d": "[0-9]{4}-[0-9]{2}-[0-9]{2}", "%Y%m%d": "[0-9]{8}", "%Y/%m/%d": "[0-9]{4}/[0-9]{2}/[0-9]{2}",
    "%m/%d/%Y": "[0-9]{2}/[0-9]{2}/[0-9]{4}", "%d/%m/%Y": "[0-9]{2}/[0-9]{2}/[0-9]{4}",
}  # fmt: skip


def date(node: Any, context: Context) -> Any:
    """`parse_date(format, x)` and `to_date(x, format)`; a text of another shape is refused as the query runs."""
    text = arguments.literal(node.args["format"], context, f"the format of {named(node)}")
    if text not in _SHAPES or node.args.get("safe"):
        context.refuse(node, f"{named(node)} with the format {text!r}")
    warehouse.require(node, [node.this], ("text",), context)
    refusal = f"CAST(CAST({refusing('a text that is not in the format')} AS TEXT) AS DATE)"
    return duck(
        f"CASE WHEN _x_ IS NULL THEN NULL WHEN regexp_full_match(_x_, '{_SHAPES[text]}') "
        f"THEN CAST(strptime(_x_, '{text}') AS DATE) ELSE {refusal} END",
        x=node.this,
    )
