"""Baselines of tests whose names have changed since."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeproof.results.baseline import compare, read_baseline
from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult

P, F, E, K, S = Status.PASSED, Status.FAILED, Status.ERROR, Status.FLAKY, Status.SKIPPED


def result(test: str, status: Status, words: str = "boom", duration: float = 0.1) -> TestResult:
    failure = Failure("call", "E", words, file="x.py", line=3)
    failures = (failure,) if status in (F, E) else ()
    attempts = (Attempt(0.1, (failure,)),) if status is K else ()
    return TestResult(test, test.partition("::")[0], 1, status, duration, None, failures, attempts)


def run_of(tests: Mapping[str, object]) -> Run:
    return Run(tuple(result(test, *(told if isinstance(told, tuple) else (told,))) for test, told in tests.items()))


NOTHING: tuple[list[str], list[str], list[str]] = ([], [], [])


@pytest.mark.parametrize(
    ("then", "now", "sources", "told"),
    [
        # moved to another file, or out of its class
        ({"a.py::test_x": F}, {"b.py::test_x": F}, {"b.py": "def test_x"}, NOTHING),
        ({"a.py::test_x": F}, {"b.py::test_x": P}, {"b.py": "def test_x"}, ([], ["b.py::test_x"], [])),
        ({"a.py::test_x": P}, {"b.py::test_x": F}, {"b.py": "def test_x"}, (["b.py::test_x"], [], [])),
        ({"a.py::test_x": K}, {"b.py::test_x": K}, {"b.py": "def test_x"}, NOTHING),
        ({"a.py::T::test_x": F}, {"a.py::test_x": F}, {"a.py": "def test_x"}, NOTHING),
        ({"a.py::test_x[1]": F, "a.py::test_x[2]": P}, {"b.py::test_x[1]": F, "b.py::test_x[2]": F},
         {"b.py": "def test_x"}, (["b.py::test_x[2]"], [], [])),
        # the old one is still there: another shard's, or left out by -k; so the new one is new
        ({"a.py::test_x": F}, {"b.py::test_x": F}, {"a.py": "def test_x", "b.py": "def test_x"},
         (["b.py::test_x"], [], [])),
        # two could have been it
        ({"a.py::test_x": F, "c.py::test_x": P}, {"b.py::test_x": F}, {"b.py": "def test_x"},
         (["b.py::test_x"], [], [])),
        # renamed: it fails as the one that is gone did
        ({"a.py::test_old": (F, "no price")}, {"a.py::test_new": (F, "no price")}, {"a.py": "def test_new"}, NOTHING),
        ({"a.py::test_old": (F, "no price")}, {"a.py::test_new": (F, "no stock")}, {"a.py": "def test_new"},
         (["a.py::test_new"], [], [])),
        ({"a.py::test_old": (F, "no price")}, {"a.py::test_new": (F, "no price")},
         {"a.py": "def test_new; def test_old"}, (["a.py::test_new"], [], [])),
        # one that is gone is one test's earlier self, not two's
        ({"a.py::test_old": F}, {"a.py::test_1": F, "a.py::test_2": F}, {"a.py": "def test_1"},
         (["a.py::test_2"], [], [])),
        # parameters that come, go, or are called something else
        ({"a.py::test_x": F}, {"a.py::test_x[1]": F, "a.py::test_x[2]": P}, {}, ([], ["a.py::test_x[2]"], [])),
        ({"a.py::test_x": P}, {"a.py::test_x[1]": F}, {}, (["a.py::test_x[1]"], [], [])),
        ({"a.py::test_x[1]": P, "a.py::test_x[2]": F}, {"a.py::test_x": F}, {}, NOTHING),
        ({"a.py::test_x[1]": (F, "no price")}, {"a.py::test_x[one]": (F, "no price")}, {"a.py": "def test_x"}, NOTHING),
        ({"a.py::test_x[1]": F}, {"a.py::test_x[1]": F, "a.py::test_x[2]": F}, {"a.py": "def test_x"},
         (["a.py::test_x[2]"], [], [])),
        ({"a.py::test_x[a::b]": F}, {"a.py::test_x[a::b]": F}, {}, NOTHING),
        # what is simply new, gone, skipped or quarantined then
        ({}, {"a.py::test_x": F}, {}, (["a.py::test_x"], [], [])),
        ({"a.py::test_x": F}, {}, {}, NOTHING),
        ({"a.py::test_x": S}, {"a.py::test_x": F}, {}, (["a.py::test_x"], [], [])),
        ({"a.py::test_x": E}, {"a.py::test_x": F}, {}, NOTHING),
        ({"a.py::test_x": F}, {"a.py::test_x": K}, {}, ([], [], ["a.py::test_x"])),
    ],
)  # fmt: skip
def test_compare__knows_a_test_by_what_it_was_called(
    then: Mapping[str, object], now: Mapping[str, object], sources: Mapping[str, str], told: object, tmp_path: Path
) -> None:
    for name, text in sources.items():
        (tmp_path / name).write_text(text)
    write_ctrf(run_of(then), tmp_path / "report.json", "x")
    found = compare(run_of(now), read_baseline(tmp_path / "report.json"), tmp_path)
    assert (
        [test.id for test in found.newly_failing],
        [test.id for test in found.fixed],
        [test.id for test in found.newly_flaky],
    ) == told


def test_compare__a_test_that_got_parameters_is_not_slower(tmp_path: Path) -> None:
    write_ctrf(run_of({"a.py::test_x": P}), tmp_path / "report.json", "x")
    now = Run((result("a.py::test_x[1]", P, duration=50.0),))
    assert not compare(now, read_baseline(tmp_path), tmp_path).slower


def test_read_baseline__what_failed_in_one_shard_failed(tmp_path: Path) -> None:
    for shard, status in (("1", P), ("2", F), ("3", P)):
        (tmp_path / shard).mkdir()
        write_ctrf(run_of({"a.py::test_x": status}), tmp_path / shard / "report.json", "x")
    assert read_baseline(tmp_path)["a.py::test_x"].status is F


def test_compare__words_differ_in_passing(tmp_path: Path) -> None:
    """Addresses and times are another in each run."""
    write_ctrf(run_of({"a.py::test_x[1]": (F, "<Order at 0x7f01aa>")}), tmp_path / "report.json", "x")
    (tmp_path / "a.py").write_text("def test_x")
    now = run_of({"a.py::test_x[one]": (F, "<Order at 0x7f99ff>")})
    assert not compare(now, read_baseline(tmp_path / "report.json"), tmp_path).newly_failing
