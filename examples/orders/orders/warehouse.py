"""The warehouse: orders are landed and models are built by dbt, on whatever the profile's target is."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from dbt.cli.main import dbtRunner

from orders.validation import Order

PROJECT = Path(__file__).parent.parent / "dbt"


class BuildFailed(RuntimeError):
    """dbt did not do what it was asked to."""


def land(orders: Sequence[Order], statuses: Mapping[str, str]) -> None:
    """Write orders with their status to the raw tables; an order that is there already is replaced."""
    records = [order.as_input() | {"status": statuses[order.order_id]} for order in orders]
    _dbt("run-operation", "land_orders", "--args", json.dumps({"orders": records}))


def build(select: str | None = None) -> dict[str, str]:
    """Build the models, test them, and give the status of each node by its name."""
    return _dbt("build", *(["--select", select] if select else []))


def _dbt(*arguments: str) -> dict[str, str]:
    result = dbtRunner().invoke([*arguments, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--quiet"])
    nodes = {
        node.node.name: str(node.status) for node in getattr(result.result, "results", []) if hasattr(node, "node")
    }
    if not result.success:
        bad = [f"{name} ({status})" for name, status in nodes.items() if status in {"error", "fail"}]
        raise BuildFailed(f"dbt {arguments[0]}: {', '.join(bad) or result.exception}") from result.exception
    return nodes
