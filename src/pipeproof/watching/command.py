"""`pipeproof watch`: waits for changes, and runs what they touch as `pipeproof run` does."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from pipeproof.environments.installed import not_installed
from pipeproof.errors import InputError, SetupError
from pipeproof.watching.selection import Selection, Sources, select

_WATCHED = (".py", ".sql", ".yml", ".yaml", ".json", ".template", ".csv", ".toml", ".cfg", ".ini", ".lock", ".txt")
_UNWATCHED = ("__pycache__", "node_modules", "target", "logs", "dbt_packages", "site-packages", "venv")

_BEAT = 500
"""Milliseconds."""


def add_watch_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand `watch`; its `command` takes the parsed arguments and gives the exit code."""
    parser = commands.add_parser(
        "watch",
        help="run the tests that a change touches, whenever a file is saved",
        description="Run all tests, then after each change those that it touches, as `pipeproof run --install none` "
        "does. What a change touches is read from the source (imports, fixtures, names of files); where that does not "
        "tell, all tests are run. Files that git ignores are not watched. Ctrl-C ends it.",
        allow_abbrev=False,
    )
    parser.set_defaults(command=_run)
    parser.add_argument(
        "--directory", type=Path, default=Path(), metavar="DIR", help="the project (default: this folder)"
    )
    parser.add_argument("--report-dir", default="pipeproof-report", help="where each run's report is written")


def _run(options: argparse.Namespace, pytest_args: Sequence[str]) -> int:
    folder = options.directory.resolve()
    if not folder.is_dir():
        raise InputError(f"{options.directory} is no folder", hint="Give the project's folder with --directory.")
    batches = listen(folder)

    def run(selection: Selection) -> None:
        command = [sys.executable, "-m", "pipeproof", "run", "--directory", str(folder), "--install", "none"]
        command += ["--report-dir", options.report_dir]
        command += [part for test in selection.tests for part in ("--tests", f"'{test.relative_to(folder)}'")]
        process = subprocess.Popen([*command, "--", *pytest_args])
        try:
            process.wait()
        except KeyboardInterrupt:
            process.wait()  # it was told as well, and ends by itself: with its report, and nothing left behind
            raise

    try:
        follow(folder, batches, run, report=folder / options.report_dir)
    except KeyboardInterrupt:
        _tell("ended")
    return 0


def listen(folder: Path) -> Iterator[list[Path]]:
    """Listen for changes in a folder from now on, also while nobody asks; return the paths that changed, as they come.

    Twice a second there is a batch of none.

    Raises:
        SetupError: watchfiles is not installed.
    """
    try:
        from watchfiles import watch
    except ImportError:
        raise SetupError(not_installed("watchfiles", "watch", "watchfiles")) from None
    found = watch(folder, raise_interrupt=False, step=200, yield_on_timeout=True, rust_timeout=_BEAT)
    next(found, None)  # it listens from its first step on: what is saved during the first run would be lost
    return ([Path(path) for _, path in batch] for batch in found)


def follow(
    folder: Path, batches: Iterable[list[Path]], run: Callable[[Selection], None], *, report: Path | None = None
) -> None:
    """Run all tests, then those that each batch of changes touches.

    Args:
        folder: The project.
        batches: The paths that have changed, as they come.
        run: Runs a selection.
        report: The folder that runs write to.
    """
    from pipeproof.environments.dbt.project.settings import find_projects

    _tell("watching; the first run is of all tests")
    run(Selection((), "the first run"))
    for batch in batches:
        changed = _watched(folder, batch, report)
        if changed:
            selection = select(Sources(folder, tuple(find_projects(folder))), changed)
            _tell(selection.reason)
            run(selection)


def _watched(folder: Path, batch: list[Path], report: Path | None) -> list[Path]:
    """Return what of a batch is the user's to change: no report, no cache, nothing that git ignores."""
    found = []
    for path in batch:
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part in _UNWATCHED for part in parts)
        if path.suffix in _WATCHED and not hidden and not (report and path.is_relative_to(report)):
            found.append(path)
    ignored = _ignored(folder, found)
    return [path for path in found if path not in ignored]


def _ignored(folder: Path, paths: list[Path]) -> set[Path]:
    if not paths:
        return set()
    names = "\0".join(map(str, paths))
    try:
        command = ["git", "-C", str(folder), "check-ignore", "-z", "--stdin"]
        done = subprocess.run(command, input=names, capture_output=True, text=True, check=False)
    except OSError:
        return set()
    return {Path(name) for name in done.stdout.split("\0") if name} if done.returncode == 0 else set()


def _tell(text: str) -> None:
    sys.stdout.write(f"── {text}\n")
    sys.stdout.flush()
