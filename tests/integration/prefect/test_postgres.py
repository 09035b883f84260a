"""A Prefect server on PostgreSQL: a database of its own for each, dropped after it."""

from contextlib import closing
from pathlib import Path

import psycopg2
from prefect import flow, task
from prefect.variables import Variable

from pipeproof.environments.prefect.runs.flow_runs import run_flow
from pipeproof.environments.prefect.server.launcher import Launcher
from pipeproof.environments.prefect.server.prefect_server import open_server


@task(retries=1, retry_delay_seconds=100)
def same(number):
    return number


@flow
def mapped(count):
    return same.map(range(count)).result()


def test_open_server__postgres(postgres_with_trgm, monkeypatch):
    """Flows run; what is written is undone to the checkpoint; servers nest; no database is left."""
    url = postgres_with_trgm

    def databases():
        with closing(psycopg2.connect(url.replace("+asyncpg", ""))) as connection:
            cursor = connection.cursor()
            cursor.execute("select datname from pg_database")
            return {name for (name,) in cursor.fetchall()}

    before = databases()
    with Launcher.started(url) as launcher:
        monkeypatch.setattr("pipeproof.environments.prefect.server.launcher._started", {url: launcher})
        with open_server(url) as server:
            assert len(databases() - before) == 2  # the server's, and the one that it is a copy of
            assert run_flow(mapped, (3,), {}).value == [0, 1, 2]
            Variable.set("kept", 1)
            server.checkpoint()
            Variable.set("undone", 1)
            server.restore()
            assert (Variable.get("kept"), Variable.get("undone")) == (1, None)
            with open_server(url):
                assert Variable.get("kept") is None
            assert Variable.get("kept") == 1
    assert databases() == before


def arguments_of(process):
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # it has ended meanwhile
        return ""


def test_launcher__the_databases_password_is_in_no_process_s_arguments():
    """Everybody on the machine can read those."""
    secret = "not-for-everybody"
    with Launcher.started(f"postgresql+asyncpg://user:{secret}@127.0.0.1:9/prefect"):
        seen = "\n".join(map(arguments_of, Path("/proc").glob("[0-9]*")))
    assert "forkserver" in seen
    assert secret not in seen
