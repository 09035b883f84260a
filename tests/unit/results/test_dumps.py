"""Where the interpreter was when it ended."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.results.dumps import DumpReader, place_crashes
from pipeproof.results.model import Failure, Run, Status, TestResult

STACK = """\
tests/test_it.py ..Fatal Python error: Segmentation fault

Thread 0x00007f1 [pool] (most recent call first):
  File "{ws}/shop/pool.py", line 9 in wait
  File "{ws}/tests/test_it.py", line 3 in test_crashes

Current thread 0x00007f2 (most recent call first):
  File "/usr/lib/python3.13/ctypes/__init__.py", line 514 in string_at
  File "{ws}/shop/native.py", line 7 in read
[gw1] node down: Not properly terminated
  File "{ws}/tests/test_it.py", line 12 in test_crashes
  File "/venv/lib/python3.13/site-packages/_pytest/python.py", line 157 in pytest_pyfunc_call

Extension modules: _time_machine, yaml._yaml (total: 2)
"""


def crashed(name: str = "test_crashes[1]") -> TestResult:
    failure = Failure("crash", "", "the test process ended (SIGSEGV)", file="tests/test_it.py", line=10)
    return TestResult(f"tests/test_it.py::{name}", "tests/test_it.py", 10, Status.ERROR, failures=(failure,))


def read(text: str) -> DumpReader:
    reader = DumpReader()
    reader.feed(text.encode())
    return reader


def place(result: TestResult, text: str, workspace: Path) -> Failure:
    run = place_crashes(Run(results=(result,)), read(text).dumps, workspace)
    return run.results[0].failures[0]


def test_crash__stands_on_the_users_line_that_ran_last(tmp_path: Path) -> None:
    failure = place(crashed(), STACK.format(ws=tmp_path), tmp_path)
    assert (failure.file, failure.line) == ("shop/native.py", 7)
    assert failure.message == "the test process ended (SIGSEGV): Segmentation fault"
    assert failure.traceback.splitlines()[1:] == [
        f'  File "{tmp_path}/tests/test_it.py", line 12, in test_crashes',
        f'  File "{tmp_path}/shop/native.py", line 7, in read',
        '  File "/usr/lib/python3.13/ctypes/__init__.py", line 514, in string_at',
        "Fatal Python error: Segmentation fault",
    ]


def test_crash__whose_stack_is_anothers__stays_on_its_definition(tmp_path: Path) -> None:
    failure = place(crashed("test_other"), STACK.format(ws=tmp_path), tmp_path)
    assert (failure.file, failure.line) == ("tests/test_it.py", 10)


def test_crashes__of_two_workers__have_their_own_stacks(tmp_path: Path) -> None:
    text = STACK.format(ws=tmp_path)
    second = STACK.replace("in test_crashes", "in test_other").replace("line 7", "line 8").format(ws=tmp_path)
    run = place_crashes(Run(results=(crashed("test_other"), crashed())), read(text + second).dumps, tmp_path)
    assert [result.failures[0].line for result in run.results] == [8, 7]


def test_other_failures__stay_where_they_are(tmp_path: Path) -> None:
    failure = Failure("call", "AssertionError", "no", file="tests/test_it.py", line=11)
    result = TestResult("tests/test_it.py::test_crashes", "tests/test_it.py", 10, Status.FAILED, failures=(failure,))
    assert place(result, STACK.format(ws=tmp_path), tmp_path) == failure


@given(st.lists(st.integers(1, 200), max_size=20))
def test_reader__takes_pieces_of_any_length(cuts: list[int]) -> None:
    data = b"before\n" + STACK.encode()
    reader = DumpReader()
    for cut in cuts:
        reader.feed(data[:cut])
        data = data[cut:]
    reader.feed(data)
    assert [frame.line for frame in reader.dumps[0].frames] == [514, 7, 12, 157]


@pytest.mark.parametrize("text", ["Fatal Python error: \n", "Fatal error\n", 'File "a", line 1 in b\n'])
def test_reader__finds_nothing_in_what_only_looks_alike(text: str) -> None:
    assert read(text).dumps == []
