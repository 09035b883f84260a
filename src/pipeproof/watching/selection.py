"""Which tests a change touches, by what stands in the source: imports, fixtures, names of files. In doubt all."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_DEFINITIONS = (".json", ".yaml", ".yml", ".template")
_DBT = (".sql", ".yml", ".yaml", ".csv", ".md")
_PASSED_OVER = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "dbt_packages", "target"})


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be run.

    Attributes:
        tests: Files and folders of tests; none of them is all tests.
        reason: Why just these.
    """

    tests: tuple[Path, ...]
    reason: str


@dataclass(frozen=True)
class Sources:
    """The Python files of a project as they are now, and what each imports.

    Args:
        project: The project's folder.
        dbt: The folders of its dbt projects.
    """

    project: Path
    dbt: tuple[Path, ...] = ()

    @cached_property
    def texts(self) -> dict[Path, str]:
        """The source of each Python file."""
        return {file: file.read_text(encoding="utf-8", errors="replace") for file in _python_files(self.project)}

    @cached_property
    def imports(self) -> dict[Path, set[Path]]:
        """The project's own files that each file imports."""
        modules: dict[str, Path] = {}
        for file in self.texts:
            for name in _names_of(self.project, file):
                modules.setdefault(name, file)
        return {
            file: {modules[name] for name in _imported(text, file, self.project) if name in modules} - {file}
            for file, text in self.texts.items()
        }

    @cached_property
    def reaches(self) -> dict[Path, set[Path]]:
        """The files that each file imports, itself and those in between included."""
        return {file: self._closure(file) for file in self.texts}

    def _closure(self, file: Path) -> set[Path]:
        found, waiting = {file}, [file]
        while waiting:
            new = self.imports[waiting.pop()] - found
            found |= new
            waiting += new
        return found

    @property
    def tests(self) -> list[Path]:
        """The test files."""
        return [file for file in self.texts if is_test(file)]

    def uses(self, test: Path) -> set[Path]:
        """Return the files that a test file and the conftest files above it import."""
        conftests = [file for file in self.texts if file.name == "conftest.py" and test.is_relative_to(file.parent)]
        return set().union(*(self.reaches[file] for file in (test, *conftests)))

    def speak_of(self, word: str) -> list[Path]:
        """Return the test files in which, or in what they import, a word stands."""
        pattern = re.compile(rf"\b{re.escape(word)}\b")
        return [test for test in self.tests if any(pattern.search(self.texts[file]) for file in self.uses(test))]


def is_test(file: Path) -> bool:
    """Return whether pytest takes a file for one of tests, by its name."""
    return file.suffix == ".py" and (file.name.startswith("test_") or file.stem.endswith("_test"))


def select(sources: Sources, changed: Iterable[Path]) -> Selection:
    """Return the tests that changes touch."""
    chosen: dict[Path, None] = {}
    reasons: list[str] = []
    for file in sorted(set(changed)):
        touched, reason = _touched(sources, file)
        name = file.relative_to(sources.project)
        if not touched:
            return Selection((), f"{name} {reason}: all tests")
        chosen |= dict.fromkeys(touched)
        reasons.append(f"{name} {reason}")
    return Selection(tuple(chosen), "; ".join(reasons))


def _touched(sources: Sources, file: Path) -> tuple[list[Path], str]:
    """Return the tests of one file, and why these; none where nothing tells."""
    if file.name == "conftest.py":
        return [file.parent], "is for the tests beside and below it"
    if is_test(file):
        return ([file], "is a test") if file.is_file() else ([], "is gone")
    for folder in sources.dbt:
        if file.is_relative_to(folder) and file.suffix in _DBT:
            return [*sources.speak_of("dbt"), folder / "dbt_project.yml"], "is dbt's"
    if file.suffix == ".py" and file in sources.texts:
        importing = [test for test in sources.tests if file in sources.uses(test)]
        if not importing:
            return [], "is imported by no test"
        # The handlers of a template are named there, and imported by nobody.
        return [*importing, *sources.speak_of("state_machine")], "is imported by tests"
    if file.suffix in _DEFINITIONS:
        return sources.speak_of("state_machine"), "may hold a state machine"
    return [], "may matter to any test"


def _python_files(project: Path) -> Iterator[Path]:
    for file in sorted(project.rglob("*.py")):
        parts = file.relative_to(project).parts
        if not any(part in _PASSED_OVER or part.startswith(".") for part in parts):
            yield file


def _names_of(project: Path, file: Path) -> Iterator[str]:
    """Yield the dotted names under which a file may be imported: from the project's folder, or from any one inside."""
    parts = list(file.relative_to(project).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    yield from (".".join(parts[start:]) for start in range(len(parts)))


def _imported(text: str, file: Path, project: Path) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    package = file.relative_to(project).parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (above, node.module or "") if part)
            yield from _with_parents(base)
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".") if name else []
    yield from (".".join(parts[: count + 1]) for count in range(len(parts)))
