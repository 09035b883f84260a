"""Evidence: what a test did, in records that the report shows beside its outcome.

Flows, executions, dbt nodes and AWS calls add theirs through the fixtures; a test adds its own with
`evidence(kind, data)`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

Evidence = Callable[[str, Mapping[str, Any]], None]

RECORDS = pytest.StashKey[list[dict[str, Any]]]()
"""A test's records so far: `{"kind": …, "data": …}`, made of JSON's types alone."""


LIVE = "live"
"""The kind of the record that says when a test had credentials: the audit reads it, so a test adds no such one."""


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Evidence:
    """Add a record to the report of this test.

    The fixture's value takes a kind (`"sla"`, `"prefect.flow"`) and a mapping; what JSON has no type for is written as
    its `str()`, and what is nested deeper than 50 levels is left out of the report. A record is a copy: what changes
    later does not change it.
    """
    records = request.node.stash.setdefault(RECORDS, [])

    def record(kind: str, data: Mapping[str, Any]) -> None:
        if kind == LIVE:
            raise ValueError(f"evidence of the kind {kind!r} is pipeproof's own, for the audit: choose another word")
        records.append({"kind": kind, "data": json.loads(json.dumps(data, default=str))})

    return record
