"""The project's own data tests and unit tests, one by one, in a schema that a worker keeps for them.

What a test looks at is built first, once a worker. On a warehouse, sources are read where they are; in the embedded
database there are none but those that the project builds itself or has fixtures for, so a data test of what depends on
another is skipped, and a unit test takes its columns from empty tables.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.engine import open_scenario
from pipeproof.environments.dbt.identity import spell_out, tell_apart
from pipeproof.environments.dbt.project.declarations import locate_test
from pipeproof.environments.dbt.project.manifest import FILE_KEYS, ancestors, is_built, metas_of
from pipeproof.environments.dbt.project.unit_inputs import is_this
from pipeproof.environments.dbt.requests import request_nodes
from pipeproof.environments.dbt.result import DbtFailed, DbtNode, DbtUnproven
from pipeproof.environments.dbt.scenario.scenario import Dbt, Recorder
from pipeproof.environments.dbt.session.project import DbtProject
from pipeproof.environments.dbt.unit_tests import EmptyInputs


@dataclass(frozen=True, slots=True)
class OwnTest:
    """A test of the project's.

    Args:
        name: Its name in dbt; with what it tests before it, `orders.positive`, where another is called so too.
        unique_id: dbt's name for it.
        kind: `test` or `unit_test`.
        file: The file that declares it.
        line: The line there, from 1.
    """

    name: str
    unique_id: str
    kind: str
    file: Path
    line: int


class MissingInput(Exception):  # noqa: N818 - not a failure: a reason to skip
    """What a test looks at cannot be built here."""


def list_tests(project: DbtProject) -> list[OwnTest]:
    """Return the project's own tests, those of its packages left out, by file and line; each with a name of its own."""
    project.check_tests()
    manifest = project.nodes_manifest
    own = manifest.metadata.project_name
    found = [node for node in manifest.nodes.values() if node.resource_type == "test"]
    enabled = [
        node for node in (*found, *manifest.unit_tests.values()) if node.package_name == own and node.config.enabled
    ]
    tests = []
    for name, node in tell_apart(enabled, spell_out).items():
        file = project.path / node.original_file_path
        line = locate_test(node, file, manifest) if file.suffix in {".yml", ".yaml"} else 1
        tests.append(OwnTest(name, node.unique_id, str(node.resource_type), file, line))
    return sorted(tests, key=lambda test: (str(test.file), test.line, test.name))


class OwnTests:
    """Runs the project's own tests in one schema.

    Args:
        project: The project.
    """

    def __init__(self, project: DbtProject) -> None:
        self._project = project
        self._record: Recorder | None = None
        self._dbt = open_scenario(project, self._take)
        self._built: set[str] = set()
        self._broken: dict[str, tuple[DbtFailed | DbtUnproven, OwnTest]] = {}
        self._fixtures = project.view().fixtures(project.path) if project.profile.embedded else {}
        self._empty = EmptyInputs(project, self._take)

    def run(self, test: OwnTest, record: Recorder) -> DbtNode:
        """Run one test; what it looks at is built first.

        Raises:
            MissingInput: Its inputs cannot be had, or an earlier test has failed as they could not be built.
            DbtFailed: It failed, or what it looks at could not be built.
        """
        self._record = record
        manifest = self._project.nodes_manifest
        node = manifest.unit_tests.get(test.unique_id) or manifest.nodes[test.unique_id]
        absent = self._absent_sources(node.depends_on.nodes)
        if absent and test.kind == "test":
            raise MissingInput(f"there are no rows of {', '.join(absent)} in the embedded database")
        if absent:
            return self._empty.run(node)
        self._build(node.depends_on.nodes if test.kind == "test" else _inputs(manifest, node), test)
        return _run(self._dbt, node)

    def _take(self, kind: str, data: Mapping[str, Any]) -> None:
        """Record what a test did as that test's."""
        if self._record is not None:
            self._record(kind, data)

    def close(self) -> None:
        """Drop the schemas."""
        self._dbt.close()
        self._empty.close()

    def _build(self, wanted: Collection[str], test: OwnTest) -> None:
        """Build what is not there yet; what could not be built fails the test that asked for it first, no other."""
        manifest = self._project.nodes_manifest
        needed = [at for at in ancestors(manifest, wanted, self._project.view().makers) if is_built(manifest, at)]
        for unique_id in needed:
            if unique_id in self._broken:
                error, first = self._broken[unique_id]
                if first == test:
                    raise error
                raise MissingInput(
                    f"{self._project.view().names.spell(unique_id)} could not be built: see {first.name}"
                )
        missing = [at for at in needed if at not in self._built]
        sources = {*ancestors(manifest, wanted)} & {*self._fixtures}
        for at in sources - self._built:
            self._dbt.given(at, str(self._fixtures[at]))
        self._built |= sources
        try:
            for stage in self._stages(missing):
                self._build_in(self._dbt, stage)
        except (DbtFailed, DbtUnproven) as error:
            statuses = {node.unique_id: node.status for node in error.result.nodes.values()} if error.result else {}
            self._built |= {at for at, status in statuses.items() if status == "success"}
            self._broken |= {at: (error, test) for at in missing if statuses.get(at) != "success"}
            raise
        self._built |= set(missing)

    def _stages(self, missing: Sequence[str]) -> list[Sequence[str]]:
        """Return what is built by one command each: what makes sources first, where dbt itself cannot be told of it."""
        makers = self._project.view().makers
        if self._project.orders_makers or not makers:
            return [missing]
        first = {*ancestors(self._project.nodes_manifest, [*makers.values()], makers)}
        return [[at for at in missing if at in first], [at for at in missing if at not in first]]

    def _build_in(self, dbt: Dbt, wanted: Sequence[str]) -> None:
        """Build these nodes and no others."""
        manifest = self._project.nodes_manifest
        if wanted:
            dbt.perform(request_nodes("build", [manifest.nodes[at] for at in wanted]))

    def _absent_sources(self, wanted: Sequence[str]) -> list[str]:
        """Return the sources that a test depends on and that are not there, in the embedded database."""
        if not self._project.profile.embedded:
            return []
        manifest = self._project.nodes_manifest
        makers = self._project.view().makers
        there = {*makers, *self._fixtures}
        found = [at for at in ancestors(manifest, wanted, makers) if at in manifest.sources and at not in there]
        sources = [manifest.sources[at] for at in found]
        return sorted(f"{source.source_name}.{source.name}" for source in sources if not _reads_a_file(source))


def _run(dbt: Dbt, node: Any) -> DbtNode:
    """Run this test and no other."""
    return dbt.perform(request_nodes("test", [node])).nodes[node.unique_id]


def _inputs(manifest: Any, unit_test: Any) -> list[str]:
    """Return what the model of a unit test reads."""
    models = list(unit_test.depends_on.nodes)
    own = models if any(is_this(given) and given.format != "sql" for given in unit_test.given) else []
    return [*(parent for model in models for parent in manifest.nodes[model].depends_on.nodes), *own]


def _reads_a_file(source: Any) -> bool:
    """Return whether DuckDB reads a source from files of its own, so that it needs no table."""
    return any(key in meta for meta in metas_of(source) for key in FILE_KEYS)
