"""A PostgreSQL server with the extension `pg_trgm`, which Prefect's tables need and the wheel's server has not."""

import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def postgres_with_trgm(tmp_path_factory):
    """The URL of a server that lives as long as the module's tests."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    extension = next(Path("/usr/share/postgresql").glob("*/extension/pg_trgm.control"), None)
    if not found or extension is None:
        pytest.skip("no PostgreSQL with the extension pg_trgm on this machine")
    home = Path("/tmp") / f"pipeproof-postgres-{os.getpid()}"
    home.mkdir()
    account = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = home / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": home, **account}
    subprocess.run([found[0], "-D", data, "-U", "postgres", "-A", "trust", "-N", "--no-locale"], check=True, **quiet)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    control = found[0].with_name("pg_ctl")
    options = f"-h 127.0.0.1 -p {port} -k {home} -c fsync=off"
    subprocess.run([control, "-D", data, "-w", "-o", options, "-l", home / "log", "start"], check=True, **quiet)
    try:
        yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([control, "-D", data, "-m", "immediate", "stop"], check=True, **quiet)
        shutil.rmtree(home)
