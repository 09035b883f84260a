"""The Python that runs the tests: the one that pipeproof runs from, or one that is laid over it."""

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PythonEnvironment:
    """The Python that runs the tests.

    Attributes:
        python: The interpreter.
        scripts: Folders of commands, the first wins.
        installed: What was installed over the base, `name==version` each.
        note: What the user should know of it.
    """

    python: Path
    scripts: tuple[Path, ...]
    installed: tuple[str, ...] = ()
    note: str | None = None


def base_environment() -> PythonEnvironment:
    """Give the environment that pipeproof itself runs from."""
    return PythonEnvironment(Path(sys.executable), (Path(sys.executable).parent,))
