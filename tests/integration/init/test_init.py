"""First tests of flows and models: made by running them, with Prefect's server and dbt on DuckDB."""

from pathlib import Path
from typing import Any

import pytest

from pipeproof.scaffold.flows.finding import find_flows
from pipeproof.scaffold.flows.probing import probe
from pipeproof.scaffold.flows.writing import render_flows
from pipeproof.scaffold.models.writing import ModelTest, render_models, test_models

PROJECTS = Path(__file__).parent / "projects"
test_models.__test__ = False  # type: ignore[attr-defined]  # it makes tests, and is none


def test_flows__are_run_with_stand_ins_for_what_is_outside(run_flow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project = PROJECTS / "flows"
    monkeypatch.syspath_prepend(project)
    flows = find_flows(project, sorted(project.rglob("*.py")))
    source = render_flows(flows[:1], [probe(flows[0], run_flow, monkeypatch)])
    assert (
        'monkeypatch.setattr(daily.fetch_orders, "fn", lambda day: [\n'
        '        {"amount": 10, "customer": 10},\n        {"amount": 20, "customer": 20},'
        in source
        or '{"amount": 20, "customer": 20}' in source
    )
    names: dict[str, Any] = {}
    exec(compile(source, "test_daily.py", "exec"), names)
    names["test_daily_totals"](run_flow, monkeypatch)

    monkeypatch.setattr(names["daily"].keep_paid, "fn", lambda orders: orders)
    with pytest.raises(AssertionError):
        names["test_daily_totals"](run_flow, monkeypatch)


def test_models__rows_in_and_rows_out() -> None:
    made = {test.model: test for test in test_models(PROJECTS / "models") if isinstance(test, ModelTest)}
    assert list(made) == ["stg_orders", "large_orders", "stg_customers", "customer_revenue"] or len(made) == 4
    assert {name for rows in made["stg_orders"].given.values() for row in rows for name in row} == {
        "id", "user_id", "status", "amount_cents", "updated_at",
    }  # fmt: skip
    assert "built_on" not in made["customer_revenue"].expected[0]
    assert {row["status"] for row in made["stg_orders"].given["raw.orders"]} >= {"paid", "not paid"}
    source = render_models("models", list(made.values()), [])
    assert source.count("# review: this is what it gives today") == 4
