"""The Prefect fixtures, from outside."""

import os
import select
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipeproof.environments.prefect.server import template

CACHE = template.cache_folder()


@pytest.fixture(autouse=True)
def _one_template(monkeypatch):
    """pytester gives each run a home of its own; the migrated database need not be made in each.

    A server that is in force here is not to be in force there.
    """
    monkeypatch.setenv("PIPEPROOF_CACHE_DIR", str(CACHE))
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)


FLOWS = """
    import pytest
    from prefect import flow, task

    @task(retries=2, retry_delay_seconds=60)
    def load(rows):
        return rows * 2

    @flow
    def nightly(rows=1, day="monday"):
        return load(rows)
"""

PROFILES = """\
active = "production"

[profiles.production]
PREFECT_API_URL = "http://127.0.0.1:9/production"
PREFECT_API_KEY = "production"
"""


def test_run_flow__what_a_task_starts_is_on_its_axis_of_time(pytester):
    """An execution after a retry's hour of waiting lies after that hour, as the task that started it does."""
    pytester.makepyfile(
        """
        import json, pytest
        from prefect import flow, task
        from pipeproof.plugin.evidence import RECORDS
        from pipeproof.report.graphs import find_timeline
        from pipeproof.results.model import Run, Status, TestResult

        tries = []

        def test_nightly(run_flow, state_machine, request):
            machine = state_machine({"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 30, "End": True}}})

            @task(retries=1, retry_delay_seconds=3600)
            def order():
                tries.append(1)
                if len(tries) == 1:
                    raise ValueError("not yet")
                machine.run({})

            @flow
            def nightly():
                order()

            machine.run({})
            run_flow(nightly)
            evidence = tuple(request.node.stash[RECORDS])
            timeline = find_timeline(Run((TestResult("t", None, None, Status.PASSED, evidence=evidence),)))
            (execution,) = [bar for bar in timeline.bars if bar.origin == "execution"]
            last = [bar for bar in timeline.bars if bar.state in ("Running", "Retrying")][-1]
            assert execution.start == last.start >= 3_600_000
            assert execution.end - execution.start == 30_000
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_run_flow__evidence(pytester):
    """Each flow run is a record of the report: parameters by name, states with times, task runs, retries.

    A flow's function that is called, by itself, before any test has asked for a server gets one too.
    """
    pytester.makeconftest(
        """
        import json, pytest
        from pipeproof.plugin.evidence import RECORDS

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport(item, call):
            if call.when == "call":
                print("EVIDENCE", json.dumps(item.stash.get(RECORDS, [])))
            return (yield)
        """
    )
    pytester.makepyfile(
        FLOWS
        + """
    def test_call(call_fn):
        from prefect.settings import PREFECT_API_URL

        assert PREFECT_API_URL.value() is None
        assert call_fn(nightly, 2) == 4
        assert PREFECT_API_URL.value().startswith("http://127.0.0.1:")

    def test_it(run_flow):
        run_flow(nightly, 4)
    """
    )
    result = pytester.runpytest_subprocess("-s")
    result.assert_outcomes(passed=2)
    (line,) = [line for line in result.outlines if "EVIDENCE" in line and "nightly" in line]
    for expected in (
        '"kind": "prefect.flow_run"',
        '"flow": "nightly"',
        '"parameters": {"rows": "4", "day": "\'monday\'"}',
        '"state": {"type": "COMPLETED"',
        '"task": "load"',
        '"attempts": 1, "retries": 0',
    ):
        assert expected in line


def test_prefect_server__writes_are_undone(pytester, monkeypatch):
    """Nothing of a test reaches the next one: variables, runs, cached results; a module's fixture stays in force.

    Nor does anything reach the user's own server, folder and profiles, whatever these say.
    """
    home = pytester.path / ".prefect"
    home.mkdir()
    home.joinpath("profiles.toml").write_text(PROFILES)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/the-users")
    monkeypatch.setenv("PREFECT_API_KEY", "the-users")
    pytester.makepyfile(
        """
        import os
        import pytest
        from prefect import flow, task
        from prefect.cache_policies import INPUTS
        from prefect.settings import PREFECT_TASK_DEFAULT_RETRIES, get_current_settings, temporary_settings
        from prefect.variables import Variable

        calls, addresses, entered = [], set(), []

        @task(cache_policy=INPUTS, persist_result=True)
        def fetch(key):
            calls.append(key)
            return key

        @flow(persist_result=True)
        def fetches():
            Variable.set("mine", "set by a test")
            return fetch("a")

        @pytest.fixture(scope="module")
        def shared(prefect_server):
            Variable.set("shared", 1)

        @pytest.mark.parametrize("turn", [1, 2])
        def test_flow(run_flow, prefect_server, shared, turn):
            addresses.add(prefect_server.api_url)
            assert Variable.get("shared") == 1
            assert Variable.get("mine") is None
            run_flow(fetches)
            with prefect_server.client() as client:
                assert len(client.read_flow_runs()) == 1
            assert (len(calls), len(addresses)) == (turn, 1)

        def test_fresh(run_flow, fresh_prefect_server, prefect_server, shared):
            assert fresh_prefect_server.api_url != prefect_server.api_url
            assert Variable.get("shared") is None
            run_flow(fetches)

        def test_session_after_fresh(run_flow, shared):
            assert (Variable.get("shared"), Variable.get("mine")) == (1, None)

        def test_settings_are_changed(request, run_flow):
            entered.append(temporary_settings({PREFECT_TASK_DEFAULT_RETRIES: 2}))
            entered[-1].__enter__()
            os.environ["PREFECT_API_URL"] = "http://127.0.0.1:9/api"
            os.environ["PREFECT_OF_A_TEST"] = "yes"

        def test_settings_are_changed_on_a_fresh_server(fresh_prefect_server):
            assert PREFECT_TASK_DEFAULT_RETRIES.value() == 0
            assert "PREFECT_OF_A_TEST" not in os.environ
            entered.append(temporary_settings({PREFECT_TASK_DEFAULT_RETRIES: 3}))
            entered[-1].__enter__()
            os.environ["PREFECT_OF_A_TEST"] = "yes"

        def test_settings_are_as_before(run_flow):
            assert PREFECT_TASK_DEFAULT_RETRIES.value() == 0
            assert "PREFECT_OF_A_TEST" not in os.environ

        def test_session_is_not_the_users(prefect_server):
            settings = get_current_settings()
            assert settings.api.url == prefect_server.api_url == os.environ["PREFECT_API_URL"]
            assert settings.api.key is None
            assert not os.environ["PREFECT_API_KEY"]
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=8)
    assert [path.name for path in home.iterdir()] == ["profiles.toml"]
    assert home.joinpath("profiles.toml").read_text() == PROFILES


def test_run_flow__failure_shows_the_users_line(pytester):
    """A failure is shown with the line that raised, and annotated there; fail() and skip() in a flow count.

    pipeproof's own frames are hidden.
    """
    pytester.makeconftest(
        """
        import pytest
        from pathlib import Path
        from pipeproof.plugin.places import place_of_failure

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport(item, call):
            if call.when == "call" and call.excinfo.type.__name__ == "FlowFailed":
                line = place_of_failure(call.excinfo.value, Path.cwd()).line
                source = item.path.read_text().splitlines()[line - 1]
                print(f"PLACE {item.name}: {source.strip()}")
            return (yield)
        """
    )
    pytester.makepyfile(
        """
        import pytest
        from prefect import flow, task

        @task
        def parse(row):
            return int(row)  # the line at fault

        @task
        async def parse_later(row):
            return int(row)  # the line at fault, later

        @flow
        def nightly():
            return parse("x")

        @flow
        async def later():
            return await parse_later("x")

        @flow
        def upstream():
            return parse.submit(parse.submit("x"))

        @flow
        def subflow():
            return nightly()

        @flow
        def skips():
            pytest.skip("not today")

        def test_fails(run_flow):
            run_flow(nightly)

        @pytest.mark.parametrize("flow", [later, upstream, subflow], ids=lambda flow: flow.name)
        def test_fails_too(run_flow, flow):
            run_flow(flow)

        def test_skips(run_flow):
            run_flow(skips)
        """
    )
    result = pytester.runpytest_subprocess("--show-capture=no", "-s")
    result.assert_outcomes(failed=4, skipped=1)
    result.stdout.fnmatch_lines(["*return int(row)  # the line at fault*", "*ValueError: invalid literal*"])
    result.stdout.fnmatch_lines(["*FlowFailed: flow 'nightly' ended in state Failed*"])
    result.stdout.no_fnmatch_line("*pipeproof/environments/prefect*")
    assert sorted(line.partition("PLACE ")[2] for line in result.outlines if "PLACE" in line) == [
        "test_fails: return int(row)  # the line at fault",
        "test_fails_too[later]: return int(row)  # the line at fault, later",
        "test_fails_too[subflow]: return int(row)  # the line at fault",
        "test_fails_too[upstream]: return int(row)  # the line at fault",
    ]


def test_prefect_server__one_a_worker(pytester):
    """Under xdist each worker has a server of its own, and all end with the run."""
    pytester.makepyfile(
        test_one="def test_it(prefect_server): open('one', 'w').write(prefect_server.api_url)",
        test_two="def test_it(prefect_server): open('two', 'w').write(prefect_server.api_url)",
    )
    pytester.runpytest_subprocess("-n2", "--dist=loadfile").assert_outcomes(passed=2)
    addresses = {(pytester.path / name).read_text() for name in ("one", "two")}
    assert len(addresses) == 2
    assert not any(listens(address) for address in addresses)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd_open to wait for a process of others")
def test_prefect_server__ends_when_pytest_is_killed(pytester):
    """However pytest ends, `kill -9` included, the fork server and its servers end, and their folder goes.

    It was started while pytest collected.
    """
    pytester.makepyfile(
        """
        import os
        from pipeproof.environments.prefect.server import launcher

        started_while_collecting = bool(launcher._started)

        def test_it(prefect_server):
            assert started_while_collecting
            prefect_server.api_url
            folder = launcher.start().folder
            print("STARTED", launcher.start()._process.pid, folder, flush=True)
            os.kill(os.getpid(), 9)
        """
    )
    result = pytester.runpytest_subprocess("-s")
    assert result.ret == -signal.SIGKILL
    (line,) = [line for line in result.outlines if "STARTED" in line]
    pid, folder = line.split()[-2:]
    try:
        descriptor = os.pidfd_open(int(pid))
    except ProcessLookupError:
        pass
    else:
        gone, _, _ = select.select([descriptor], [], [], 30)
        os.close(descriptor)
        assert gone
    assert not Path(folder).exists()


def test_call_fn__settings_are_put_back(pytester):
    """What a test with `call_fn` alone changes of settings is undone, whether it makes the server start or not.

    The server that it makes start stays in force, without the settings of that test.
    """
    pytester.makepyfile(
        """
        import os
        from prefect import flow, task
        from prefect.settings import PREFECT_API_URL, PREFECT_TASK_DEFAULT_RETRIES, temporary_settings

        entered = []

        @task
        def retries():
            return PREFECT_TASK_DEFAULT_RETRIES.value()

        @flow
        def flow_of_retries():
            return retries()

        def change():
            os.environ["PREFECT_OF_A_TEST"] = "yes"
            os.environ["PREFECT_API_KEY"] = "of a test"
            entered.append(temporary_settings({PREFECT_TASK_DEFAULT_RETRIES: 2}))
            entered[-1].__enter__()

        def is_clean():
            of_tests = [os.environ.get(name) for name in ("PREFECT_OF_A_TEST", "PREFECT_API_KEY")]
            return PREFECT_TASK_DEFAULT_RETRIES.value() == 0 and not any(of_tests)

        def test_task(call_fn):
            change()
            assert call_fn(retries) == 2

        def test_after_task(call_fn):
            assert is_clean()
            assert "PREFECT_API_URL" not in os.environ
            with temporary_settings({PREFECT_TASK_DEFAULT_RETRIES: 3}):
                assert call_fn(flow_of_retries) == 3
                assert call_fn(flow_of_retries) == 3
            assert is_clean()
            change()

        def test_after_flow(call_fn):
            assert is_clean()
            assert PREFECT_API_URL.value() == os.environ["PREFECT_API_URL"]
            assert call_fn(flow_of_retries) == 0
            change()

        def test_fixture_of_its_own_choice(request, call_fn):
            request.getfixturevalue("fresh_prefect_server")
            assert call_fn(flow_of_retries) == 0
            change()

        def test_server(run_flow, prefect_server):
            assert is_clean()
            assert prefect_server.api_url == PREFECT_API_URL.value() == os.environ["PREFECT_API_URL"]
            assert run_flow(flow_of_retries).value == 0
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=5)


def test_prefect_server__flow_in_a_thread(pytester):
    """A flow that a test leaves behind in a thread is waited for, so that its writes are undone with the test's."""
    pytester.makepyfile(
        """
        import threading
        import pytest
        from prefect import flow
        from prefect.settings import PREFECT_API_URL
        from prefect.variables import Variable

        addresses, threads = [], []

        @flow
        def late(started, finish):
            started.set()
            finish.wait(30)
            Variable.set("late", 1)
            addresses.append(PREFECT_API_URL.value())

        def leave():
            started, finish = threading.Event(), threading.Event()
            threads.append(threading.Thread(target=late, args=(started, finish)))
            threads[-1].start()
            started.wait(30)
            threading.Timer(0.2, finish.set).start()

        def test_leaves(prefect_server):
            leave()

        def test_next(prefect_server):
            threads.pop().join()
            assert addresses.pop() == prefect_server.api_url
            assert Variable.get("late") is None

        def test_leaves_on_a_fresh_server(fresh_prefect_server):
            addresses.append(fresh_prefect_server.api_url)
            leave()

        def test_next_but_one():
            threads.pop().join()
            assert addresses.pop() == addresses.pop()
        """
    )
    strict = "-Werror::pipeproof.environments.prefect.runs.threads.FlowLeftBehindWarning"
    pytester.runpytest_subprocess(strict).assert_outcomes(passed=4)


def test_run_flow__server_ends(pytester):
    """A test whose server is killed says so; the next one has a new server, with what the module's fixtures wrote."""
    pytester.makepyfile(
        """
        import os
        import pytest
        from prefect import flow
        from prefect.exceptions import PrefectHTTPStatusError
        from prefect.variables import Variable

        @flow
        def kills(server):
            os.kill(server._backend._pid, 9)

        @flow
        def reads():
            return Variable.get("shared")

        @pytest.fixture(scope="module")
        def shared(prefect_server):
            Variable.set("shared", 1)

        def test_kills(run_flow, prefect_server, shared):
            run_flow(kills, prefect_server)

        def test_after(run_flow, prefect_server, shared):
            assert run_flow(reads).value == 1

        def test_kills_fresh(run_flow, fresh_prefect_server):
            run_flow(kills, fresh_prefect_server)

        def test_fresh_after(run_flow, fresh_prefect_server):
            assert run_flow(reads).value is None

        def test_kills_outside_flows(prefect_server):
            os.kill(prefect_server._backend._pid, 9)
            with pytest.raises(PrefectHTTPStatusError, match="SIGKILL"):
                Variable.get("shared")

        def test_after_all(run_flow, shared):
            assert run_flow(reads).value == 1
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=4, failed=2)
    told = [line for line in result.outlines if line.startswith("E ") and "ServerEndedError" in line]
    assert [line.partition("ServerEndedError: ")[2] for line in told] == [
        "Prefect's test server ended: it was killed by SIGKILL"
    ] * 2


def test_no_prefect_fixture__costs_nothing(pytester):
    """A suite that uses none of the fixtures imports neither Prefect nor what starts servers."""
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert not [name for name in sys.modules if name == "prefect" or "environments.prefect.server" in name]
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def listens(address):
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname, parts.port)).close()
    except ConnectionRefusedError:
        return False
    return True
