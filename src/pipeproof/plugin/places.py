"""Places: which line of the user's files a failure belongs to.

It is that of the deepest frame inside the workspace and outside its virtual environments: for a failing fixture the
fixture's, for an import that fails the import's.
"""

import sys
from pathlib import Path
from types import TracebackType

import pytest

from pipeproof.errors import Location, PipeproofError
from pipeproof.sources import is_users


def place_of_failure(error: BaseException, workspace: Path) -> Location | None:
    """Find the line of the user's that an exception belongs to; `None` where no frame is in the workspace."""
    if isinstance(error, PipeproofError) and error.location is not None:
        return error.location
    if isinstance(error, SyntaxError) and error.filename and is_users(error.filename, str(workspace)):
        return Location(Path(error.filename), error.lineno or 1)
    if example := _example(error):
        return example if is_users(str(example.file), str(workspace)) else None
    if isinstance(error, PipeproofError | pytest.Collector.CollectError) and error.__cause__ is not None:
        found = place_of_failure(error.__cause__, workspace)
        if found:
            return found
    own = _deepest(error.__traceback__, workspace)
    if isinstance(error, BaseExceptionGroup):
        inner = place_of_failure(error.exceptions[0], workspace)
        return inner or own
    return own


def _example(error: BaseException) -> Location | None:
    """Return the line of a doctest's example that failed; of several the first one's."""
    doctest = sys.modules.get("doctest")
    first = next(iter(getattr(error, "failures", ())), error)  # pytest's, with --doctest-continue-on-failure
    if doctest is None or not isinstance(first, doctest.DocTestFailure | doctest.UnexpectedException):
        return None
    if first.test.filename is None or first.test.lineno is None:
        return None
    return Location(Path(first.test.filename), first.test.lineno + first.example.lineno + 1)


def relative_name(file: str | Path, workspace: Path) -> str:
    """Name a file as the workflow does: relative to the workspace, with slashes; a file elsewhere by its whole path."""
    path = Path(file)
    if not path.is_absolute():
        if path.name.startswith("<"):  # `<string>`: no file at all
            return str(file)
        path = absolute(path)
    if ".." in path.parts:  # a definition that is named from its test: tests/../machines/ship.json
        path = path.resolve()
    for candidate in (path, path.resolve()):
        if candidate.is_relative_to(workspace):
            return candidate.relative_to(workspace).as_posix()
    return path.as_posix()


def absolute(path: Path) -> Path:
    """Make a path absolute; it stays as it is where a test has removed the current folder."""
    try:
        return path.absolute()
    except FileNotFoundError:
        return path


def _deepest(traceback: TracebackType | None, workspace: Path) -> Location | None:
    found = None
    root = str(workspace)
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if is_users(file, root):
            found = Location(Path(file), traceback.tb_lineno)
        traceback = traceback.tb_next
    return found
