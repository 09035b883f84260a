"""Runs read back from report.json, which may be a stranger's."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import InputError
from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.model import Run
from pipeproof.results.stored import read_run


def test_stored__has_what_the_run_had(mixed_run: Callable[..., Run], tmp_path: Path) -> None:
    run = mixed_run("boom")
    write_ctrf(run, tmp_path / "report.json", "Orders")
    found, title = read_run(tmp_path / "report.json")
    assert title == "Orders"
    assert found.totals == run.totals
    assert (found.conclusion, found.not_run, found.warnings) == (run.conclusion, run.not_run, run.warnings)
    assert found.duration == run.duration
    for ours, theirs in zip(found.results, run.results, strict=True):
        assert (ours.id, ours.file, ours.line, ours.status, ours.reason) == (
            theirs.id, theirs.file, theirs.line, theirs.status, theirs.reason,
        )  # fmt: skip
        assert [one.headline for one in ours.failures] == [one.headline for one in theirs.failures]
        assert len(ours.attempts) == len(theirs.attempts)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(JSON, JSON, JSON, st.sampled_from(["passed", "failed", "error", "skipped", "flaky"]))
def test_stored__what_is_in_another_form_is_left_out(one: object, two: object, three: object, status: str) -> None:
    test = {"rawStatus": status, "duration": 1, "trace": one, "message": two, "filePath": three, "line": one,
            "retryAttempts": [two, {"message": one, "line": three, "duration": two}],
            "extra": {"id": "t", "failures": [one, {"phase": two, "message": three, "line": one}], "reason": two,
                      "excused": three, "evidence": [one, two], "expectation": three}}  # fmt: skip
    extra = {"title": one, "failures": two, "notRun": three, "warnings": [one, {"message": two, "count": three}]}
    document = {"extra": extra, "results": {"tests": [test], "summary": {"start": one, "duration": two}}}
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(document, file)
        file.flush()
        run, _ = read_run(Path(file.name))
    assert run.totals.tests == 1
    assert all(result.failures for result in run.results if result.status in ("failed", "error"))
    assert all(result.attempts for result in run.results if result.status == "flaky")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"results": {"tests": [1]}}'])
def test_stored__what_is_no_report_is_an_input_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match=r"is not a report\.json of pipeproof"):
        read_run(tmp_path / "x.json")
