"""Tests that a project declares and dbt 2 leaves out: of several with one name it keeps one, and says nothing.

Seen of 2.0.0a4 and 2.0.0rc196: unit tests of one name on several models, data tests that are given one name.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeproof.environments.dbt.project.settings import read_project_file
from pipeproof.errors import Location

_SECTIONS = ("models", "seeds", "snapshots")
_PATHS = {"model-paths": "models", "seed-paths": "seeds", "snapshot-paths": "snapshots"}


def find_lost(manifest: Any, project_dir: Path) -> Iterator[tuple[str, Location]]:
    """Yield the tests of the project's own that its manifest lacks, as `model.test`, and where each is declared."""
    kept = {(_tested(manifest, test), name) for test in _tests(manifest) for name in _names(test)}
    for file in _files(project_dir):
        text = file.read_text(encoding="utf-8")
        try:
            content = yaml.safe_load(text)
        except yaml.YAMLError:  # dbt's to complain about
            continue
        for model, name in _declared(content) if isinstance(content, Mapping) else ():
            if (model, name) not in kept:
                lines = [at for at, line in enumerate(text.splitlines(), 1) if name in line]
                yield f"{model}.{name}", Location(file, lines[-1] if lines else 1)


def _files(project_dir: Path) -> list[Path]:
    settings = read_project_file(project_dir)
    folders = {project_dir / folder for key, default in _PATHS.items() for folder in settings.get(key, [default])}
    return sorted({file for folder in folders for file in folder.rglob("*.y*ml")})


def _tests(manifest: Any) -> list[Any]:
    return [*(node for node in manifest.nodes.values() if node.resource_type == "test"), *manifest.unit_tests.values()]


def _names(test: Any) -> set[str]:
    """Return a test's name; that of a unit test of a versioned model ends in the version."""
    version = test.unique_id.rpartition("_v")
    return {test.name, test.name.removesuffix(f"_v{version[2]}")} if version[1] else {test.name}


def _tested(manifest: Any, test: Any) -> str | None:
    """Return the name of the model, seed or snapshot that a test is about."""
    node = manifest.nodes.get(test.attached_node)
    name = test.model if node is None else node.name
    return None if name is None else str(name)


def _declared(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the tests with names of their own that a file declares, but for those that it turns off."""
    for test in content.get("unit_tests") or ():
        if _is_on(test):
            yield str(test.get("model")), str(test.get("name"))
    for entry in (entry for section in _SECTIONS for entry in content.get(section) or () if isinstance(entry, Mapping)):
        for place in (entry, *(entry.get("columns") or ())):
            for test in (test for key in ("data_tests", "tests") for test in place.get(key) or ()):
                inner = next(iter(test.values()), None) if isinstance(test, Mapping) and len(test) == 1 else test
                if isinstance(inner, Mapping) and inner.get("name") and _is_on(inner) and _is_on(entry):
                    yield str(entry.get("name")), str(inner["name"])


def _is_on(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is surely part of the project: one whose configuration depends on something may not be."""
    return (entry.get("config") or {}).get("enabled", True) is True
