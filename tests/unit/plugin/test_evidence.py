"""Evidence: what a test hands over is kept as JSON has it, and never fails the test by its depth."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeproof.plugin import evidence as plugin


@pytest.fixture
def record() -> Any:
    """The fixture's value and its records, of a test that is none."""
    stash: dict[Any, list[dict[str, Any]]] = {}
    request = SimpleNamespace(node=SimpleNamespace(stash=stash))
    add = plugin.evidence.__wrapped__(request)  # type: ignore[attr-defined]
    return lambda data: (add("kind", data), stash[plugin.RECORDS][-1]["data"])[1]


def nest(levels: int, *, lists: bool) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value] if lists else {"in": value}
    return {"top": value}


def depth(value: Any) -> int:
    levels = 0
    while isinstance(value, dict | list) and value:
        value, levels = next(iter(value.values() if isinstance(value, dict) else value)), levels + 1
    return levels


@pytest.mark.parametrize("lists", [False, True])
def test_evidence__nested_deeper_than_json_goes(record: Any, lists: bool) -> None:
    """The report leaves out what is deeper than 50 levels; the test goes on."""
    assert 50 < depth(record(nest(100_000, lists=lists))) < 100


def test_evidence__of_some_depth_is_as_it_was(record: Any) -> None:
    data = nest(80, lists=True)
    assert record(data) == data
    assert record({"at": (1, object)}) == {"at": [1, str(object)]}
