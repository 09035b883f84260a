"""The token that actions/checkout leaves for git: whoever can read the workspace can push with it.

Up to its version 5 it stands in the workspace's `.git/config` (`http.<server>.extraheader`); from 6 on in a file below
`RUNNER_TEMP` that `.git/config` includes (`includeIf`). Both are readable by the tests, for the workspace is theirs.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pipeproof.errors import Location
from pipeproof.untrusted import read_text

_LARGEST = 1 << 20
"""Bytes of a configuration that is looked through."""

ADVICE = (
    "Add `persist-credentials: false` under `with:` of the actions/checkout step: the tests can read the token there."
)
"""The line that ends it."""

_HEADER = re.compile(r"\s*extraheader\s*=\s*\"?authorization:", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*(url|insteadof)\s*=\s*\"?https?://[^/\s@]+:[^/\s@]+@", re.IGNORECASE)
_INCLUDE = re.compile(r"\s*path\s*=\s*\"?(?P<path>[^\"\n]+?)\"?\s*$")


def find_tokens(workspace: Path) -> Iterator[Location]:
    """Yield the lines of the workspace's git configuration, its submodules' too, that hold a token; not the tokens."""
    git = workspace / ".git"
    for file in (git / "config", *_list_submodules(git)):
        yield from _search(file, follow=True)


def _list_submodules(git: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(git / "modules"):
        if "config" in files:
            yield Path(folder) / "config"
        folders[:] = [name for name in folders if name not in {"objects", "refs", "logs", "hooks"}]


def _search(file: Path, *, follow: bool) -> Iterator[Location]:
    for number, line in enumerate(_read_lines(file), 1):
        include = _INCLUDE.match(line) if follow else None
        if _HEADER.match(line) or _ADDRESS.match(line):
            yield Location(file, number)
        elif include:
            yield from _search(file.parent / Path(include["path"]).expanduser(), follow=False)


def _read_lines(file: Path) -> list[str]:
    try:
        return read_text(file, limit=_LARGEST).splitlines()
    except OSError:
        return []
