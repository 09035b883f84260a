"""The collector: whatever part of the story it hears, its totals add up."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.results.collector import Collector
from pipeproof.results.forms import is_event
from pipeproof.results.model import Run, Status

FAILURE = {"type": "ValueError", "message": "boom", "traceback": "t", "file": "t.py", "line": 3}
ANYWHERE = Path("/nonexistent")
Events = list[dict[str, Any]]


def phase(name: str, when: str, outcome: str = "passed", **more: Any) -> dict[str, Any]:
    return {"event": "phase", "id": name, "when": when, "outcome": outcome, "duration": 0.25, "at": 10.0} | more


def story(name: str, kind: str) -> Events:
    """Tell all that is sent of one test."""
    start = {"event": "start", "id": name, "at": 10.0, "file": "t.py", "line": 1}
    setup, call, teardown = (phase(name, when) for when in ("setup", "call", "teardown"))
    failing = {"outcome": "failed", "failure": FAILURE}
    rerun = {"outcome": "rerun", "failure": FAILURE}
    middle: dict[str, Events] = {
        "passed": [setup, call, teardown],
        "failed": [setup, call | failing, teardown],
        "setup": [setup | failing, teardown],
        "teardown": [setup, call, teardown | failing],
        "both": [setup, call | failing, teardown | failing],
        "skipped": [setup | {"outcome": "skipped", "reason": "no"}, teardown],
        "xfailed": [setup, call | {"outcome": "skipped", "xfail": "reason: known"}, teardown],
        "xpassed": [setup, call | {"xfail": "known"}, teardown],
        "flaky": [setup, call | rerun, setup, call, teardown],
        "flaky, torn down": [setup, call | rerun, teardown, setup, call, teardown],
        "flaky twice": [setup, call | rerun, teardown | rerun, setup, call, teardown],
        "flaky setup": [setup | rerun, setup, call, teardown],
        "flaky teardown": [setup, call, teardown | rerun, setup, call, teardown],
        "failed again": [setup, call | rerun, setup, call | failing, teardown],
        "subtests": [setup, call | failing | {"subtest": "one"}, call | {"subtest": "two"}, call | failing, teardown],
        "worker": [phase(name, "???", "failed", failure=FAILURE | {"type": ""})],
    }
    return [start, *middle[kind]]


EXPECTED = {
    "passed": Status.PASSED,
    "failed": Status.FAILED,
    "setup": Status.ERROR,
    "teardown": Status.ERROR,
    "both": Status.FAILED,
    "skipped": Status.SKIPPED,
    "xfailed": Status.SKIPPED,
    "xpassed": Status.PASSED,
    "flaky": Status.FLAKY,
    "flaky, torn down": Status.FLAKY,
    "flaky twice": Status.FLAKY,
    "flaky setup": Status.FLAKY,
    "flaky teardown": Status.FLAKY,
    "failed again": Status.FAILED,
    "subtests": Status.FAILED,
    "worker": Status.ERROR,
}


def collected(*events: dict[str, Any], workspace: Path = ANYWHERE, **end: Any) -> Run:
    collector = Collector(workspace)
    for event in events:
        collector.take(event)
    return collector.finish(**({"ended_by": None, "cancelled": False, "started": 10.0, "duration": 1.0} | end))


def assert_adds_up(run: Run) -> None:
    totals = run.totals
    assert totals.tests == len(run.results) == len({result.id for result in run.results})
    assert totals.tests == totals.passed + totals.failed + totals.errors + totals.skipped + totals.flaky
    for result in run.results:
        assert bool(result.failures) is (result.status in (Status.FAILED, Status.ERROR)), result
        assert result.status is not Status.FLAKY or result.attempts
        assert all(attempt.failures for attempt in result.attempts)
    assert not {result.id for result in run.results} & set(run.not_run)


@pytest.mark.parametrize("kind", EXPECTED)
def test_collector__gives_each_story_its_outcome(kind: str) -> None:
    run = collected(*story("t.py::x", kind), {"event": "finish", "status": 0})
    assert [result.status for result in run.results] == [EXPECTED[kind]]
    assert_adds_up(run)


@settings(max_examples=150)
@given(
    kinds=st.lists(st.sampled_from(sorted(EXPECTED)), max_size=5),
    order=st.randoms(use_true_random=False),
    cut=st.integers(0, 40),
    end=st.sampled_from(["SIGKILL", None]),
    cancelled=st.booleans(),
    culprit=st.sampled_from([None, "t.py::0", "t.py::1"]),
)
def test_collector__adds_up_wherever_the_story_ends(
    kinds: list[str], order: Any, cut: int, end: str | None, *, cancelled: bool, culprit: str | None
) -> None:
    """Workers' tests come in between each other; the process can end at any of their events."""
    stories = [story(f"t.py::{number}", kind) for number, kind in enumerate(kinds)]
    ids = [f"t.py::{number}" for number in range(len(kinds))]
    events: Events = [{"event": "collected", "tests": [[name, "t.py", 1] for name in ids]}]
    while pending := [told for told in stories if told]:
        events.append(order.choice(pending).pop(0))
    heard = events[:cut]
    run = collected(*heard, ended_by=end, cancelled=cancelled, culprit=culprit)
    assert_adds_up(run)
    if heard:
        assert {result.id for result in run.results} | set(run.not_run) == set(ids)
    told_failed = {event["id"] for event in heard if event.get("outcome") == "failed"}
    assert told_failed <= {result.id for result in run.results if result.failures}
    assert run.conclusion == "cancelled" or not told_failed or run.conclusion == "failure"


KINDS = """session collected deselected collect start phase warning broken finish subtest failure x __init__""".split()  # noqa: SIM905
KEYS = """id when outcome duration at file line failure reason xfail subtest sections evidence properties worker
          tests count message category status pytest rootdir""".split()  # noqa: SIM905
HOSTILE_VALUES = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        2**70,
        1e308,
        float("inf"),
        float("nan"),
        "",
        "\ud800",
        "a\0b",
        "/dev/zero",
        "t.py::x",
        "failed",
        "passed",
        "rerun",
        "skipped",
        "call",
        "teardown",
        "setup",
        "???",
        [],
        [[]],
        [""],
        [["a"]],
        [{}],
        {},
        {"": None},
        FAILURE,
        FAILURE | {"line": "x"},
        FAILURE | {"file": []},
    ]
)


@given(
    st.lists(
        st.fixed_dictionaries({"event": st.sampled_from(KINDS)}, optional=dict.fromkeys(KEYS, HOSTILE_VALUES)),
        max_size=6,
    )
)
def test_collector__survives_any_event(events: Events) -> None:
    """Tests can write to the pipe: what comes of it can be reported."""
    run = collected(*events)
    totals = run.totals
    assert totals.tests == len(run.results)
    assert all(0 <= result.duration < 1e12 for result in run.results)
    assert all(result.file is None or isinstance(result.file, str) for result in run.results)
    assert all(result.line is None or isinstance(result.line, int) for result in run.results)


RECORDS = {
    "session": {"pytest": "9", "rootdir": "/w"},
    "collected": {"tests": [["t.py::x", "t.py", 1], ["t.py::y", None, None]]},
    "deselected": {"count": 2},
    "collect": {"id": "t.py", "outcome": "failed", "failure": FAILURE},
    "start": {"id": "t.py::x", "at": 1.5, "file": "t.py", "line": 1},
    "phase": {
        "id": "t.py::x", "when": "call", "outcome": "rerun", "duration": 0.1, "failure": FAILURE, "reason": "no",
        "sections": [["out", "text"]], "xfail": "known", "subtest": "one", "properties": [["name", {}]],
        "worker": "gw0",
    },
    "warning": {"message": "old", "category": "UserWarning", "file": "t.py", "line": 1},
    "broken": {"failure": FAILURE},
    "finish": {"status": 1},
}  # fmt: skip
WRONG = [None, True, -1, 1e300, 10**400, float("nan"), "", "text", [], [1], [["a"]], {}, {"type": "A"}]


@pytest.mark.parametrize("name", RECORDS)
def test_form__of_each_event(name: str) -> None:
    """A record is taken as it is, and none with a field of another form."""
    record = {"event": name, **RECORDS[name]}
    assert is_event(record)
    for field in RECORDS[name]:
        refused = [value for value in WRONG if not is_event(record | {field: value})]
        assert len(refused) >= len(WRONG) / 2, (field, refused)


@pytest.mark.parametrize(
    ("record", "right"),
    [
        ({"event": "unknown"}, False),
        ({"event": "start", "id": "x", "at": 1, "file": "t.py"}, False),
        ({"event": "start", "id": "x", "at": 1}, True),
        ({"event": "phase", "id": "x", "when": "call", "outcome": "failed", "duration": 1}, False),
        ({"event": "phase", "id": "x", "when": "lunch", "outcome": "passed", "duration": 1}, False),
        ({"event": "phase", "id": "x", "when": "call", "outcome": "passed", "duration": -1}, False),
        ({"event": "collect", "id": "x", "outcome": "skipped"}, False),
        ({"event": "broken", "failure": FAILURE | {"line": "3"}}, False),
        ({"event": "broken", "failure": FAILURE | {"line": None, "file": None}}, True),
        ({"event": "warning", "message": "m", "category": "c", "line": 1}, True),
    ],
)
def test_form__of_what_belongs_together(record: dict[str, Any], *, right: bool) -> None:
    assert is_event(record) is right


def test_collector__counts_what_it_leaves_out() -> None:
    run = collected({"event": "finish"}, {"event": "unknown"}, *story("t.py::x", "passed"))
    assert (run.dropped, run.totals.passed) == (2, 1)


def test_collector__does_not_take_its_own_faults_for_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise TypeError("of pipeproof's own")

    monkeypatch.setattr(Collector, "_take_finish", broken)
    with pytest.raises(TypeError, match="own"):
        collected({"event": "finish", "status": 0})


def test_collector__names_the_test_that_ran_when_the_process_ended() -> None:
    run = collected(*story("t.py::a", "passed"), *story("t.py::b", "passed")[:2], ended_by="SIGKILL")
    assert [(result.id, result.status) for result in run.results] == [("t.py::a", "passed"), ("t.py::b", "error")]
    assert "SIGKILL" in run.results[1].failures[0].message
    assert not run.failures


def test_collector__says_so_where_no_test_ran_when_the_process_ended() -> None:
    run = collected(*story("t.py::a", "passed"), ended_by="SIGSEGV")
    assert "SIGSEGV" in run.failures[0].message
    assert run.conclusion == "failure"


def test_collector__only_the_culprit_is_blamed() -> None:
    begun = [event for name in ("t.py::a", "t.py::b") for event in story(name, "passed")[:2]]
    run = collected(
        {"event": "collected", "tests": [["t.py::a", None, None], ["t.py::b", None, None]]},
        *begun,
        ended_by="hung",
        culprit="t.py::b",
    )
    assert [result.id for result in run.results] == ["t.py::b"]
    assert run.not_run == ("t.py::a",)


def test_collector__a_failure_that_was_known_stays_though_another_is_to_blame() -> None:
    begun = [*story("t.py::a", "failed")[:3], *story("t.py::b", "passed")[:2]]
    run = collected(*begun, ended_by="hung", culprit="t.py::b")
    assert [(result.id, result.status) for result in run.results] == [("t.py::a", "failed"), ("t.py::b", "error")]


def test_collector__a_cancelled_run_skips_what_ran_and_keeps_what_failed() -> None:
    begun = [*story("t.py::a", "failed")[:3], *story("t.py::b", "passed")[:2]]
    run = collected(*begun, cancelled=True)
    assert [result.status for result in run.results] == ["failed", "skipped"]
    assert run.conclusion == "cancelled"


@pytest.mark.parametrize(
    ("kind", "status", "conclusion"),
    [
        ("passed", 0, "success"),
        ("passed", 1, "failure"),
        ("passed", 2, "failure"),
        ("passed", 7, "failure"),
        ("skipped", 5, "success"),
        ("failed", 1, "failure"),
    ],
)
def test_collector__pytests_own_verdict_counts(kind: str, status: int, conclusion: str) -> None:
    """A plugin can fail a run in which each test passed: coverage is too low."""
    run = collected(*story("t.py::a", kind), {"event": "finish", "status": status})
    assert run.conclusion == conclusion
    assert len(run.failures) == (kind == "passed" and status != 0)


def test_collector__a_refusal_is_no_failure_of_the_run() -> None:
    assert collected({"event": "finish", "status": 4}).refused


def test_collector__collection_errors_and_skips_are_results() -> None:
    run = collected(
        {"event": "collect", "id": "a.py", "outcome": "failed", "failure": FAILURE | {"file": "lib.py", "line": 7}},
        {
            "event": "collect",
            "id": "b.py",
            "outcome": "failed",
            "failure": {"type": "E", "message": "m", "traceback": "t"},
        },
        {"event": "collect", "id": "c.py", "outcome": "skipped", "reason": "no", "file": "c.py", "line": 2},
    )
    assert [(r.id, r.status, r.file, r.line) for r in run.results] == [
        ("a.py", "error", "lib.py", 7),
        ("b.py", "error", "b.py", 1),
        ("c.py", "skipped", "c.py", 2),
    ]


def test_collector__failed_subtests_are_each_a_failure_of_their_test() -> None:
    (result,) = collected(*story("t.py::x", "subtests")).results
    assert [failure.subtest for failure in result.failures] == ["one", None]
    assert result.subtests == 2


def test_collector__an_attempts_time_is_its_own() -> None:
    (result,) = collected(*story("t.py::x", "failed again")).results
    assert (result.duration, result.attempts[0].duration) == (0.75, 0.5)


def test_collector__counts_warnings_that_say_the_same() -> None:
    warning = {"event": "warning", "message": "old", "category": "W", "file": "t.py", "line": 1}
    run = collected(warning, warning, warning | {"line": 2})
    assert [(warned.line, warned.count) for warned in run.warnings] == [(1, 2), (2, 1)]


def test_collector__takes_paint_out_of_messages() -> None:
    painted = FAILURE | {"message": "\x1b[31mred\x1b[0m", "traceback": "\x1b[1mE\x1b[0m"}
    (result,) = collected({"event": "collect", "id": "a.py", "outcome": "failed", "failure": painted}).results
    assert (result.failures[0].message, result.failures[0].traceback) == ("red", "E")


def test_collector__finds_the_definition_below_decorators(tmp_path: Path) -> None:
    (tmp_path / "t.py").write_text("@mark(\n  1,\n)\n@other\nasync  def test_x():\n    pass\n")
    (result,) = collected(*story("t.py::x", "passed"), workspace=tmp_path).results
    assert result.line == 5


def test_collector__looks_for_definitions_in_files_alone(tmp_path: Path) -> None:
    """A pipe or a device in a file's place would be read for ever."""
    import os

    os.mkfifo(tmp_path / "t.py")
    (tmp_path / "u.py").symlink_to("/dev/zero")
    for file in ("t.py", "u.py", "/dev/zero", "..", "a\0b"):
        events = story("t.py::x", "passed")
        events[0]["file"] = file
        (result,) = collected(*events, workspace=tmp_path).results
        assert result.line == 1


def test_collector__keeps_output_of_passing_tests_within_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeproof.results.collector._OUTPUT_BUDGET", 25)
    events: Events = []
    for name, kind in (("a", "passed"), ("b", "passed"), ("c", "passed"), ("d", "failed")):
        *begin, end = story(name, kind)
        events += [*begin, end | {"sections": [["stdout", "x" * 10]]}]
    assert [len(result.output) for result in collected(*events).results] == [1, 1, 0, 1]


def test_running__is_told_by_a_clock_that_nobody_sets() -> None:
    """The tests' own times are of the system's clock, which can jump by hours: a healthy suite was ended as hung."""
    now = iter([100.0, 107.0])
    collector = Collector(ANYWHERE, clock=lambda: next(now))
    collector.take({"event": "start", "id": "t", "at": 5.0})
    assert collector.running == {"t": 100.0}
    collector.take(phase("t", "setup", at=1e9))
    assert collector.running == {"t": 107.0}


def test_rerun__call_and_teardown_fail(tmp_path):
    """It is one attempt, with both failures."""
    collector = Collector(tmp_path)
    (ended,) = filter(None, map(collector.take, story("a", "flaky twice")))
    (attempt,) = ended.attempts
    assert [failure.phase for failure in attempt.failures] == ["call", "teardown"]
    assert attempt.duration == sum(event["duration"] for event in story("a", "flaky twice")[1:4])


def test_finish__reasons(tmp_path):
    """Why a run fails in which no test has is told as it was said, and where."""
    collector = Collector(tmp_path)
    reason = {"message": "order: 50 % covered, 80 % asked for", "file": "order.asl.json", "line": 3}
    collector.take({"event": "finish", "status": 1, "reasons": [reason]})
    run = collector.finish(ended_by=None, cancelled=False, started=0.0, duration=1.0)
    assert [(failure.message, failure.file, failure.line) for failure in run.failures] == [tuple(reason.values())]
