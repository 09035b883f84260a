"""Evidence: what a test did, in records that the report shows beside its outcome.

Flows, executions, dbt nodes and AWS calls add theirs through the fixtures; a test adds its own with
`evidence(kind, data)`.

PYTEST_DONT_REWRITE
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pipeproof.environments.prefect.clock import present

Evidence = Callable[[str, Mapping[str, Any]], None]

RECORDS = pytest.StashKey[list[dict[str, Any]]]()
"""A test's records so far: `{"kind": …, "data": …, "at": …}`, made of JSON's types alone; `at` is when it was added, in
seconds since the epoch, by the clock of the flow run that added it."""


_DEEPEST = 60
"""Levels of a record that is too deep for JSON: more than the report keeps, so that it says where it ends."""

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
        records.append({"kind": kind, "data": _copy(data), "at": round(present(), 6)})

    return record


def _copy(data: Mapping[str, Any]) -> Any:
    """Return a copy of JSON's types alone; of what is nested deeper than Python can follow, the upper levels."""
    try:
        return json.loads(json.dumps(data, default=str))
    except RecursionError:
        return json.loads(json.dumps(_cut(data, _DEEPEST), default=str))


def _cut(value: Any, levels: int) -> Any:
    """Return a value without what is nested deeper than some levels."""
    if not levels:
        return None
    if isinstance(value, dict):
        return {key: _cut(item, levels - 1) for key, item in value.items()}
    return [_cut(item, levels - 1) for item in value] if isinstance(value, list | tuple) else value
