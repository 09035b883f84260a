"""Dumps: where the interpreter was when it ended, from the stack that faulthandler writes as it goes down.

pytest switches faulthandler on. Its stack comes among all else that the tests print, so a test is put in another place
only by a stack that its own function stands in.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeproof.results.model import Failure, Run, TestResult
from pipeproof.sources import is_users

_MARK = b"Fatal Python error: "
# pytest is in the middle of a line of dots when it happens.
_ERROR = re.compile(rb"Fatal Python error: (.{1,200})$")
_FRAME = re.compile(rb'^  File "(.{1,4096})", line (\d{1,9}) in (.{1,500})$')
_HEADS = (b"Thread ", b"Current thread ", b"Stack (most recent call first)")
_MOST_DUMPS = 100
_MOST_LINES = 1000
"""Lines after the error in which its stack is looked for; what other processes print comes in between."""
_LONGEST_LINE = 8192


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a stack."""

    file: str
    line: int
    function: str


@dataclass(slots=True)
class Dump:
    """The stack of the thread in which the interpreter ended, its last call first."""

    error: str
    frames: list[Frame] = field(default_factory=list)


class DumpReader:
    """Finds the stacks in what the tests print, as it comes; keeps the first hundred."""

    def __init__(self) -> None:
        self.dumps: list[Dump] = []
        self._rest = b""
        self._lines_left = 0
        self._is_current = False

    def feed(self, data: bytes) -> None:
        """Take the next piece of the output."""
        whole, end, rest = (self._rest + data).rpartition(b"\n")
        self._rest = rest[-_LONGEST_LINE:]
        if end and (self._lines_left or _MARK in whole):
            for line in whole.split(b"\n"):
                self._take(line.rstrip(b"\r"))

    def _take(self, line: bytes) -> None:
        if (error := _ERROR.search(line)) and len(self.dumps) < _MOST_DUMPS:
            self.dumps.append(Dump(error[1].decode(errors="replace")))
            self._lines_left, self._is_current = _MOST_LINES, False
        elif self._lines_left:
            self._lines_left -= 1
            if line.startswith(_HEADS):  # the stacks of other threads tell nothing of the end
                self._is_current = not line.startswith(_HEADS[0])
            elif self._is_current and (frame := _FRAME.match(line)):
                file, number, function = (part.decode(errors="replace") for part in frame.groups())
                self.dumps[-1].frames.append(Frame(file, int(number), function))


def place_crashes(run: Run, dumps: Iterable[Dump], workspace: Path) -> Run:
    """Put each crash on the line of the user's that ran last, where a stack tells it.

    Args:
        run: The results.
        dumps: The stacks that were found.
        workspace: The folder that files are named from.
    """
    left = list(dumps)
    if not left:
        return run
    return replace(run, results=tuple(_place(result, left, workspace) for result in run.results))


def _place(result: TestResult, dumps: list[Dump], workspace: Path) -> TestResult:
    if not any(failure.phase == "crash" for failure in result.failures):
        return result
    for dump in dumps:
        stack = list(_down_to_test(dump, result, workspace))
        if stack:
            dumps.remove(dump)
            failures = tuple(
                _at(failure, dump, stack, workspace) if failure.phase == "crash" else failure
                for failure in result.failures
            )
            return replace(result, failures=failures)
    return result


def _down_to_test(dump: Dump, result: TestResult, workspace: Path) -> Iterator[Frame]:
    """Give the frames from the last call to the test's function; none where it is not among them."""
    name = result.id.partition("[")[0].rpartition("::")[2]
    file = workspace / (result.file or "")
    for number, frame in enumerate(dump.frames):
        if frame.function == name and Path(frame.file) == file:
            yield from dump.frames[: number + 1]
            return


def _at(failure: Failure, dump: Dump, stack: list[Frame], workspace: Path) -> Failure:
    place = next(frame for frame in stack if is_users(frame.file, str(workspace)) or frame is stack[-1])
    lines = [f'  File "{frame.file}", line {frame.line}, in {frame.function}' for frame in reversed(stack)]
    return replace(
        failure,
        message=failure.message if dump.error == "Aborted" else f"{failure.message}: {dump.error}",
        traceback="\n".join(["Traceback (most recent call last):", *lines, f"Fatal Python error: {dump.error}"]),
        file=Path(place.file).relative_to(workspace).as_posix(),
        line=place.line,
    )
