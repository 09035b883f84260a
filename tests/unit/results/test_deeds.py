"""What tests ran, as the audit tells it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.results.deeds import describe_evidence

FLOW = {"flow": "daily", "flow_run_id": "f1", "flow_run_name": "odd-cat", "error": None, "state": {"name": "Completed"},
        "states": [{"timestamp": "t0"}, {"timestamp": "t1"}], "subflows": []}  # fmt: skip
TOLD = {"event": "flow run", "flow": "daily", "run": "f1", "name": "odd-cat", "state": "Completed", "ended": "t1"}


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("prefect.flow_run", FLOW, [TOLD]),
        ("prefect.flow_run", FLOW | {"subflows": [FLOW | {"flow": "inner"}]}, [TOLD, TOLD | {"flow": "inner"}]),
        ("stepfunctions.execution",
         {"machine": "Ship", "file": "ship.json", "execution": "e1", "status": "FAILED", "error": "NoStock"},
         [{"event": "execution", "machine": "Ship", "definition": "ship.json", "execution": "e1", "status": "FAILED",
           "error": "NoStock"}]),
        ("dbt.run",
         {"command": "build", "schema": "pipeproof_1", "select": ["orders"], "nodes": [{"status": "success"}] * 2},
         [{"event": "dbt", "command": "build", "schema": "pipeproof_1", "select": ["orders"],
           "nodes": {"success": 2}}]),
        ("a test's own", {"flow": "x"}, []),
    ],
)  # fmt: skip
def test_deeds__one_event_each(kind: str, data: dict[str, Any], told: list[dict[str, Any]]) -> None:
    assert list(describe_evidence(kind, data)) == told


@given(
    st.sampled_from(["prefect.flow_run", "stepfunctions.execution", "dbt.run"]),
    st.dictionaries(
        st.sampled_from(["flow", "state", "states", "subflows", "machine", "nodes", "select", "schema"]),
        st.none() | st.integers() | st.text() | st.lists(st.none() | st.dictionaries(st.just("status"), st.integers())),
    ),
)
def test_deeds__a_record_in_another_form_has_none_or_little(kind: str, data: dict[str, Any]) -> None:
    named = {"prefect.flow_run": "flow", "stepfunctions.execution": "machine", "dbt.run": "command"}[kind]
    assert len(list(describe_evidence(kind, data))) == int(isinstance(data.get(named), str))
