"""How the tables of JSONata are asked: what an expression gives, how it is refused, and where it breaks."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from pipeproof.stepfunctions.expressions.jsonata import JsonataError, JsonataSyntaxError, World, evaluate
from pipeproof.stepfunctions.values import MISSING

NOW = 1_510_067_557_121
"""When the expressions are evaluated: 2017-11-07T15:12:37.121Z."""
VARIABLES: dict[str, Any] = {
    "xs": [1, None, 3],
    "o": {"b": 1, "a": {"x": None}, "10": "ten", "2": "two", "nil": None},
    "nested": [[1, [2]], []],
    "items": [
        {"id": 1, "name": "one", "kind": "a", "tags": ["x", "y"]},
        {"id": 2, "name": "two", "kind": "b", "tags": ["z"]},
        {"id": 3, "name": "three", "kind": "a", "tags": []},
    ],
    "orders": [
        {"order": "A1", "lines": [{"sku": "p", "n": 1}, {"sku": "q", "n": 3}]},
        {"order": "A2", "lines": [{"sku": "p", "n": 2}]},
    ],
}
"""What each expression can see; `$missing` is not among it."""


def answer(expression: str) -> Any:
    return evaluate(expression, VARIABLES, World(NOW, Random(1)))


def shown(value: Any) -> str:
    """The value as JSON, which tells true from 1 and "1" from 1."""
    return "nothing" if value is MISSING else json.dumps(value, sort_keys=True)


@pytest.fixture
def gives() -> Callable[[str, Any], None]:
    """Asserts that an expression gives a value, or nothing where MISSING is expected."""

    def assert_gives(expression: str, expected: Any) -> None:
        assert shown(answer(expression)) == shown(expected)

    return assert_gives


@pytest.fixture
def refuses() -> Callable[..., None]:
    """Asserts that an expression fails with an error of the language, whose code and message begin like this.

    The position, where one is given, is that of an error of syntax.
    """

    def assert_refuses(expression: str, message: str, position: int | None = None) -> None:
        with pytest.raises((JsonataError, JsonataSyntaxError)) as failed:
            answer(expression)
        error = failed.value
        told = f"{error.code}: {error}" if isinstance(error, JsonataSyntaxError) and error.code else str(error)
        assert told[: len(message)] == message
        assert position is None or error.position == position

    return assert_refuses


@pytest.fixture
def breaks() -> Callable[[str], None]:
    """Asserts that an expression fails where the reference fails without an error of the language."""

    def assert_breaks(expression: str) -> None:
        with pytest.raises(JsonataError) as failed:
            answer(expression)
        assert failed.value.internal
        assert not failed.value.code

    return assert_breaks
