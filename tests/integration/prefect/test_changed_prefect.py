"""A version of Prefect that has changed inside: what depends on that is lost, with a warning; all else works."""

import warnings
from importlib import import_module
from types import ModuleType

import pytest
from prefect import flow, task
from prefect.settings import PREFECT_API_URL

import pipeproof
from pipeproof.environments.prefect.internals import patching
from pipeproof.environments.prefect.internals.client import hooks, timing
from pipeproof.environments.prefect.internals.client import settings as client
from pipeproof.environments.prefect.internals.patching import PrefectInternalsWarning
from pipeproof.environments.prefect.runs.calls import call_fn
from pipeproof.environments.prefect.runs.flow_runs import outcome, run_flow
from pipeproof.environments.prefect.server import prefect_server
from pipeproof.environments.prefect.server.prefect_server import open_server


@pytest.fixture
def hide(monkeypatch):
    """Hides a name of a module, or the module, from pipeproof alone."""
    hidden = {}

    def module(name):
        if name not in hidden:
            return import_module(name)
        if hidden[name] is None:
            raise ImportError(f"no module {name}")
        without = ModuleType(name)
        vars(without).update({key: value for key, value in vars(import_module(name)).items() if key != hidden[name]})
        vars(without).pop("__getattr__", None)  # some of Prefect's modules find their names by it
        return without

    monkeypatch.setattr(patching, "_told", set())
    for room in (client, hooks, timing):
        monkeypatch.setattr(room, "module", module)
    return hidden.__setitem__


@task(retries=1)
def half(number):
    return number / (number != 3 and 2)


@flow(name="halves")
def halve(numbers, check=True):
    states = [half(number, return_state=True) for number in numbers]
    return [state.result() for state in states] if check else states[0]


@flow
def pages():
    yield from range(2)


def described(result):
    """The run's name and end, and those of its task runs; how they began is told in more or less detail."""
    runs = [(run.state.name, run.attempts, [state.name for state in run.states]) for run in result.task_runs["half"]]
    return result.flow_name, [state.name for state in result.states][-2:], [(*run[:2], run[2][-2:]) for run in runs]


HALVED = ("halves", ["Running", "Completed"], [("Completed", 1, ["Running", "Completed"])])


def run_one():
    with open_server() as server:
        assert PREFECT_API_URL.value() == server.api_url
        result = run_flow(halve, ([4],), {})
        assert call_fn(half, 4) == 2
        return result.value, described(result)


@pytest.mark.parametrize(
    ("module", "name", "loss"),
    [
        ("prefect.flow_engine", "FlowRunEngine", "results are read from the server"),
        ("prefect.task_engine", "AsyncTaskRunEngine", "results are read from the server"),
        ("prefect.task_runners", "TaskRunner", "Dask, Ray"),
        ("prefect.types._datetime", "now", "retry delays are slept"),
        ("prefect.client.base", None, "retry delays are slept"),
        ("prefect.flow_runs", "propose_state", "a flow that pauses waits"),
        ("prefect.context", "GLOBAL_SETTINGS_CONTEXT", "asynchronous tests may not see the test server"),
        ("prefect._internal.concurrency.services", "_QueueServiceBase", "events and logs that are still queued"),
        ("prefect.main", None, "may not reach `caplog`"),
        ("prefect.logging.loggers", "get_run_logger", "`get_run_logger()` does not work in `call_fn`"),
    ],
)
def test_internals__name_is_gone(hide, module, name, loss):
    """A flow runs all the same and its result is right; a warning says what is lost, and by what."""
    hide(module, name)
    with pytest.warns(PrefectInternalsWarning) as caught:
        assert run_one() == ([2], HALVED)
    (said,) = [str(warning.message) for warning in caught if loss in str(warning.message)]
    assert (name or module) in said


def test_internals__nothing_is_gone(hide):
    """No warning is given with the Prefect that is installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", PrefectInternalsWarning)
        assert run_one() == ([2], HALVED)


def test_internals__said_once(hide):
    """A second flow, or server, does not say it again."""
    hide("prefect.types._datetime", "now")
    with pytest.warns(PrefectInternalsWarning) as caught:
        assert run_one() == run_one()
    assert len([warning for warning in caught if warning.category is PrefectInternalsWarning]) == 1


def fail_without_engine():
    with open_server():
        result = run_flow(halve, ([3],), {"check": False})
        return result, result.artifacts, run_flow(pages, (), {})


def test_internals__engine_is_gone(hide):
    """Failures, retries, generators and artifacts are told by the server too."""
    hide("prefect.flow_engine", None)
    with pytest.warns(PrefectInternalsWarning, match="from the server"):
        result, artifacts, paged = fail_without_engine()
    assert (result.state.name, artifacts, paged.value) == ("Failed", [], [0, 1])
    assert [(run.failed, run.attempts) for run in result.task_runs["half"]] == [(True, 2)]
    with pytest.raises(pipeproof.FlowFailed, match=r"half \(half-") as caught:
        outcome(result)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_patches__needed_ones_alone(monkeypatch):
    """Nothing is warned of, as nothing has changed; the fork server of the session was made with all patches."""
    monkeypatch.setenv("PIPEPROOF_PATCHES", "needed")
    with warnings.catch_warnings():
        warnings.simplefilter("error", PrefectInternalsWarning)
        assert run_one() == ([2], HALVED)


def test_patches__none__is_prefects_own_harness_without_a_warning(monkeypatch):
    def harness():
        raise ZeroDivisionError

    monkeypatch.setenv("PIPEPROOF_PATCHES", "none")
    monkeypatch.setattr(prefect_server, "stock", harness)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        with pytest.raises(ZeroDivisionError), open_server():
            raise AssertionError("another server has come in force")
