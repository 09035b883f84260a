"""Builds each model of a dbt project with rows of our making, and writes down what comes out."""

import datetime
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.engine import open_project, open_scenario
from pipeproof.environments.dbt.project.settings import Settings
from pipeproof.environments.dbt.run_names import name_run
from pipeproof.environments.dbt.scenario.scenario import Dbt
from pipeproof.errors import PipeproofError
from pipeproof.scaffold.literals import identifier, imports_of, write
from pipeproof.scaffold.models.reading import Reading, kind_of, read_sql
from pipeproof.scaffold.models.rows import make_rows
from pipeproof.scratch import scratch_folder

REVIEW = "# review: this is what it gives today"
_PLAIN = (bool, int, float, str, Decimal, datetime.date, type(None))
_MANY = 40


@dataclass(frozen=True, slots=True)
class ModelTest:
    """A test of one model.

    Attributes:
        model: The model's name.
        given: The rows of each input, by the name that `dbt.given` takes.
        expected: The rows that come out.
        twice: Whether the model is built a second time, as incremental ones are.
    """

    model: str
    given: Mapping[str, list[dict[str, Any]]]
    expected: list[dict[str, Any]]
    twice: bool = False


@dataclass
class _Project:
    """A dbt project that is gone through, and the columns of what was built or declared so far."""

    project: Any
    known: dict[str, dict[str, str | None]] = field(default_factory=dict)


def test_models(project_dir: Path) -> Iterator[ModelTest | tuple[str, str]]:
    """Yield a test of each model, parents first; for a model of which none could be made its name and the reason.

    Raises:
        PipeproofError: The project cannot be parsed.
    """
    with _opened(project_dir) as opened:
        manifest = opened.project.nodes_manifest
        for node in [*manifest.sources.values(), *manifest.nodes.values()]:
            opened.known[node.unique_id] = {
                name.lower(): kind_of(column.data_type) for name, column in node.columns.items()
            }
        for node in _parents_first(manifest):
            try:
                yield _test_model(opened, node)
            except (PipeproofError, _NoTest) as error:
                yield node.name, str(error).splitlines()[0]


class _NoTest(Exception):  # noqa: N818 - it says what there is
    """There can be no test of a model: why."""


@contextmanager
def _opened(project_dir: Path) -> Iterator[_Project]:
    with scratch_folder("init-") as folder:
        settings = Settings(project_dir)
        project = open_project(settings, name_run(settings.schema_prefix), folder, folder)
        with closing(project):
            yield _Project(project)


def _parents_first(manifest: Any) -> list[Any]:
    own = manifest.metadata.project_name
    models = {
        at: node for at, node in manifest.nodes.items() if node.resource_type == "model" and node.package_name == own
    }
    ordered: dict[str, Any] = {}

    def visit(at: str) -> None:
        if at in models and at not in ordered:
            for parent in models[at].depends_on.nodes:
                visit(parent)
            ordered[at] = models[at]

    for at in models:
        visit(at)
    return list(ordered.values())


def _test_model(opened: _Project, node: Any) -> ModelTest:
    if node.language != "sql":
        raise _NoTest(f"it is written in {node.language}: what it reads is not known without running it")
    inputs = list(dict.fromkeys(_inputs(opened.project.nodes_manifest, node)))
    if not inputs:
        raise _NoTest("it reads no other model, seed, snapshot or source: there is nothing to give it")
    reading = _read(opened, node, inputs)
    if reading.unstable:
        raise _NoTest("which rows it has hangs on the day on which it is built: give it a variable for that day")
    rows = make_rows(reading)
    names = opened.project.view().names
    given = {names.spell(at): made for at, made in rows.items()}
    expected = _build(opened, node, given)
    again = _build(opened, node, given)
    kept = [name for name in expected[0] if _is_told(name, expected, again, reading)] if expected else []
    if not kept:
        raise _NoTest("nothing comes out of it for rows that were made up by what its SQL says")
    told = sorted(({name: row[name] for name in kept} for row in expected), key=repr)
    return ModelTest(node.name, given, told[:_MANY], twice=_is_incremental(node))


def _is_incremental(node: Any) -> bool:
    return str(node.config.materialized) == "incremental"


def _is_told(name: str, first: list[dict[str, Any]], second: list[dict[str, Any]], reading: Reading) -> bool:
    """Return whether a column can be written into a test, and is the same each time."""
    plain = all(isinstance(row[name], _PLAIN) and getattr(row[name], "tzinfo", None) is None for row in first)
    ordered = [sorted(repr(row[name]) for row in rows) for rows in (first, second)]
    return plain and ordered[0] == ordered[1] and name.lower() not in reading.changing


def _inputs(manifest: Any, node: Any) -> Iterator[str]:
    """Yield what a model reads, by unique ids; of an ephemeral model what that reads, as it is a part of the SQL."""
    for at in node.depends_on.nodes:
        parent = manifest.nodes.get(at)
        if parent is not None and str(parent.config.materialized) == "ephemeral":
            yield from _inputs(manifest, parent)
        elif at in manifest.sources or parent is not None:
            yield at


def _read(opened: _Project, node: Any, inputs: list[str]) -> Reading:
    from sqlglot.errors import SqlglotError

    with _scenario(opened) as dbt:
        compiled = dbt.compile(node.unique_id.split(".", 2)[-1]).nodes[node.unique_id].compiled or ""
        places = {at: dbt.find_place(at) for at in inputs}
    try:
        reading = read_sql(node.unique_id, compiled, places, opened.known, opened.project.adapter)
    except SqlglotError as error:
        raise _NoTest(f"its SQL could not be read: {str(error).splitlines()[0]}") from None
    bare = [at for at, columns in reading.columns.items() if not columns]
    if bare:
        name = opened.project.view().names.spell(bare[0])
        raise _NoTest(f"which columns it reads of {name} is not known: declare them in the YAML")
    return reading


def _build(opened: _Project, node: Any, given: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    with _scenario(opened) as dbt:
        for name, rows in given.items():
            dbt.given(name, rows)
        for _ in range(2 if _is_incremental(node) else 1):
            dbt.run(node.name)
        opened.known[node.unique_id] = {
            name.lower(): kind_of(kind) for name, kind in dbt.column_types(node.unique_id).items()
        }
        return dbt.rows(node.name)


@contextmanager
def _scenario(opened: _Project) -> Iterator[Dbt]:
    with closing(open_scenario(opened.project, lambda _kind, _data: None)) as scenario:
        yield scenario


def render_models(project: str, tests: list[ModelTest], left: list[tuple[str, str]]) -> str:
    """Return the source of the test file of a dbt project.

    Args:
        project: The project's folder, as a user would name it.
        tests: The tests.
        left: Models without one, each with the reason.
    """
    imports = imports_of([[test.given, test.expected] for test in tests])
    head = "\n\n" + "\n".join(imports) if imports else ""
    notes = "".join(f"\n# No test of {name}: {reason}" for name, reason in left)
    body = "\n\n\n".join(map(_render, tests))
    return f'"""The models of {project}: rows in, rows out."""{head}\n\n\n{body}\n{notes}'.rstrip() + "\n"


def _render(test: ModelTest) -> str:
    lines = [f"def test_{identifier(test.model)}(dbt):"]
    for name, rows in test.given.items():
        lines += [f"    dbt.given(\n        {write(name)},\n        {_table(rows)},\n    )"]
    lines += ["", f"    dbt.run({write(test.model)})"]
    if test.twice:
        lines += [f"    dbt.run({write(test.model)})  # once more, onto what is there"]
    expected = f"    dbt.expect(\n        {write(test.model)},\n        {_table(test.expected)},\n    )"
    lines += ["", f"    {REVIEW}", expected]
    return "\n".join(lines)


def _table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "[]"
    return "[\n" + "".join(f"            {write(row, 12, 1)},\n" for row in rows) + "        ]"
