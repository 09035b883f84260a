"""What cannot be run is told before anything runs; runs that are not there are told with those that are."""

import pytest
from prefect import flow, task
from prefect.settings import get_current_settings

from pipeproof.environments.prefect.runs.calls import call_fn
from pipeproof.environments.prefect.runs.flow_runs import run_flow
from pipeproof.environments.prefect.runs.results import RunNameError, RunsByName
from pipeproof.environments.prefect.runs.targets import FlowParametersError, TargetError
from pipeproof.errors import PipeproofError


@task
def load(path):
    return path


@flow
def nightly(rows: int, day="monday"):
    return rows


@flow
async def later():
    return 1


@flow
def checked(check):
    return check


def plain():
    return 1


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (plain, "run_flow takes a flow, and plain is a plain function or class\n  decorate it with @flow"),
        (lambda: 1, "<lambda> is a plain function"),
        (load, r"this is the task 'load'\n  .* call_fn\(load, …\)"),
        (3, r"this is of type int\n  pass the flow itself"),
    ],
    ids=["function", "lambda", "task", "value"],
)
def test_run_flow__not_a_flow(target, message):
    """The error says what it got and what to do."""
    with pytest.raises(TargetError, match=message) as caught:
        run_flow(target, (), {})
    assert isinstance(caught.value, PipeproofError)


def test_run_flow__flow_that_was_called():
    """An asynchronous flow that was called already is a coroutine; it is closed, so that Python does not warn."""
    with pytest.raises(TargetError, match="this is of type coroutine"):
        run_flow(later(), (), {})


@pytest.mark.parametrize(
    ("target", "arguments", "parameters", "message"),
    [
        (
            nightly,
            (),
            {},
            r"missing a required argument: .rows.\n  its signature is nightly\(rows: int, day='monday'\)",
        ),
        (nightly, (1,), {"dya": "sunday"}, r"unexpected keyword argument 'dya'\n.*did you mean day\?"),
        (nightly, (1, "sunday", 2), {}, "too many positional arguments"),
        (nightly, (1,), {"return_state": True}, r"run_flow\(…, check=False\) gives the state"),
        (checked, (), {}, "`check=` is run_flow's own"),
    ],
)
def test_run_flow__wrong_parameters(target, arguments, parameters, message):
    """The error names the flow, what is wrong, and the signature."""
    with pytest.raises(FlowParametersError, match=message) as caught:
        run_flow(target, arguments, parameters)
    assert f"flow {target.name!r}" in str(caught.value)


@pytest.mark.parametrize("target", [3, "load"])
def test_call_fn__not_callable(target):
    with pytest.raises(TargetError, match=f"this is of type {type(target).__name__}"):
        call_fn(target)


def test_runs_by_name__unknown():
    """It is a KeyError that says what there is and what may have been meant."""
    runs = RunsByName("task")
    with pytest.raises(RunNameError, match="no run of a task 'load'\n  there are none at all"):
        runs["load"]
    runs.add("load", 1)
    runs.add("clean", 2)
    with pytest.raises(KeyError, match=r"there are runs of 'load', 'clean'; did you mean 'load'\?") as caught:
        runs["laod"]
    assert isinstance(caught.value, PipeproofError)
    assert (runs.get("laod"), "laod" in runs) == (None, False)


@pytest.mark.skipif(
    not hasattr(get_current_settings().server.api, "max_parameter_size"),
    reason="this version of Prefect takes parameters of any size",
)
def test_run_flow__parameter_is_too_large(prefect_server):
    """Prefect's limit is told with the parameter that goes beyond it."""
    large = "x" * 600_000
    told = r"its parameter 'day' has 600,002 bytes as JSON, and Prefect's server takes 524,288 for all"
    with pytest.raises(FlowParametersError, match=told) as caught:
        run_flow(nightly, (1, large), {})
    assert caught.value.__suppress_context__
