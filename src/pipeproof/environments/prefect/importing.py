"""An empty profile of Prefect for the time in which a suite's modules are imported.

A `Variable.get` or `Secret.load` at the top of a module would be answered from the developer's own `~/.prefect`, or by
the server in his profile, before any fixture is there. Prefect itself is not imported here: the modules may not need
it.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pipeproof import environ
from pipeproof.environments.prefect.internals.client import settings as client
from pipeproof.scratch import scratch_folder


@contextlib.contextmanager
def empty_profile() -> Iterator[None]:
    """Have Prefect see no profile, server and key of the user's, and a database that is thrown away."""
    with scratch_folder("prefect-") as folder:
        before = client.settings_of_process()
        try:
            with environ.changed(_variables(folder)):
                client.set_settings_of_process(None)
                try:
                    yield
                finally:
                    client.end_temporary_servers()
        finally:
            client.set_settings_of_process(before)


_STARTUP = "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"
"""How long Prefect waits for the temporary server that it starts for a module that asks something while it is imported;
by itself 20 s, which a busy machine with two cores takes."""


def _variables(folder: Path) -> dict[str, str | None]:
    """Empty ones are set: what is not would be read from the project's `.env` or `prefect.toml`."""
    return {
        "PREFECT_HOME": str(folder),
        "PREFECT_PROFILES_PATH": str(folder / "profiles.toml"),
        "PREFECT_PROFILE": None,
        "PREFECT_API_URL": "",
        "PREFECT_API_KEY": "",
        "PREFECT_API_AUTH_STRING": "",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder}/prefect.db",
        "PREFECT_SERVER_MEMO_STORE_PATH": str(folder / "memo_store.toml"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        _STARTUP: environ.get(_STARTUP) or "120",
    }
