"""Failures in the words of their domain, out of what the test left."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.report.domain import domain_facts
from pipeproof.results.model import Failure, Status, TestResult

WORKSPACE = Path("/w")


def facts(kind: str, data: Any, message: str = "assert None == 3") -> list[str]:
    failure = Failure("call", "AssertionError", message)
    result = TestResult("t", "t.py", 1, Status.FAILED, failures=(failure,), evidence=({"kind": kind, "data": data},))
    return domain_facts(result, failure, WORKSPACE)


def flow(state: str = "FAILED", tasks: Any = (), **changes: Any) -> dict[str, Any]:
    return {"flow": "daily", "state": {"type": state, "name": state.title(), "message": "it broke"}, "error": None,
            "task_runs": list(tasks), "subflows": []} | changes  # fmt: skip


def task(state: str, error: str | None = "ValueError: no rows") -> dict[str, Any]:
    return {"task": "count", "state": {"type": state, "name": state.title(), "message": ""}, "attempts": 3,
            "error": error}  # fmt: skip


def node(status: str) -> dict[str, Any]:
    return {"type": "model", "name": "orders", "status": status, "file": "models/orders.sql",
            "message": "Binder Error: no column x"}  # fmt: skip


EXECUTION = {"machine": "Ship", "execution": "e1", "status": "FAILED", "error": "NoStock",
             "failing": {"state": "Reserve", "input": '{"sku": 1}'}}  # fmt: skip
POLICY = {"policy": "JobRole", "place": "/w/infra/template.yaml:12",
          "missing": [{"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"}]}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("prefect.flow_run", flow(tasks=[task("COMPLETED"), task("FAILED")]),
         ["flow daily: task count Failed after 3 attempts: ValueError: no rows"]),
        ("prefect.flow_run", flow(), ["flow daily: Failed: it broke"]),
        ("prefect.flow_run", flow("COMPLETED"), []),
        ("prefect.flow_run", flow("COMPLETED", subflows=[flow("CRASHED", flow="inner")]),
         ["flow inner: Crashed: it broke"]),
        ("stepfunctions.execution", EXECUTION,
         ['state machine Ship: FAILED in state Reserve with the input {"sku": 1}: NoStock']),
        ("stepfunctions.execution", EXECUTION | {"status": "SUCCEEDED"}, []),
        ("dbt.run", {"nodes": [node("success"), node("error")]},
         ["model orders (models/orders.sql): error: Binder Error: no column x"]),
        ("aws.policy", POLICY,
         ["missing: s3:GetObject on arn:aws:s3:::b/k (policy JobRole, infra/template.yaml:12)"]),
        ("another", {}, []),
    ],
)  # fmt: skip
def test_domain__says_what_the_test_ran_into(kind: str, data: Any, told: list[str]) -> None:
    assert facts(kind, data) == told


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        ("prefect.flow_run", flow(), "flow 'daily' ended in state Failed: it broke"),
        ("stepfunctions.execution", EXECUTION, "the execution 'e1' failed after 0 virtual seconds: NoStock"),
        ("dbt.run", {"nodes": [node("error")]}, "model orders failed\nBinder Error: no column x"),
        (
            "dbt.run",
            {"nodes": [node("error") | {"message": "Runtime Error in model orders (o.sql)\n  No column x\n"}]},
            "model orders: No column x",
        ),
    ],
)
def test_domain__does_not_say_again_what_the_failure_says(kind: str, data: Any, message: str) -> None:
    assert facts(kind, data, message) == []


@given(
    st.sampled_from(["prefect.flow_run", "stepfunctions.execution", "dbt.run", "aws.policy"]),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["flow", "state", "task_runs", "nodes", "status", "missing", "place"]), inner
            )
        ),
    ),
)
def test_domain__a_record_in_another_form_is_passed_over(kind: str, data: Any) -> None:
    assert isinstance(facts(kind, data), list)
