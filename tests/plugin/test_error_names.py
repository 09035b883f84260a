"""What pytest's short summary calls our errors."""

import pytest

SUITE = """
import pytest

MACHINE = {"StartAt": "Broken", "States": {"Broken": {"Type": "Fail", "Error": "Bad", "Cause": "on purpose"}}}

def test_machine(state_machine):
    state_machine(MACHINE).run()

def test_mock(state_machine):
    state_machine({"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish",
        "End": True}}}).run()

def test_dbt():
    from pipeproof.environments.dbt.errors import DbtDifferenceError
    raise DbtDifferenceError("rows differ")

def test_flow():
    from pipeproof.environments.prefect.server.stand_in import ServerEndedError
    raise ServerEndedError("the server has ended")
"""


@pytest.mark.parametrize("arguments", [[], ["-n", "1"]], ids=["alone", "xdist"])
def test_summary__names_an_error_as_it_is_imported(pytester, arguments):
    pytester.makepyfile(test_it=SUITE)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED test_it.py::test_machine - pipeproof.ExecutionFailed: *",
            "FAILED test_it.py::test_mock - pipeproof.TaskNotHandled: *",
            "FAILED test_it.py::test_dbt - pipeproof.DbtDifferenceError: rows differ",
            "FAILED test_it.py::test_flow - pipeproof.ServerEndedError: the server has ended",
        ]
    )
    result.stdout.fnmatch_lines(["E *pipeproof.ExecutionFailed: *"])
    result.stdout.no_fnmatch_line("*pipeproof.*.errors.*Failed: *")
