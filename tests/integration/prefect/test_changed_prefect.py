"""A version of Prefect that has changed inside: what depends on that is lost, with a warning; all else works."""

import warnings

import pytest
from changes import called, forgotten, give_other_parameters, hide, said
from prefect import flow, task, task_runners
from prefect.settings import PREFECT_API_URL

import pipeproof
from pipeproof.environments.prefect.importing import empty_profile
from pipeproof.environments.prefect.internals import touched
from pipeproof.environments.prefect.internals.touched import PREFECT, PrefectInternalsWarning
from pipeproof.environments.prefect.runs.calls import call_fn
from pipeproof.environments.prefect.runs.flow_runs import outcome, run_flow
from pipeproof.environments.prefect.runs.threads import flows_awaited
from pipeproof.environments.prefect.server import launcher, prefect_server
from pipeproof.environments.prefect.server.keeping import settings_kept
from pipeproof.environments.prefect.server.launcher import ForkServerError, Launcher
from pipeproof.environments.prefect.server.prefect_server import open_server

SERVERS = (touched.SERVER_CLOCK, touched.SERVER)
"""Without these there is no server of pipeproof's."""

SERVER_SPEED = [
    hook
    for hook in (
        *touched.FASTAPI.hooks,
        *touched.AIOSQLITE.hooks,
        touched.DISK,
        touched.TASK_RUNS,
        touched.EVENTS,
        touched.INTAKE,
    )
    if hook.wanted
]
RESTING = (touched.QUEUES, touched.SYNC_PAUSES, touched.FUTURES)
"""These are touched where `REQUESTS`, `PAUSES` and `CLOCK` are."""

ABSENT = () if hasattr(task_runners, "ProcessPoolTaskRunner") else (touched.PROCESSES,)
"""What early versions of Prefect lack: nothing is lost there."""

SPEED = [hook for hook in PREFECT.hooks if hook.speed and hook.wanted and hook not in SERVER_SPEED]
NEEDED = [
    hook
    for hook in (*PREFECT.hooks, *touched.ALWAYS.hooks)
    if not hook.speed and hook.wanted and hook not in (*SERVERS, touched.TEMPORARY_SERVERS, *ABSENT)
]


@pytest.fixture(autouse=True)
def _forgotten():
    with forgotten(PREFECT, touched.ALWAYS, touched.AIOSQLITE, touched.FASTAPI):
        yield


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


def users_test():
    """What a user's test does with the fixtures."""
    with empty_profile():
        pass
    with settings_kept(), open_server() as server, flows_awaited():
        assert PREFECT_API_URL.value() == server.api_url
        result = run_flow(halve, ([4],), {})
        assert call_fn(half, 4) == 2
        return result.value, described(result)


def run_users_test():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert users_test() == ([2], HALVED)
    return said(caught)


def assert_lost(texts, hooks):
    """There is one warning for each hook, which says what is lost, and by what."""
    assert len(texts) == len(hooks)
    for hook in hooks:
        assert any(hook.without in text and hook.names[0].place in text for text in texts), texts


@pytest.mark.parametrize("hook", [pytest.param(hook, id=hook.names[0].place) for hook in NEEDED])
def test_names_are_gone(monkeypatch, hook):
    """A flow runs all the same and its result is right; one warning says what is lost, and by what."""
    hide(monkeypatch, *hook.names)
    assert_lost(run_users_test(), [other for other in NEEDED if {*other.names} & {*hook.names}])


def test_names_are_gone__that_are_there_for_speed(monkeypatch):
    hide(monkeypatch, *(name for hook in SPEED for name in hook.names))
    assert_lost(run_users_test(), [hook for hook in SPEED if hook not in RESTING])


def test_parameters_have_changed(monkeypatch):
    """Of everything that is called, all at once; of what rests on something else that one's warning tells."""
    hooks = [hook for hook in (*NEEDED, *SPEED) if called(hook)]
    give_other_parameters(monkeypatch, *(name for hook in hooks for name in called(hook)))
    texts = run_users_test()
    assert sorted(hook.without for hook in hooks if hook not in RESTING) == sorted(
        next(hook.without for hook in hooks if hook.without in text) for text in texts
    )


def test_nothing_has_changed():
    """No warning is given with the Prefect that is installed, in a second test neither."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", PrefectInternalsWarning)
        assert users_test() == users_test() == ([2], HALVED)


def test_names_are_gone__said_once(monkeypatch):
    """A second flow, or server, does not say it again."""
    hide(monkeypatch, touched.CLOCK.names[0])
    with pytest.warns(PrefectInternalsWarning) as caught:
        assert users_test() == users_test()
    assert len(said(caught)) == 1


def fail_without_engine():
    with open_server():
        result = run_flow(halve, ([3],), {"check": False})
        return result, result.artifacts, run_flow(pages, (), {})


def test_names_are_gone__engine(monkeypatch):
    """Failures, retries, generators and artifacts are told by the server too."""
    hide(monkeypatch, touched.ENGINES.names[0])
    with pytest.warns(PrefectInternalsWarning, match="from the server"):
        result, artifacts, paged = fail_without_engine()
    assert (result.state.name, artifacts, paged.value) == ("Failed", [], [0, 1])
    assert [(run.failed, run.attempts) for run in result.task_runs["half"]] == [(True, 2)]
    with pytest.raises(pipeproof.FlowFailed, match=r"half \(half-") as caught:
        outcome(result)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


_CHANGE = """
from pipeproof.patching import names
look_up, places = names.look_up, {places!r}
def changed(place):
    if place in places:
        raise AttributeError(place)
    return look_up(place)
names.look_up = changed
"""


@pytest.fixture
def hide_in_fork_server(monkeypatch):
    """Start fork servers in which names are gone."""

    def hide_names(*hooks):
        places = [hook.names[0].place for hook in hooks]
        run = f"exec({_CHANGE.format(places=places)!r}); "
        monkeypatch.setattr(launcher, "_RUN", run + launcher._RUN)
        monkeypatch.setattr(launcher, "_started", {})

    yield hide_names
    for started in launcher._started.values():
        started.close()


def test_fork_server__names_are_gone(hide_in_fork_server):
    """A slower server serves, and the tests' process says why."""
    hide_in_fork_server(*SERVER_SPEED)
    texts = run_users_test()
    assert len(texts) == len(SERVER_SPEED)
    assert all(any(hook.names[0].place in text for text in texts) for hook in SERVER_SPEED)


@pytest.mark.parametrize("hook", [pytest.param(hook, id=hook.names[0].place) for hook in SERVERS])
def test_fork_server__cannot_be_made(hide_in_fork_server, hook):
    """Prefect's own harness stands in then, which `test_servers` tests."""
    hide_in_fork_server(hook)
    with pytest.raises(ForkServerError, match=f"{hook.names[0].place} is gone"), Launcher.started() as made:
        made.wait_ready()


def test_patches__needed_ones_alone(monkeypatch):
    """Nothing is warned of, as nothing has changed; the fork server of the session was made with all patches."""
    monkeypatch.setenv("PIPEPROOF_PATCHES", "needed")
    assert run_users_test() == []


def test_patches__none__is_prefects_own_harness_without_a_warning(monkeypatch):
    def harness():
        raise ZeroDivisionError

    monkeypatch.setenv("PIPEPROOF_PATCHES", "none")
    monkeypatch.setattr(prefect_server, "stock", harness)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        with pytest.raises(ZeroDivisionError), open_server():
            raise AssertionError("another server has come in force")
