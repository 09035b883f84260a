"""Imports go downwards: no package is in a circle, and where a package has rooms, their order is written down.

Imports inside of functions and those for typing alone count like any other: they are what a reader has to follow. In
each package the modules and the packages inside of it form no circle, so that there is always something to read first.
For packages of rooms [LAYERS][] says from the bottom to the top what may rest on what; parts of one layer do not know
each other.
"""

import ast
import itertools
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"

LAYERS: dict[str, str] = {
    "pipeproof.stepfunctions": """
        errors values timestamps
        expressions options
        definition
        answers
        deployment engine mocks
        aws
        nested
        machine
        service reporting
        moto_service commands
    """,
    "pipeproof.stepfunctions.engine": """
        scheduler settings visits map_runs items
        history
        run
        retries
        interpreter fan_out
        states
        workers
        execution
        running single_state
    """,
    "pipeproof.environments.dbt": """
        errors identity lease log packages run_names
        guard requests result rows
        comparison project
        in_process
        session
        clean sampling scenario
        cli
        engine
        unit_tests
        own_tests
    """,
    "pipeproof.environments.prefect": """
        clock
        internals
        importing server
        __main__ runs
    """,
    "pipeproof.iam": """
        documents errors patterns reference
        calls conditions connectors sam_policies
        dynamodb_keys resource_policies roles s3_rules service_keys
        context policies service_rules
        evaluation operations
        usage wording
        least_privilege
    """,
    "pipeproof.inputs": """
        parsers
        declared
        conflicts
        reading
    """,
    "pipeproof.sql": """
        errors touched
        plain types
        rewriting
        arguments blanks casts checks rules spelling
        warehouse
        bigquery_casts bigquery_weeks normal_forms parsing
        snowflake_casts
        bigquery redshift snowflake trino
        translation
        dialects
    """,
    "pipeproof.outlets": """
        outlet terminal workflow
        buildkite gitlab
        choice
    """,
    "pipeproof.patching": """
        names
        replacing
        hooks
    """,
}
"""The layers of packages of rooms, from the bottom to the top, one a line."""


def _module_files() -> dict[str, Path]:
    files = {}
    for file in sorted((SOURCE / "pipeproof").rglob("*.py")):
        parts = file.relative_to(SOURCE).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return files


FILES = _module_files()
PACKAGES = [name for name, file in FILES.items() if file.name == "__init__.py"]


@cache
def _imports(module: str) -> list[tuple[int, str]]:
    """The modules that one imports, anywhere in it, each with the line."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{FILES[module]}:{node.lineno}: imports name the whole path"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found.extend((node.lineno, name if name in FILES else str(node.module)) for name in names)
        elif isinstance(node, ast.Import):
            found.extend((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found.extend((node.lineno, str(part.value)) for part in node.args if isinstance(part, ast.Constant))
    return found


def _part(package: str, module: str) -> str | None:
    """The part of a package that a module belongs to; `__init__` where it is the package itself."""
    if module == package:
        return "__init__"
    return module.removeprefix(f"{package}.").split(".")[0] if module.startswith(f"{package}.") else None


def _arrows(package: str) -> Iterator[tuple[str, str, str]]:
    """Each import from one part of a package to another: importer, imported, and where it stands."""
    for module in FILES:
        importer = _part(package, module)
        for line, imported in _imports(module) if importer else ():
            part = _part(package, imported)
            if importer and part and part != importer:
                yield importer, part, f"{FILES[module].relative_to(SOURCE)}:{line} imports {imported}"


@pytest.mark.parametrize("package", PACKAGES)
def test_package__has_no_circle(package: str) -> None:
    graph: dict[str, set[str]] = {}
    for importer, imported, _ in _arrows(package):
        graph.setdefault(importer, set()).add(imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]
        steps = {(after, before) for before, after in itertools.pairwise(circle)}
        places = [place for importer, imported, place in _arrows(package) if (importer, imported) in steps]
        pytest.fail("a circle: " + " → ".join(reversed(circle)) + "\n" + "\n".join(places))


@pytest.mark.parametrize("package", LAYERS)
def test_layers__name_each_part_once(package: str) -> None:
    parts = {part for module in FILES if (part := _part(package, module))} - {"__init__"}
    assert sorted(LAYERS[package].split()) == sorted(parts), "write each part into the layer above all that it imports"


@pytest.mark.parametrize("package", LAYERS)
def test_imports__go_downwards(package: str) -> None:
    layers = [line.split() for line in LAYERS[package].strip().splitlines()]
    heights = {name: height for height, names in enumerate(layers) for name in names} | {"__init__": len(layers)}
    rising = [
        f"{place}, which does not lie below {importer}"
        for importer, imported, place in _arrows(package)
        if heights.get(imported, -1) >= heights.get(importer, len(layers))
    ]
    assert "\n".join(rising) == ""
