"""What the tests exercised, in measures, thresholds and Cobertura's form."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.report.cobertura import render_cobertura
from pipeproof.report.coverage import Unit, find_earlier_units, find_shortfalls, find_units, render_coverage
from pipeproof.results.baseline import read_baseline
from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.model import Run, Status, TestResult

WORKSPACE = Path("/w")


def run_of(*evidence: tuple[str, Any]) -> Run:
    return Run(
        tuple(
            TestResult(f"t{at}", "t.py", 1, Status.PASSED, evidence=({"kind": kind, "data": data},))
            for at, (kind, data) in enumerate(evidence)
        )
    )


def execution(**items: int) -> tuple[str, Any]:
    every = {"state:Is:Large": 0, "state:Ship": 0, "transition:Is:Large:choice 0:Ship": 0, "retrier:Ship:0": 0} | items
    lines = {"Is:Large": 4, "Ship": 9}
    coverage = {"machine": "Order", "file": "/w/flow/order.json", "items": every, "lines": lines}
    return "stepfunctions.execution", {"coverage": coverage}


def dbt(*built: str) -> list[tuple[str, Any]]:
    def model(name: str, *parents: str, materialized: str = "view") -> dict[str, Any]:
        depends = [f"model.shop.{parent}" for parent in parents]
        return {"id": f"model.shop.{name}", "name": name, "file": f"models/{name}.sql", "materialized": materialized,
                "depends_on": depends, "tests": 0}  # fmt: skip

    nodes = [model("stg", materialized="ephemeral"), model("mart", "stg"), model("other")]
    ran = [{"id": f"model.shop.{name}", "status": "success"} for name in built]
    return [
        ("dbt.project", {"project": "shop", "path": "/w/warehouse", "nodes": nodes}),
        ("dbt.run", {"command": "build", "given": [], "nodes": ran}),
    ]


RUN = run_of(
    execution(**{"state:Is:Large": 2}), execution(**{"state:Is:Large": 1, "state:Ship": 1}), *dbt("mart", "mart")
)
UNITS = find_units(RUN, WORKSPACE)


def test_units__of_all_tests_add_up() -> None:
    assert (
        Unit("states", "Order", "Is:Large", "flow/order.json", 4, 3),
        Unit("states", "Order", "Ship", "flow/order.json", 9, 1),
        Unit("branches", "Order", "Is:Large: choice 0 → Ship", "flow/order.json", 4, 0),
        Unit("branches", "Order", "Ship: retrier 0", "flow/order.json", 9, 0),
        Unit("models", "shop", "stg", "warehouse/models/stg.sql", 1, 1),
        Unit("models", "shop", "mart", "warehouse/models/mart.sql", 1, 2),
        Unit("models", "shop", "other", "warehouse/models/other.sql", 1, 0),
    ) == UNITS


@pytest.mark.parametrize(
    ("thresholds", "told"),
    [
        ({}, []),
        ({"states": 100}, []),
        ({"models": 66.6}, []),
        ({"models": 67}, ["fail-under: 66.6 % of 3 models were exercised, 67 % are asked for"]),
        ({"states": 100, "branches": 1}, ["fail-under: 0 % of 2 branches were exercised, 1 % are asked for"]),
        ({"branches": 0}, []),
    ],
)
def test_shortfalls__name_what_is_missing(thresholds: dict[str, float], told: list[str]) -> None:
    found = list(find_shortfalls(UNITS, thresholds))
    assert [failure.headline for failure in found] == told
    assert all("never exercised: " in failure.message for failure in found)


def test_shortfalls__stand_on_the_first_that_nothing_exercised() -> None:
    (failure,) = find_shortfalls(UNITS, {"models": 90})
    assert (failure.file, failure.line) == ("warehouse/models/other.sql", 1)


def test_shortfalls__nothing_at_all_is_too_little() -> None:
    assert [one.headline for one in find_shortfalls((), {"states": 80})] == [
        "fail-under: no states were exercised at all, 80 % are asked for"
    ]
    assert not list(find_shortfalls((), {"states": 0}))


def test_table__has_a_row_a_measure() -> None:
    rows = render_coverage(UNITS, {"models": 90}).splitlines()
    assert rows[4].startswith("| states | 2 of 2 | 100&nbsp;% | — | — |")
    assert rows[5].startswith("| branches | 0 of 2 | 0&nbsp;% | — | <code>Order")
    assert rows[6].startswith("| models | 2 of 3 | 66.6&nbsp;% | 90&nbsp;% | <code>shop")
    assert render_coverage((), {}) == ""


def test_table__has_the_change_against_the_shards_of_the_baseline(tmp_path: Path) -> None:
    for shard, evidence in (("1", [execution()]), ("2", dbt("mart", "other"))):
        (tmp_path / shard).mkdir()
        write_ctrf(run_of(*evidence), tmp_path / shard / "report.json", "t")
    before = find_earlier_units(read_baseline(tmp_path), WORKSPACE)
    now = find_units(run_of(execution(**{"state:Ship": 3}), *dbt("mart", "other")), WORKSPACE)
    rows = {row.split(" | ")[0]: row for row in render_coverage(now, {}, before).splitlines()}
    assert "| &#43;50 points |" in rows["| states"]
    assert "| as it was |" in rows["| models"]
    assert find_earlier_units(None, WORKSPACE) == ()


def test_cobertura__has_files_with_lines_and_conditions() -> None:
    text = render_cobertura(UNITS, WORKSPACE, 1.0)
    assert text is not None
    root = ElementTree.fromstring(text)
    keys = ("line-rate", "branch-rate", "lines-covered", "lines-valid", "timestamp")
    assert {key: root.get(key) for key in keys} == {
        "line-rate": "0.8000", "branch-rate": "0.0000", "lines-covered": "4", "lines-valid": "5", "timestamp": "1000",
    }  # fmt: skip
    assert [package.get("name") for package in root.iter("package")] == ["flow", "warehouse/models"]
    order = next(one for one in root.iter("class") if one.get("filename") == "flow/order.json")
    told = [tuple(line.get(key) for key in ("number", "hits", "condition-coverage")) for line in order.iter("line")]
    assert told == [
        ("4", "3", "0% (0/1)"), ("9", "1", "0% (0/1)"),
    ]  # fmt: skip


def test_cobertura__what_stands_in_no_file_of_the_workspace_is_left_out() -> None:
    units = (Unit("states", "A", "a", None, None, 1), Unit("states", "B", "b", "/elsewhere/x.json", 1, 1))
    assert render_cobertura(units, WORKSPACE, 0.0) is None


CHECKED = {
    "project": "shop", "path": "/w/warehouse",
    "nodes": [
        {"id": "model.shop.orders", "name": "orders", "file": "models/orders.sql", "materialized": "incremental",
         "depends_on": [], "tests": 2, "columns": ["id", "Amount", "note"]},
        {"id": "source.shop.raw.orders", "name": "raw.orders", "file": "models/s.yml", "materialized": None,
         "depends_on": [], "tests": 0, "columns": ["id"]},
        {"id": "model.package.other", "name": "other", "file": "models/o.sql", "materialized": "view",
         "depends_on": [], "tests": 0, "columns": ["id"]},
    ],
    "checks": [
        {"id": "test.shop.unique", "name": "unique_id", "file": "models/s.yml",
         "node": "model.shop.orders", "column": "id"},
        {"id": "unit_test.shop.orders.sums", "name": "sums", "file": "models/s.yml", "node": None, "column": None},
        {"id": "test.shop.noted", "name": "noted", "file": "models/s.yml",
         "node": "model.shop.orders", "column": "note"},
    ],
}  # fmt: skip


def ran(status: str = "success", *, at: str = "model.shop.orders", incremental: bool | None = None) -> tuple[str, Any]:
    node = {"id": at, "status": status, "incremental": incremental}
    return "dbt.run", {"command": "build", "given": [], "nodes": [node]}


def hits_of(measure: str, *evidence: tuple[str, Any]) -> dict[str, int]:
    units = find_units(run_of(("dbt.project", CHECKED), *evidence, ("dbt.project", CHECKED)), WORKSPACE)
    return {unit.name: unit.hits for unit in units if unit.measure == measure}


def test_units__columns_that_a_test_looked_at() -> None:
    """By a comparison or by a test of the project's that ran; models of packages and sources have none."""
    assert hits_of("columns") == {"orders.id": 0, "orders.Amount": 0, "orders.note": 0}
    compared = ("dbt.expect", {"id": "model.shop.orders", "columns": ["AMOUNT", "nothing"]})
    tested, skipped = ran("pass", at="test.shop.unique"), ran("skipped", at="test.shop.noted")
    assert hits_of("columns", compared, tested, tested, skipped) == {
        "orders.id": 2,
        "orders.Amount": 1,
        "orders.note": 0,
    }


def test_units__tests_of_the_project() -> None:
    """One that failed ran too."""
    evidence = (ran("fail", at="test.shop.unique"), ran("pass", at="unit_test.shop.orders.sums"))
    assert hits_of("tests", *evidence) == {"unique_id": 1, "sums": 1, "noted": 0}


def test_units__both_ways_of_an_incremental_model() -> None:
    both = {"orders: first run": 1, "orders: is_incremental()": 2}
    evidence = [ran(incremental=False), ran(incremental=True), ran(incremental=True), ran("skipped", incremental=True)]
    assert hits_of("branches", *evidence) == both
    assert hits_of("branches") == dict.fromkeys(both, 0)


def test_shortfalls__of_columns_and_tests() -> None:
    units = find_units(run_of(("dbt.project", CHECKED), ran("pass", at="test.shop.unique")), WORKSPACE)
    assert [failure.headline for failure in find_shortfalls(units, {"columns": 50, "tests": 30})] == [
        "fail-under: 33.3 % of 3 columns were exercised, 50 % are asked for"
    ]


TEXTS = st.text(st.characters() | st.sampled_from("<>&\"'\0\x1b]"), max_size=8)


@given(TEXTS, TEXTS)
def test_cobertura__is_xml_whatever_a_file_is_called(name: str, state: str) -> None:
    text = render_cobertura((Unit("states", name, state, f"x{name}", 1, 1),), Path("/w"), 1.0)
    assert text is not None
    ElementTree.fromstring(text)


@given(
    st.sampled_from(["stepfunctions.execution", "dbt.project", "dbt.run"]),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from(["coverage", "items", "machine", "project", "nodes", "given"]), inner)
        ),
    ),
)
def test_units__a_record_in_another_form_is_passed_over(kind: str, data: Any) -> None:
    find_units(run_of((kind, data)), WORKSPACE)
