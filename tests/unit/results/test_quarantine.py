"""The quarantine: what an entry is, which tests it excuses, and until when."""

from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import InputError
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult
from pipeproof.results.quarantine import QUARANTINED, Entry, apply_quarantine, find_strangers, parse_quarantine

TODAY = date(2026, 11, 30)
BOOM = Failure("call", "ValueError", "boom", file="t.py", line=3)


def entry(test: str = "t.py::test_a", expires: date = TODAY) -> Entry:
    return Entry(test, "the sandbox is down", "team-orders", expires, 7)


def result(test: str, status: Status = Status.FAILED, phase: str = "call") -> TestResult:
    failures = (Failure(phase, "ValueError", "boom"),) if status in (Status.FAILED, Status.ERROR) else ()
    attempts = (Attempt(0.1, (BOOM,)),) if status is Status.FLAKY else ()
    return TestResult(test, "t.py", 1, status, failures=failures, attempts=attempts)


def held(*results: TestResult, entries: Any = None) -> Run:
    return apply_quarantine(Run(results), (entry(),) if entries is None else entries, TODAY, "quarantine.yml")


def test_parse__reads_entries_with_their_lines() -> None:
    text = """# known to be shaky
- test: t.py::test_a
  reason: the sandbox is down
  owner: team-orders
  expires: 2026-11-30

- {test: "t.py::test_b[1]", reason: 'slow', owner: me, expires: 2027-01-01}
"""
    assert parse_quarantine(text, "q.yml") == (
        Entry("t.py::test_a", "the sandbox is down", "team-orders", date(2026, 11, 30), 2),
        Entry("t.py::test_b[1]", "slow", "me", date(2027, 1, 1), 7),
    )
    assert parse_quarantine("", "q.yml") == parse_quarantine("# nothing\n", "q.yml") == ()


WHOLE = "test: t.py::a, reason: r, owner: o, expires: 2026-12-31"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1", "q.yml is not a list"),
        ("- [", "q.yml:1 is not YAML"),
        ("- x", "q.yml:1: is not a mapping"),
        ("- {test: t.py::a, reason: r, owner: o}", "q.yml:1: has no expires"),
        ("- {test: t.py::a, reason: '', owner: [o], expires: 2026-12-31}", "has no reason, owner"),
        (f"- {{{WHOLE}, until: x}}", "has until, which means nothing"),
        (f"- {{{WHOLE.replace('t.py::a', 't.py')}}}", "'t.py' is not a node id"),
        (f"- {{{WHOLE.replace('2026-12-31', 'soon')}}}", "'soon' is not a date"),
        (f"- {{{WHOLE.replace('2026-12-31', '2026-02-30')}}}", "'2026-02-30' is not a date"),
        (f"- {{{WHOLE}}}\n- {{{WHOLE}}}", "q.yml:2: t.py::a stands here twice"),
    ],
)
def test_parse__says_what_is_wrong_and_where(text: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_quarantine(text, "q.yml")
    assert told in str(caught.value)


def test_parse__says_all_that_is_wrong() -> None:
    with pytest.raises(InputError, match=r"(?s)q.yml:1: .*q.yml:2: "):
        parse_quarantine("- x\n- y\n", "q.yml")


@given(st.text(st.sampled_from("-:{}[]!&*tescrnowip \n'\"x0123")))
def test_parse__any_text_is_entries_or_an_error(text: str) -> None:
    with suppress(InputError):
        parse_quarantine(text, "q.yml")


@pytest.mark.parametrize(
    ("named", "test", "stands"),
    [
        ("t.py::a", "t.py::a", True),
        ("t.py::a", "t.py::a[1]", True),
        ("t.py::a", "t.py::ab", False),
        ("t.py::a[1]", "t.py::a[1]", True),
        ("t.py::a[1]", "t.py::a[1][2]", False),
        ("t.py::a[1]", "t.py::a", False),
        ("t[x].py::a", "t[x].py::a[1]", True),
        ("t.py::T::a", "t.py::T::a[x::y]", True),
        ("t.py::T", "t.py::T::a", False),
    ],
)
def test_entry__stands_for_a_test_or_all_its_parameters(named: str, test: str, *, stands: bool) -> None:
    assert entry(named).names(test) is stands


@pytest.mark.parametrize(
    ("status", "phase", "now", "expectation"),
    [
        (Status.FAILED, "call", Status.SKIPPED, QUARANTINED),
        (Status.ERROR, "setup", Status.SKIPPED, QUARANTINED),
        (Status.ERROR, "teardown", Status.SKIPPED, QUARANTINED),
        (Status.ERROR, "crash", Status.ERROR, None),
        (Status.PASSED, "", Status.PASSED, QUARANTINED),
        (Status.FLAKY, "", Status.FLAKY, QUARANTINED),
        (Status.SKIPPED, "", Status.SKIPPED, None),
    ],
)
def test_quarantine__excuses_failures_that_harm_no_other_test(
    status: Status, phase: str, now: Status, expectation: str | None
) -> None:
    (found,) = held(result("t.py::test_a", status, phase)).results
    assert (found.status, found.expectation) == (now, expectation)


def test_quarantine__keeps_what_went_wrong_and_says_until_when() -> None:
    run = held(result("t.py::test_a"), result("t.py::test_b", Status.PASSED))
    (found, other) = run.results
    assert run.conclusion == "success"
    assert (found.failures, found.excused) == ((), result("x").failures)
    told = "in quarantine until 2026-11-30 (team-orders): the sandbox is down; it failed: ValueError: boom"
    assert found.reason == told
    assert other == result("t.py::test_b", Status.PASSED)


@pytest.mark.parametrize(("day", "excused"), [(TODAY, True), (date(2026, 11, 29), False), (date(2027, 1, 1), True)])
def test_quarantine__ends_after_its_day_and_then_fails_the_run(day: date, *, excused: bool) -> None:
    run = held(result("t.py::test_a"), entries=(entry(expires=day),))
    assert (run.conclusion == "success") is excused
    assert [(one.file, one.line) for one in run.failures] == ([] if excused else [("quarantine.yml", 7)])
    assert (run.results[0].status is Status.FAILED) is not excused


def test_quarantine__an_entry_that_is_over_fails_a_test_that_passes_too() -> None:
    run = held(result("t.py::test_a", Status.PASSED), entries=(entry(expires=date(2026, 1, 1)),))
    assert run.conclusion == "failure"
    assert "the quarantine of t.py::test_a ended on 2026-01-01" in run.failures[0].message


@pytest.mark.parametrize(
    ("named", "ran", "source", "stranger"),
    [
        ("t.py::test_a", ["t.py::test_a"], "", False),
        ("t.py::test_a", ["t.py::test_a[1]", "t.py::test_a[2]"], "", False),
        ("t.py::test_a[1]", ["t.py::test_a[1]"], "", False),
        ("t.py::test_a[3]", ["t.py::test_a[1]"], "def test_a(): ...", True),
        ("t.py::test_b", ["t.py::test_a"], "def test_a(): ...", True),
        ("t.py::test_b", ["t.py::test_a"], "def test_a(): ...\ndef test_b(): ...", False),  # another shard's, or -k
        ("gone.py::test_a", ["t.py::test_a"], "def test_a(): ...", True),
        ("t.py::TestX::test_a", ["t.py::test_a"], "def test_a(): ...", True),
        ("com.acme.Orders::late", ["com.acme.Orders::late"], "", False),
        ("com.acme.Orders::late", ["com.acme.Orders::early"], "", True),
    ],
)
def test_strangers__are_entries_that_no_test_is_named_by(
    named: str,
    ran: list[str],
    source: str,
    stranger: bool,
    tmp_path: Path,
) -> None:
    (tmp_path / "t.py").write_text(source)
    found = find_strangers(Run(tuple(result(test) for test in ran)), [entry(named)], tmp_path)
    assert [one.test for one in found] == ([named] if stranger else [])


def test_strangers__a_test_that_was_collected_and_did_not_run_is_none(tmp_path: Path) -> None:
    entries = [entry("t.py::test_a"), entry("t.py::test_b[1]")]
    assert find_strangers(Run(not_run=("t.py::test_a",), suite=("t.py::test_b[1]",)), entries, tmp_path) == ()
