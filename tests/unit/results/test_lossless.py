"""Records as JSON and back."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.results.lossless import from_json, to_json
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult, Warned

TEXT = st.text(st.characters(), max_size=8)  # with lone surrogates: what a test prints need not be Unicode
NUMBERS = st.floats(0, 1e9)
LINES = st.none() | st.integers(1, 10**6)
FAILURES = st.builds(Failure, TEXT, TEXT, TEXT, TEXT, st.none() | TEXT, LINES, st.none() | TEXT)
VALUES = st.recursive(st.none() | st.booleans() | st.integers() | NUMBERS | TEXT, st.lists, max_leaves=4)
RESULTS = st.builds(
    TestResult,
    id=TEXT,
    file=st.none() | TEXT,
    line=LINES,
    status=st.sampled_from(Status),
    duration=NUMBERS,
    started=st.none() | NUMBERS,
    failures=st.lists(FAILURES, max_size=2).map(tuple),
    attempts=st.lists(st.builds(Attempt, NUMBERS, st.tuples(FAILURES)), max_size=1).map(tuple),
    output=st.lists(st.tuples(TEXT, TEXT), max_size=1).map(tuple),
    evidence=st.lists(st.dictionaries(TEXT, VALUES, max_size=2), max_size=1).map(tuple),
    properties=st.lists(st.tuples(TEXT, VALUES), max_size=1).map(tuple),
)
RUNS = st.builds(
    Run,
    results=st.lists(RESULTS, max_size=2).map(tuple),
    failures=st.lists(FAILURES, max_size=1).map(tuple),
    warnings=st.lists(st.builds(Warned, TEXT, TEXT, st.none() | TEXT, LINES), max_size=1).map(tuple),
    suite=st.lists(TEXT, max_size=2).map(tuple),
    exit_status=st.none() | st.integers(0, 5),
    environment=st.dictionaries(TEXT, TEXT, max_size=1),
)


@given(RUNS)
def test_a_run__comes_back_as_it_was(run: Run) -> None:
    assert from_json(Run, to_json(run)) == run


def test_a_number_that_is_none__comes_back() -> None:
    result = TestResult("a", None, None, Status.PASSED, properties=(("ratio", math.inf),))
    assert from_json(TestResult, to_json(result)) == result


def test_a_member_that_is_missing__has_its_default() -> None:
    assert from_json(Run, "{}") == Run()


@dataclass(frozen=True)
class Pair:
    both: tuple[int, str]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Run, "[]"),
        (Run, "nonsense"),
        (Run, '{"results": {}}'),
        (Run, '{"results": [{"id": 1}]}'),
        (Run, '{"results": [{"id": "a", "file": null, "line": null, "status": "great"}]}'),
        (Run, '{"cancelled": 1}'),
        (Run, '{"environment": []}'),
        (TestResult, "{}"),
        (Pair, '{"both": [1]}'),
        (Pair, '{"both": ["1", "a"]}'),
        (Run, "[" * 100_000),
    ],
)
def test_what_is_no_record__is_refused(kind: type, text: str) -> None:
    with pytest.raises((ValueError, TypeError, RecursionError)):
        from_json(kind, text)
