"""The root of the errors that pipeproof raises for its users.

Each error says three things: what was wrong, where (in the user's files, where that is known), and what to do. A room
that has errors of its own derives them from [PipeproofError][] and keeps them beside the code that raises them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pipeproof.homes import HOMES


@dataclass(frozen=True, slots=True)
class Location:
    """A place in one of the user's files: line and column count from 1."""

    file: Path
    line: int
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class PipeproofError(Exception):
    """Something that the user can put right.

    Args:
        message: What was wrong, in one line where one is enough.
        hint: What to do about it.
        location: The line of the user's file that is at fault. A test that fails with this error is annotated there
            instead of at the deepest frame of its traceback.
    """

    __module__ = "pipeproof"

    exit_code: ClassVar[int] = 1
    """What the process ends with when this error ends it."""

    def __init_subclass__(cls) -> None:
        """Give an error the name by which users import it: Python and pytest show its module with it."""
        super().__init_subclass__()
        if HOMES.get(cls.__name__) == cls.__module__:
            cls.__module__ = "pipeproof"

    def __init__(self, message: str, *, hint: str | None = None, location: Location | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.location = location

    def __str__(self) -> str:
        text = f"{self.location}: {self.message}" if self.location else self.message
        return f"{text}\n  {self.hint}" if self.hint else text


class InputError(PipeproofError):
    """An input of the action or a flag of the command line is wrong."""

    exit_code = 2


class CredentialsError(PipeproofError):
    """No credentials could be had."""

    exit_code = 3


class SetupError(PipeproofError):
    """An environment did not start, or the project's requirements could not be installed."""

    exit_code = 4


class NoTestsError(PipeproofError):
    """No test was collected."""

    exit_code = 5
