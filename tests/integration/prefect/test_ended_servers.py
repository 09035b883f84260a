"""A server that ends while it is in use: who uses it is told at once, and the next test has a new one."""

import os
import signal
import threading

import pytest
from prefect import flow, get_client, task
from prefect.exceptions import PrefectHTTPStatusError
from prefect.variables import Variable

from pipeproof.environments.prefect.runs.flow_runs import run_flow
from pipeproof.environments.prefect.server import launcher
from pipeproof.environments.prefect.server.prefect_server import open_server
from pipeproof.environments.prefect.server.stand_in import ServerEndedError


@pytest.fixture
def server():
    with open_server() as opened:
        yield opened


def process_of(server):
    return server._backend._pid


@task
def kill(pid, number):
    os.kill(pid, number)


@flow
def killing(pid, number=signal.SIGKILL):
    kill(pid, number)


@flow
def whole():
    return 1


@flow
async def killing_later(pid):
    os.kill(pid, signal.SIGKILL)
    await Variable.aget("anything")


@pytest.mark.parametrize("flow", [killing, killing_later], ids=lambda flow: flow.name)
def test_run_flow__server_is_killed(server, flow):
    """The flow ends with the reason, whatever its own exception, and a server of the checkpoint takes its place."""
    address = server.api_url
    Variable.set("kept", 1)
    server.checkpoint()
    Variable.set("undone", 1)
    with pytest.raises(ServerEndedError, match=r"^Prefect's test server ended: it was killed by SIGKILL\n  ") as caught:
        run_flow(flow, (process_of(server),), {})
    assert caught.value.__cause__ is None
    server.restore()
    assert server.api_url == address
    assert (Variable.get("kept"), Variable.get("undone")) == (1, None)
    assert run_flow(whole, (), {}).value == 1


def test_run_flow__server_is_gone_before(server):
    """Whoever asks is answered by what stands in its place: requests neither wait nor are tried again."""
    os.kill(process_of(server), signal.SIGKILL)
    with pytest.raises(ServerEndedError, match="killed by SIGKILL"):
        run_flow(whole, (), {})
    with (
        pytest.raises(PrefectHTTPStatusError, match="Prefect's test server ended"),
        get_client(sync_client=True) as asks,
    ):
        asks.read_flows()
    server.checkpoint()
    assert run_flow(whole, (), {}).value == 1


def test_run_flow__server_ends_with_an_open_request(server):
    """A request that the server has taken and not answered does not wait for its timeout."""
    pid = process_of(server)
    os.kill(pid, signal.SIGSTOP)
    killer = threading.Timer(0.1, os.kill, (pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(ServerEndedError, match="SIGKILL"):
        run_flow(whole, (), {})
    killer.join()


def test_checkpoint__tells_what_is_lost(server):
    """A warning says why what fixtures wrote is missing, if the server ended before a checkpoint held it."""
    Variable.set("lost", 1)
    os.kill(process_of(server), signal.SIGKILL)
    with pytest.raises(ServerEndedError):
        run_flow(whole, (), {})
    with pytest.warns(UserWarning, match="killed by SIGKILL: what was written to it since the last test is lost"):
        server.checkpoint()
    assert Variable.get("lost") is None


def test_run_flow__servers_log_is_told():
    """The error ends with what the server has said, and with nothing that others had said before."""
    log = launcher.start().folder / "forkserver.log"

    def say(text):
        with log.open("a") as file:
            file.write(f"{text}\n")

    say("another server's words")
    with open_server() as server:
        say("MemoryError: 3 GB")
        with pytest.raises(ServerEndedError, match=r"killed by SIGABRT\n    MemoryError: 3 GB\n") as caught:
            run_flow(killing, (process_of(server), signal.SIGABRT), {})
    assert "another" not in str(caught.value)


def run_until_ended(process):
    """Kill the fork server, and run flows until its servers have ended too, some milliseconds after it."""
    process.kill()
    for _ in range(100):
        run_flow(whole, (), {})


def test_run_flow__fork_server_is_killed():
    """All servers end with the fork server; they and it are replaced."""
    with open_server() as outer:
        Variable.set("kept", 1)
        outer.checkpoint()
        process = launcher.start()._process
        with (
            open_server(),
            pytest.raises(ServerEndedError, match="the process that it came from was killed by SIGKILL"),
        ):
            run_until_ended(process)
        outer.restore()
        assert Variable.get("kept") == 1
        with open_server():
            assert run_flow(whole, (), {}).value == 1
