"""The job, the network, folders, variables and the project that a run would find."""

import os
import re
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeproof import variables
from pipeproof.doctor.finding import Finding, Level
from pipeproof.errors import PipeproofError
from pipeproof.github.context import read_context, read_event
from pipeproof.identity.choice import judge_run
from pipeproof.text import closest

_ASKED = "github.com"
_PATIENCE = 1.5
_LEAST_SPACE = 500 * 2**20
_OWN = frozenset(
    {
        variables.DEBUG,
        variables.EVENTS_FD,
        variables.LIVE_FD,
        variables.WORKSPACE,
        variables.DBT_SCHEMA,
        variables.DBT_SCHEMAS,
        variables.DBT_SOURCES,
    }
)


def look_at_workflow(environ: Mapping[str, str], folder: Path) -> Iterator[Finding]:
    """Yield whether this is a job of GitHub's, and what is visible of its rights."""
    if environ.get("GITHUB_ACTIONS") != "true":
        yield Finding("workflow", "ok", "this is no GitHub Actions run: there is no workflow identity")
        return
    try:
        context = read_context(environ, folder)
        event = read_event(context) if context else {}
    except PipeproofError as error:
        yield Finding("workflow", "fault", str(error))
        return
    verdict = judge_run(event, environ)
    if verdict.decision == "allowed":
        yield Finding("workflow", "ok", "id-token: write is given: roles can be assumed")
    else:
        level: Level = "fault" if verdict.decision == "refused" else "note"
        yield Finding("workflow", level, f"no credentials: {verdict.reason}", verdict.hint)
    token = "is there" if environ.get("GITHUB_TOKEN") or environ.get("INPUT_GITHUB-TOKEN") else "is not given"
    yield Finding("workflow", "ok", f"a token {token}; which rights it has (contents, pull-requests) only GitHub knows")


def look_at_network(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what tests reach, and whether a name server answers."""
    chosen = environ.get(variables.NETWORK.name)
    guard = {"open": "the guard is off", "loopback": "the guard is on"}.get(
        chosen or "", "under `pipeproof run` tests reach this machine alone, save live ones; plain pytest has no guard"
    )
    yield Finding("network", "ok", guard)
    try:
        configured = re.findall(r"(?m)^nameserver\s+(\S+)", Path("/etc/resolv.conf").read_text(encoding="utf-8"))
    except OSError:
        configured = []
    answer = _look_up(_ASKED)
    said = f"name servers {', '.join(configured)}" if configured else "no name server is set"
    yield Finding("network", "ok" if answer else "note", f"{said}; {_ASKED} {answer or 'has no answer'}")


def _look_up(host: str) -> str | None:
    """Return what a name server says of a host, `None` where it says nothing in time."""
    found: list[str] = []

    def ask() -> None:
        try:
            found.append(f"is {socket.getaddrinfo(host, 443, proto=socket.IPPROTO_TCP)[0][4][0]}")
        except OSError:
            return

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_PATIENCE)
    return found[0] if found else None


def look_at_folders(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether temporary files and caches can be written, and what room there is."""
    temporary = Path(tempfile.gettempdir())
    yield _look_at_folder("temporary files", temporary)
    chosen = environ.get(variables.CACHE_DIR.name)
    home = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or "/") / ".cache")
    yield _look_at_folder("Prefect's migrated database", Path(chosen) if chosen else home)


def _look_at_folder(what: str, folder: Path) -> Finding:
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            "folders", "fault", f"{what}: {folder} cannot be written", "Give another one, or the right to it."
        )
    free = shutil.disk_usage(there).free
    text = f"{what}: {folder}, {free / 2**30:.1f} GB free"
    if free < _LEAST_SPACE:
        return Finding("folders", "fault", text, "Make room: a run with Prefect and dbt takes some hundred MB.")
    return Finding("folders", "ok", text)


def look_at_variables(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield pipeproof's variables that are set: those that are not valid, and those that are none."""
    for name in sorted(name for name in environ if name.startswith("PIPEPROOF_")):
        known = variables.TO_BE_SET.get(name)
        if known is not None:
            try:
                known.check(environ[name])
            except PipeproofError as error:
                yield Finding("variables", "fault", str(error))
            else:
                yield Finding("variables", "ok", f"{name} is set")  # without its value: a URL has a password in it
        elif name not in _OWN:
            meant = closest(name, variables.TO_BE_SET)
            advice = f"Did you mean {meant}?" if meant else "docs/reference/variables.md lists those that there are."
            yield Finding("variables", "fault", f"{name} is no variable of pipeproof's: it does nothing", advice)


def look_at_project(folder: Path) -> Iterator[Finding]:
    """Yield what says what the project needs, and whether its lock fits."""
    import tomllib

    from pipeproof.sandbox.install import FILES
    from pipeproof.sandbox.manifests import stale_in_lock

    file = next((name for name in FILES if (folder / name).is_file()), None)
    if file is None:
        yield Finding("project", "note", f"no file here says what the project needs: {', '.join(FILES)}")
        return
    if file == "uv.lock":
        try:
            declared = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
            stale = stale_in_lock((folder / "uv.lock").read_text(encoding="utf-8"), declared)
        except (OSError, ValueError) as error:
            yield Finding("project", "fault", f"pyproject.toml or uv.lock cannot be read: {error}")
            return
        if stale:
            text = f"uv.lock does not fit pyproject.toml, which asks for {', '.join(stale)}"
            yield Finding("project", "fault", text, "Run `uv lock` and commit the result.")
            return
    yield Finding("project", "ok", f"its requirements are those of {file}")
