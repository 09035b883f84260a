"""The modules of one Lambda function, kept apart from those of the other functions and of the tests.

In Lambda each function is a process of its own, so that `app.py` of three folders are three modules, and two functions
of one folder share no state. Here a function's modules are in `sys.modules`, and its folders on `sys.path`, while its
code runs and at no other time. Three things stay the process's:

- what is installed in it, also where the function's folder has a copy that pip has put there: boto3 must be the one
  that is stubbed;
- the function's own modules where the tests have imported them, by the same name from the same file: what a test
  patches there is patched for the function;
- packages with parts in C, which a process can load only once.
"""

import importlib
import os
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeproof.stepfunctions.definition.functions import InlineCode


class CodeSpace:
    """Where one function's code is imported.

    Args:
        roots: The folders (or zip files) of its code and of its layers, the first to be searched first.
        main: The dotted name of the handler's module.
        inline: The code of that module where it stands in a template.
    """

    def __init__(self, roots: tuple[Path, ...], main: str, inline: InlineCode | None = None) -> None:
        self._roots = tuple(str(root.resolve()) for root in roots)
        self._main = main
        self._inline = inline
        self._names = {name for root in roots for name in _names_in(root)} | ({main} if inline else set())
        self._modules: dict[str, ModuleType] = {}
        self._extra_path: list[str] = []
        importlib.invalidate_caches()

    def import_main(self) -> ModuleType:
        """Imports the handler's module, within [entered][].

        Raises:
            ImportError: It is not there, or what it imports is not.
        """
        if self._inline is not None and self._main not in self._modules:
            return _make_module(self._main, self._inline)
        return importlib.import_module(self._main)

    def has_main(self) -> bool:
        """Return whether the handler's module is in one of the folders."""
        parts = self._main.split(".")
        return self._inline is not None or any(_has_module(Path(root), parts) for root in self._roots)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Runs a block with the function's modules and path in the place of the process's."""
        path, known = list(sys.path), set(sys.modules)
        keeps = self._is_imported_by_tests()
        stashed = {
            name: module
            for name, module in sys.modules.items()
            if name.partition(".")[0] in self._names and not (keeps and self._is_own(module))
        }
        for name in stashed:
            del sys.modules[name]
        sys.modules.update(self._modules)
        sys.path[:0] = [*self._roots, *self._extra_path]
        try:
            yield
        finally:
            self._extra_path = [place for place in sys.path if place not in path and place not in self._roots]
            sys.path[:] = path
            self._take_out(known, keeps=keeps)
            sys.modules.update(stashed)

    def _is_imported_by_tests(self) -> bool:
        module = sys.modules.get(self._main)
        return module is not None and self._inline is None and self._is_own(module)

    def _is_own(self, module: Any) -> bool:
        file = getattr(module, "__dict__", {}).get("__file__")
        places = [file] if file else list(getattr(module, "__dict__", {}).get("__path__") or ())
        return any(self._holds(str(Path(place).resolve())) for place in places)

    def _holds(self, place: str) -> bool:
        """Return whether a file is the function's; what is installed in a folder below (`.venv`) is not."""
        for root in self._roots:
            if place == root or place.startswith(root + os.sep):
                parts = Path(place[len(root) + 1 :]).parts
                return "site-packages" not in parts and "dist-packages" not in parts
        return False

    def _take_out(self, known: set[str], *, keeps: bool) -> None:
        """Takes the function's modules out of the process's again."""
        found = {
            name: module
            for name, module in sys.modules.items()
            if (name.partition(".")[0] in self._names and not (keeps and name in known and self._is_own(module)))
            or (name not in known and not keeps and self._is_own(module))
        }
        compiled = {name.partition(".")[0] for name, module in found.items() if _is_compiled(module)}
        self._modules = {name: module for name, module in found.items() if name.partition(".")[0] not in compiled}
        for name in self._modules:
            del sys.modules[name]


def _is_compiled(module: Any) -> bool:
    return str(getattr(module, "__dict__", {}).get("__file__") or "").endswith(tuple(EXTENSION_SUFFIXES))


def _names_in(root: Path) -> set[str]:
    """The top-level modules that a folder or zip file holds, less those that are installed and have a copy there."""
    entries = _zip_entries(root) if root.is_file() else _folder_entries(root)
    copies = _copied_names(root) if root.is_dir() else set()
    return {name for name in entries if not (name in copies and _is_installed(name))}


def _folder_entries(root: Path) -> set[str]:
    if not root.is_dir():
        return set()
    modules = {item.stem for item in root.glob("*.py")}
    packages = {item.parent.name for item in root.glob("*/*.py")}
    return modules | packages


def _zip_entries(file: Path) -> set[str]:
    if not zipfile.is_zipfile(file):
        return set()
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.endswith(".py")]
    return {name.partition("/")[0].removesuffix(".py") for name in names}


def _copied_names(root: Path) -> set[str]:
    """Return the top-level modules that pip has put in a folder (`pip install --target`, `sam build`)."""
    found: set[str] = set()
    for record in root.glob("*.dist-info/RECORD"):
        lines = record.read_text(encoding="utf-8", errors="replace").splitlines()
        found |= {line.partition(",")[0].partition("/")[0].removesuffix(".py") for line in lines}
    return found


def _is_installed(name: str) -> bool:
    """Return whether the process has a module of that name among its installed packages."""
    places = [place for place in sys.path if Path(place).name in ("site-packages", "dist-packages")]
    try:
        return PathFinder.find_spec(name, places) is not None
    except (ImportError, ValueError):
        return False


def _has_module(root: Path, parts: list[str]) -> bool:
    if root.is_file():
        return parts[0] in _zip_entries(root)
    place = root.joinpath(*parts)
    return place.with_name(place.name + ".py").is_file() or (place / "__init__.py").is_file()


def _make_module(name: str, code: InlineCode) -> ModuleType:
    """Return a module of code that stands in a template; its lines are the template's."""
    module = ModuleType(name)
    shown = str(code.file) if code.line is not None else f"<{name} in {code.file.name}>"
    module.__file__ = shown
    text = "\n" * (code.line - 1) + code.text if code.line is not None else code.text
    sys.modules[name] = module
    try:
        exec(compile(text, shown, "exec"), module.__dict__)  # noqa: S102 - the template's own code is what is tested
    except BaseException:
        del sys.modules[name]
        raise
    return module
