"""New tests are run a few times more, before the run that counts."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from pipeproof.plugin.new_tests import count_runs

COUNTED = """
    import pathlib
    import pytest

    RUNS = pathlib.Path(__file__).with_name("runs.txt")

    def note(word):
        with RUNS.open("a") as file:
            file.write(word + "\\n")
        return RUNS.read_text().split().count(word)

    @pytest.fixture(scope="module")
    def module():
        note("module")
        yield
        note("module-end")

    @pytest.fixture
    def own():
        note("own")

    def test_known():
        note("known")

    class TestNew:
        def test_steady(self, module, own):
            assert not hasattr(self, "seen")
            self.seen = True
            note("steady")

        def test_flaky(self, module):
            assert note("flaky") != 2

    def test_broken():
        note("broken")
        assert 0

    def test_skipped():
        note("skipped")
        pytest.skip("not today")
    """


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[..., Any]:
    def run(*arguments: str, source: str = COUNTED) -> tuple[pytest.RunResult, list[str]]:
        pytester.makepyfile(test_it=source)
        (pytester.path / "known.json").write_text(json.dumps(["test_it.py::test_known"]))
        options = ("--pipeproof-new-tests=3", "--pipeproof-known-tests=known.json", "-p", "no:cacheprovider")
        result = pytester.runpytest_subprocess(*options, *arguments)
        runs = pytester.path / "runs.txt"
        return result, runs.read_text().split() if runs.exists() else []

    return run


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist", "-n", "1"), ("-p", "rerunfailures", "--reruns=1")])
def test_new_tests__are_run_more_often_and_differ_or_do_not(
    arguments: tuple[str, ...], run: Callable[..., Any]
) -> None:
    result, runs = run(*arguments, "-rR")
    counts = {word: runs.count(word) for word in runs}
    reruns = 1 if "--reruns=1" in arguments else 0
    assert counts == {
        "known": 1,
        "steady": 4,
        "own": 4,
        "module": 1,
        "module-end": 1,
        "flaky": 3,
        "broken": 2 + reruns,
        "skipped": 2,
    }
    result.assert_outcomes(passed=3, failed=1, skipped=1)
    result.stdout.fnmatch_lines([f"*{2 + reruns} rerun*"])


def test_new_tests__that_are_nearly_all_are_run_once(run: Callable[..., Any]) -> None:
    source = "import pytest\n@pytest.mark.parametrize('n', range(40))\ndef test_one(n):\n    print('ran')\n"
    result, _ = run("-s", source=source)
    assert result.stdout.str().count("ran") == 40


def test_new_tests__that_are_live_or_have_subtests_are_run_once(run: Callable[..., Any]) -> None:
    source = """
        import unittest
        import pytest

        class TestCase(unittest.TestCase):
            def test_parts(self):
                print("ran")

        @pytest.mark.live
        def test_live():
            print("ran")
        """
    result, _ = run("-s", "--live", source=source)
    assert result.stdout.str().count("ran") == 2


def test_new_tests__each_run_has_its_timeout(run: Callable[..., Any]) -> None:
    """Four runs together take longer than the timeout of one."""
    source = """
        import time

        def test_slow():
            time.sleep(0.4)
        """
    result, _ = run("-p", "timeout", "--timeout=1.2", source=source)
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(("times", "seconds", "runs"), [(4, 1, 4), (4, 10, 2), (4, 60, 1), (4, 999, 1), (1, 10, 1)])
def test_runs__are_fewer_of_slow_tests(times: int, seconds: float, runs: int) -> None:
    assert count_runs(times, seconds) == runs


def test_new_tests__without_a_list_of_the_known_are_refused(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--pipeproof-new-tests=3")
    result.stderr.fnmatch_lines(["*needs --pipeproof-known-tests*"])
