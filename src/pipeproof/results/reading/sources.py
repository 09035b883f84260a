"""The sources of the workspace, by which the paths in a report of another machine, folder or tool are known again."""

import os
import re
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from pathlib import Path, PurePosixPath

from pipeproof.untrusted import read_text

_MOST = 200_000
"""Files that are looked at."""
_FOREIGN = re.compile(
    r"(?:^|/)(?:site-packages|dist-packages|node_modules|lib/python\d[^/]*|\.?venv|\.tox|\.nox)(?:/|$)"
)
"""Parts of paths to code that is installed and not the workspace's own."""
_SOURCE_LIMIT = 1 << 22
_DECORATORS = 50
"""Lines above a `def` in which a decorator is looked for."""
_LEFT_OUT = frozenset((".git", ".hg", "node_modules", "__pycache__", ".tox", ".nox", ".venv", "venv"))
_CODE = (".py", ".java", ".kt", ".scala", ".groovy", ".go", ".js", ".ts", ".tsx", ".rb", ".rs", ".cs", ".php", ".swift")
_DRIVE = re.compile(r"^[A-Za-z]:/")


class Sources:
    """Finds files of the workspace.

    Args:
        workspace: The folder that files are named from.
    """

    def __init__(self, workspace: Path) -> None:
        self._root = os.path.realpath(workspace)
        self._name = Path(self._root).name
        self.find = cache(self._find)
        self._lines = lru_cache(maxsize=16)(self._read)

    def _find(self, path: str) -> str | None:
        """Return the file of the workspace that a path means, relative to it; `None` where there is none, or two are.

        Args:
            path: Absolute or relative, of this machine or another; a relative one may begin in any folder of the
                workspace.
        """
        given = path.replace("\\", "/") if "/" not in path else path
        if not given or "\0" in given or _FOREIGN.search(given):
            return None
        absolute = given.startswith("/") or bool(_DRIVE.match(given))
        inside = os.path.relpath(given, self._root) if given.startswith(f"{self._root}/") else given
        normal = os.path.normpath(inside)
        if (not absolute or inside != given) and not normal.startswith("..") and self._has(normal):
            return normal
        if not self.known:
            return None if absolute or normal.startswith("..") else normal
        return self._like(tuple(part for part in PurePosixPath(normal).parts if part not in ("/", "..")), absolute)

    def _has(self, relative: str) -> bool:
        return relative in self._files.get(relative.rpartition("/")[2], ())

    def definition(self, file: str, test: str, mark: str = "") -> int | None:
        """Return the line of a Python test's `def`, from 1; `None` where it is not found, or in two places.

        Args:
            file: The file, relative to the workspace.
            test: The test's node id.
            mark: A decorator whose line is meant, where the test has it.
        """
        name = test.rpartition("[")[0] if test.endswith("]") else test
        pattern = re.compile(rf"\s*(?:async\s+)?def {re.escape(name.rpartition('::')[2])}\b")
        lines = self._lines(file)
        found = [number for number, line in enumerate(lines, start=1) if pattern.match(line)]
        if len(found) != 1:
            return None
        at = found[0]
        while mark and at > 1 and lines[at - 2].strip() and at > found[0] - _DECORATORS:
            at -= 1
            if mark in lines[at - 1] and lines[at - 1].lstrip().startswith("@"):
                return at
        return found[0]

    def _read(self, file: str) -> list[str]:
        try:
            return read_text(Path(self._root, file), root=Path(self._root), limit=_SOURCE_LIMIT).splitlines()
        except (OSError, ValueError):
            return []

    def _like(self, parts: tuple[str, ...], absolute: bool) -> str | None:
        """Return the one file whose path ends as `parts` do: with all of them, or with all of its own."""
        best: list[str] = []
        most = 0
        for file in self._files.get(parts[-1], ()) if parts else ():
            own = tuple(file.split("/"))
            common = min(len(own), len(parts))
            whole = len(own) >= len(parts) or (absolute and (len(own) > 1 or parts[-2:-1] == (self._name,)))
            if own[-common:] != parts[-common:] or not whole or common < most:
                continue
            best = [file] if common > most else [*best, file]
            most = common
        return best[0] if len(best) == 1 else None

    @cached_property
    def _files(self) -> dict[str, list[str]]:
        """The files of the workspace by their names."""
        found: dict[str, list[str]] = {}
        for number, file in enumerate(self._walk()):
            if number == _MOST:
                break
            found.setdefault(file.rpartition("/")[2], []).append(file)
        return found

    @cached_property
    def known(self) -> bool:
        """Whether the workspace has code at all; where it has none, a relative path is taken at its word."""
        return any(name.endswith(_CODE) for name in self._files)

    def _walk(self) -> Iterator[str]:
        for folder, folders, names in os.walk(self._root):
            folders[:] = [] if "pyvenv.cfg" in names else [name for name in folders if name not in _LEFT_OUT]
            prefix = os.path.relpath(folder, self._root)
            for name in names:
                yield name if prefix == "." else f"{prefix}/{name}"
