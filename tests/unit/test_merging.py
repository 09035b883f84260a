"""Merging: what is wrong with the shards is found by name, and their audits stay verifiable."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pipeproof.credentials.audit import Audit, verify_chain, verify_parts
from pipeproof.errors import InputError
from pipeproof.inputs import Shard
from pipeproof.merging import describe_shard, gather_audits, merge_shards, read_shards
from pipeproof.results.model import Failure, Run, Status, TestResult, Warned

SUITE = ("a.py::1", "a.py::2", "b.py::1", "b.py::2")
HERE = {"GITHUB_SHA": "c" * 40, "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "1"}


def result(test: str, status: Status = Status.PASSED, **other: object) -> TestResult:
    return TestResult(test, test.partition("::")[0], 1, status, **other)  # type: ignore[arg-type]


def part(*tests: str, suite: Sequence[str] = SUITE, **other: object) -> Run:
    return Run(results=tuple(map(result, tests)), suite=tuple(suite), exit_status=0, **other)  # type: ignore[arg-type]


def put(
    root: Path, name: str, shard: Shard, run: Run, *, code: int | None = None, environ: Mapping[str, str] = HERE
) -> None:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    audit = Audit({}, lambda: 0.0, str)
    audit.record({"event": "used", "test": name})
    head = audit.write(folder / "audit.jsonl")
    (folder / "shard.json").write_text(describe_shard(shard, run, code, root, environ, head))


def merged(root: Path, environ: Mapping[str, str] = HERE) -> tuple[Run, int | None]:
    return merge_shards(read_shards(["shards"], root), environ)[:2]


def problems(root: Path, environ: Mapping[str, str] = HERE) -> str:
    run, code = merged(root, environ)
    assert code == 2
    assert run.conclusion == "failure"
    return "\n".join(failure.message for failure in run.failures)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    put(tmp_path, "shards/1", Shard(1, 2), part("b.py::1", "a.py::2"))
    put(tmp_path, "shards/2", Shard(2, 2), part("b.py::2", "a.py::1"))
    return tmp_path


@pytest.mark.parametrize(
    ("times", "duration"),
    [
        ([(100.0, 10.0), (100.0, 12.0)], 12.0),
        ([(100.0, 10.0), (105.0, 10.0)], 15.0),
        ([(100.0, 10.0), (102.0, 3.0)], 10.0),
        ([(100.0, 10.0), (14_500.0, 5.0)], 15.0),  # hours later the failed one was run again
    ],
)
def test_merge__takes_as_long_as_a_shard_was_running(
    times: list[tuple[float, float]], duration: float, tmp_path: Path
) -> None:
    for index, (started, took) in enumerate(times, 1):
        own = SUITE[2 * index - 2 : 2 * index]
        put(tmp_path, f"shards/{index}", Shard(index, 2), part(*own, started=started, duration=took))
    run, _ = merged(tmp_path)
    assert (run.started, run.duration) == (100.0, duration)


def test_merge__is_the_run_of_the_suite_in_its_order(two: Path) -> None:
    run, code = merged(two)
    assert (code, run.failures, run.conclusion) == (None, (), "success")
    assert [one.id for one in run.results] == list(SUITE)


def test_merge__without_github(tmp_path: Path) -> None:
    put(tmp_path, "shards/1", Shard(1, 2), part("a.py::1", "a.py::2"), environ={})
    put(tmp_path, "shards/2", Shard(2, 2), part("b.py::1", "b.py::2"), environ={})
    assert merged(tmp_path, {})[1] is None


def test_a_shard_that_is_missing__is_named_and_what_ran_is_reported(two: Path) -> None:
    (two / "shards/2/shard.json").unlink()
    assert problems(two) == "merge: shard 2/2 is missing"
    run, _ = merged(two)
    assert [one.id for one in run.results] == ["a.py::2", "b.py::1"]


def test_a_shard_that_is_there_twice__is_named(two: Path) -> None:
    put(two, "shards/again", Shard(2, 2), part("b.py::2", "a.py::1"), environ=HERE | {"GITHUB_RUN_ATTEMPT": "2"})
    told = "merge: shard 2/2 is there twice: shards/2 (attempt 1) and shards/again (attempt 2)"
    assert problems(two) == told


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"GITHUB_SHA": "d" * 40}, "merge: shard 2/2 (shards/2) is of commit dddddddddddd, not of cccccccccccc"),
        ({"GITHUB_RUN_ID": "41"}, "merge: shard 2/2 (shards/2) is of run 41, not of 42"),
        ({"GITHUB_SHA": ""}, "merge: shard 2/2 (shards/2) is of commit unknown, not of cccccccccccc"),
    ],
)
def test_a_shard_of_another_run__is_named_and_left_out(other: dict[str, str], told: str, two: Path) -> None:
    put(two, "shards/2", Shard(2, 2), part("b.py::2", "a.py::1"), environ=HERE | other)
    assert problems(two).splitlines() == [told, "merge: shard 2/2 is missing"]
    assert len(merged(two)[0].results) == 2


def test_a_shard_of_another_commit__is_named_on_gitlab_too(two: Path) -> None:
    for number, commit in ((1, "c"), (2, "d")):
        put(two, f"shards/{number}", Shard(number, 2), part("a.py::1"), environ={"CI_COMMIT_SHA": commit * 40})
    told = merged(two, {"CI_COMMIT_SHA": "c" * 40})[0].failures[0].message
    assert told == "merge: shard 2/2 (shards/2) is of commit dddddddddddd, not of cccccccccccc"


def test_a_shard_of_another_number__is_named(two: Path) -> None:
    put(two, "shards/3", Shard(3, 3), part("b.py::2"))
    assert problems(two) == "merge: shard 3/3 (shards/3) is of 3 shards, shard 1/2 (shards/1) of 2"


def test_a_shard_that_was_run_again_alone__is_taken(two: Path) -> None:
    """ "Re-run failed jobs" leaves the others of the first attempt: of the same commit, divided in the same way."""
    put(two, "shards/2", Shard(2, 2), part("b.py::2", "a.py::1"), environ=HERE | {"GITHUB_RUN_ATTEMPT": "2"})
    assert merged(two)[1] is None


def test_collections_that_differ__are_told(two: Path) -> None:
    other = [*SUITE[:3], "b.py::3"]
    put(two, "shards/2", Shard(2, 2), part("a.py::1", "b.py::3", suite=other))
    first, *rest = problems(two).splitlines()
    assert first == "merge: shard 2/2 (shards/2) has collected other tests than shard 1/2 (shards/1)"
    assert rest[:2] == ["only shard 1/2 (shards/1): b.py::2", "only shard 2/2 (shards/2): b.py::3"]


def test_collections_in_another_order__are_the_same(two: Path) -> None:
    put(two, "shards/2", Shard(2, 2), part("b.py::2", "a.py::1", suite=SUITE[::-1]))
    assert merged(two)[1] is None


def test_tests_that_two_shards_have_and_none__are_told(two: Path) -> None:
    put(two, "shards/2", Shard(2, 2), part("b.py::1"))
    twice, lost = problems(two).splitlines()
    assert twice.startswith("merge: shards 1/2 and 2/2 both have b.py::1: they were divided by other durations")
    assert lost == "merge: no shard has run a.py::1, b.py::2"


def test_a_shard_that_says_nothing_of_its_collection__is_an_error(two: Path) -> None:
    put(two, "shards/2", Shard(2, 2), part("a.py::1", suite=()))
    assert "shard 2/2 (shards/2) does not say which tests it has divided" in problems(two)


def test_a_shard_that_could_not_run__keeps_its_exit_code_and_its_tests_did_not_run(two: Path) -> None:
    run = Run(failures=(Failure("session", "", "the requirements could not be installed"),))
    put(two, "shards/2", Shard(2, 2), run, code=4)
    outcome, code = merged(two)
    assert code == 4
    assert [failure.message for failure in outcome.failures] == ["shard 2/2: the requirements could not be installed"]
    assert outcome.not_run == ("a.py::1", "b.py::2")


def test_what_all_shards_say__is_said_once(tmp_path: Path) -> None:
    broken = result("c.py", Status.ERROR, failures=(Failure("collect", "ImportError", "no"),))
    said = Failure("session", "", "coverage is too low")
    warned = (Warned("old", "W", "a.py", 1, 1, 1), Warned("in a test", "W", "a.py", 2, 2))
    for index, tests in ((1, SUITE[:2]), (2, SUITE[2:])):
        run = Run((broken, *map(result, tests)), failures=(said,), warnings=warned, suite=SUITE, deselected=3)
        put(tmp_path, f"shards/{index}", Shard(index, 2), run)
    run, _ = merged(tmp_path)
    assert run.failures == (said,)
    assert [one.id for one in run.results] == ["c.py", *SUITE]
    assert [(one.message, one.count) for one in run.warnings] == [("old", 1), ("in a test", 4)]
    assert run.deselected == 1


def test_a_shard_with_no_test__is_none_missing(tmp_path: Path) -> None:
    put(tmp_path, "shards/1", Shard(1, 2), part("a.py::1", suite=SUITE[:1]))
    put(tmp_path, "shards/2", Shard(2, 2), part(suite=SUITE[:1]))
    run, code = merged(tmp_path)
    assert (code, len(run.results)) == (None, 1)


def test_files__are_named_from_where_is_merged(two: Path) -> None:
    run = part("b.py::2", "a.py::1")
    told = {"kind": "x", "data": {"file": "/runner/ws/flows/a.asl.json"}}
    run = Run((result("b.py::2", evidence=(told,)), result("a.py::1")), suite=run.suite)
    text = describe_shard(Shard(2, 2), run, None, Path("/runner/ws"), HERE, "")
    (two / "shards/2/shard.json").write_text(text)
    (evidence,) = (one.evidence[0] for one in merged(two)[0].results if one.evidence)
    assert evidence["data"]["file"] == f"{two}/flows/a.asl.json"


@pytest.mark.parametrize(("text", "told"), [(None, "shards holds no shard.json"), ("{}", "is no shard's report")])
def test_a_folder_without_a_shard__is_refused(text: str | None, told: str, tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    if text is not None:
        (tmp_path / "shards/shard.json").write_text(text)
    with pytest.raises(InputError, match=told):
        merged(tmp_path)


def gather(root: Path) -> tuple[Audit, dict[str, bytes], list[str]]:
    audit = Audit({}, lambda: 0.0, str)
    shards = merge_shards(read_shards(["shards"], root), HERE)[2]
    files = list(gather_audits(shards, root, audit))
    return (
        audit,
        dict(file for file in files if not isinstance(file, str)),
        [file for file in files if isinstance(file, str)],
    )


def test_audits__are_kept_and_bound_by_the_merged_one(two: Path) -> None:
    audit, files, wrong = gather(two)
    assert (sorted(files), wrong) == (["audit-1-of-2.jsonl", "audit-2-of-2.jsonl"], [])
    for name, data in files.items():
        (two / name).write_bytes(data)
    audit.write(two / "audit.jsonl")
    text = (two / "audit.jsonl").read_text()
    assert verify_chain(text)[0] == verify_parts(text, two) == 2

    first = two / "audit-1-of-2.jsonl"
    first.write_text(first.read_text().replace("used", "none"))
    with pytest.raises(ValueError, match="audit of shard 1/2: is not the one that was merged"):
        verify_parts(text, two)
    first.unlink()
    with pytest.raises(ValueError, match="audit of shard 1/2: "):
        verify_parts(text, two)


def test_an_audit_that_was_changed__is_named(two: Path) -> None:
    file = two / "shards/2/audit.jsonl"
    record = json.loads(file.read_text())
    file.write_text(json.dumps(record | {"test": "other"}) + "\n")
    _, files, wrong = gather(two)
    assert sorted(files) == ["audit-1-of-2.jsonl"]
    assert wrong[0].startswith("the audit.jsonl of shard 2/2 (shards/2) ends with ")
    file.unlink()
    assert "cannot be verified" in gather(two)[2][0]
