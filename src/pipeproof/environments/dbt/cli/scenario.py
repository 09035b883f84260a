"""One test's dbt by the command line; see [cli_project][pipeproof.environments.dbt.cli.project]."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Any, cast

from pipeproof.environments.dbt.cli.artifacts import read_manifest, read_results
from pipeproof.environments.dbt.cli.project import CliProject
from pipeproof.environments.dbt.comparison.difference import render_difference
from pipeproof.environments.dbt.comparison.tables import compare_tables
from pipeproof.environments.dbt.errors import DbtOptionError
from pipeproof.environments.dbt.guard.watch import refusal
from pipeproof.environments.dbt.project.profile import PARSE_SCHEMA
from pipeproof.environments.dbt.project.unit_inputs import find_inputs, is_rows
from pipeproof.environments.dbt.requests import TEXT, Request, names_outright, write_arguments, write_listing
from pipeproof.environments.dbt.result import DbtNode, NodesByName
from pipeproof.environments.dbt.run_names import place_schema
from pipeproof.environments.dbt.scenario.ran import Ran
from pipeproof.environments.dbt.scenario.scenario import Dbt
from pipeproof.variables import DBT_SCHEMAS, DBT_SOURCES

_WRITES_OTHERS = {"build", "seed", "snapshot"}
"""The commands that would build a seed or a snapshot that a table stands in for."""


_CLOCK = re.compile(r"\brun_started_at\b|\bmodules\s*\.\s*datetime\b")
"""What asks for the time while text is rendered."""


class CliDbt(Dbt):
    """The project in an isolated schema; see [Dbt][pipeproof.environments.dbt.scenario.scenario.Dbt]."""

    def at(self, moment: str | date | datetime | None) -> None:
        """Let it be a time in SQL; a project that asks Jinja or microbatches for it is refused.

        Raises:
            DbtOptionError: It is no time, or the project takes the time from the machine that dbt runs on.
        """
        __tracebackhide__ = True
        if moment is not None and (found := find_clock(self._view.manifest)):
            raise DbtOptionError(
                f"dbt.at: {found} takes the time from the machine, as this dbt is a program of its own",
                hint="install dbt-core<2, which runs in the test's process, or give the time as a variable",
            )
        super().at(moment)

    @property
    def _cli(self) -> CliProject:
        return cast("CliProject", self.project)

    def _execute(self, request: Request) -> Ran:
        """Let dbt run a command, in a process of its own."""
        if request.command in {"build", "test"}:
            self._cli.check_tests()
        manifest = self._cli.parsed(request.vars).copy()
        given = {at: manifest.nodes[at] for at in self._given if at in manifest.nodes}
        kept = {
            at: node for at, node in given.items() if request.command == "test" or not names_outright(request, node)
        }
        models = [(node, self._given[at].identifier) for at, node in kept.items() if node.resource_type == "model"]
        others = [node.name for node in kept.values() if node.resource_type != "model"]
        arguments = write_arguments(request, self.project.folder)
        if others and request.command in _WRITES_OTHERS:
            arguments += ["--exclude", *others]
        views = [
            node for at, node in manifest.nodes.items()
            if names_outright(request, node) and at not in given and request.command in {"run", "build"}
            and node.resource_type == "model" and node.config.materialized == "ephemeral"
        ]  # fmt: skip
        if request.text and not request.only:
            arguments += ["--select", TEXT]
        inside = next((manifest.nodes[at] for at in request.only), None) if request.text else None
        with self._cli.changed(models, views, self._cli.external(manifest, self.schema), request.text, inside):
            self._refuse_escapes(request, arguments)
            self._schemas.make()
            self._warehouse.close()
            outcome = self._cli.run_dbt(arguments, self.schema, self._variables(manifest))
            self._warehouse.share()
        for text in outcome.said:
            print(text)  # to where pytest captures what the test itself prints
        written = self.project.folders.target / "manifest.json"
        manifest = read_manifest(written, self.project.path) if written.is_file() else manifest
        ran = read_results(self.project.folders.target, manifest, outcome, self.project.path)
        nodes = NodesByName(
            self._refute(self._explain(node), manifest)
            for node in ran.values()
            if (node.unique_id not in kept or node.resource_type != "model")
            and (not request.only or node.unique_id in request.only or node.resource_type == "operation")
        )
        unmatched = [_spell(criterion, request) for criterion in outcome.unmatched if criterion not in others]
        if self._cli.is_second and request.exclude:
            unmatched = []  # it says so too of what matches and is left out
        return Ran(
            manifest,
            nodes,
            None if any(node.broken for node in ran.values()) else outcome.exception,
            unmatched or list(self._find_unmatched(request, manifest)),
            said=outcome.said,
        )

    def _explain(self, node: DbtNode) -> DbtNode:
        """Return a failing unit test with what differs, where dbt does not say: version 2 keeps it to itself."""
        if node.resource_type != "unit_test" or node.status != "fail" or node.message or not node.compiled:
            return node
        with suppress(Exception):
            rows = self._warehouse.read_table(node.compiled)
            sides = {side: _side(rows, side) for side in ("actual", "expected")}
            difference = compare_tables(sides["actual"], sides["expected"], typed=True)
            if difference is not None:
                words = f"actual differs from expected:\n\n{render_difference(node.name, difference)}"
                return replace(node, message=words)
        return node

    def _refute(self, node: DbtNode, manifest: Any) -> DbtNode:
        """Return a unit test as failed that gives a column which its input has not: version 2 leaves it out."""
        test = manifest.unit_tests.get(node.unique_id)
        if node.status != "pass" or test is None or not self._cli.is_second:
            return node
        parsed = self.project.nodes_manifest
        for at, given in find_inputs(parsed, parsed.unit_tests[node.unique_id]):
            known = {name.lower() for name in self.column_types(at)}
            for name in (name for row in given.rows or () if is_rows(given) for name in row):
                if known and name.lower() not in known:
                    model = parsed.sources.get(at) or parsed.nodes[at]
                    words = f"Invalid column name: {name!r} in unit test fixture for {model.name!r}"
                    return replace(node, status="error", message=words)
        return node

    def _find_unmatched(self, request: Request, manifest: Any) -> Iterator[str]:
        """Yield the parts of a selection that match nothing, which version 2 says only where all of it does."""
        if not self._cli.is_second or len(request.criteria) < 2:
            return
        known = [*manifest.nodes.values(), *manifest.sources.values(), *manifest.unit_tests.values()]
        for criterion in request.criteria:
            alone = replace(request, select=criterion, exclude=None, selector=None)
            if not any(names_outright(alone, node) for node in known) and not self._list(
                write_arguments(alone, self.project.folder)
            ):
                yield criterion

    def _list(self, arguments: Sequence[str]) -> set[str]:
        """Return the unique ids of what a command line selects."""
        listed = self._cli.run_dbt(write_listing(arguments), self.schema, {})
        return {json.loads(line)["unique_id"] for line in listed.lines if line.startswith('{"unique_id"')}

    def _refuse_escapes(self, request: Request, arguments: Sequence[str]) -> None:
        """Refuse, before anything runs, what says that it writes elsewhere; version 2 runs hooks for `compile` too."""
        compiles = request.command == "compile"
        escapes = self.project.view(request.vars).escapes if not compiles or self._cli.is_second else {}
        selected = self._list(arguments) if escapes and not compiles else set()
        for unique_id, write in escapes.items():
            if unique_id.startswith("operation.") or unique_id in selected:
                raise refusal([(unique_id.split(".", 2)[-1], write)], self.schema)

    def _variables(self, manifest: Any) -> dict[str, str]:
        """Return what the copy's macros are told of this test."""
        places = {
            at: self._given.get(at) or self._schemas.source_place(source) for at, source in manifest.sources.items()
        }
        sources = {
            f"{manifest.sources[at].source_name}.{manifest.sources[at].name}": [place.schema, place.identifier]
            for at, place in places.items()
            if place is not None
        }
        schemas = {}
        for original, of_ours in {(str(node.schema).lower(), node.placed) for node in manifest.nodes.values()}:
            if of_ours or original.startswith(PARSE_SCHEMA):  # any other is written out, and refused
                ending = f"_{original}" if of_ours else original[len(PARSE_SCHEMA) :]
                placed = f"{self.schema}{ending}"
                schemas[placed] = place_schema(original, PARSE_SCHEMA, self.schema)
        changed = {placed: short for placed, short in schemas.items() if placed != short}
        return {DBT_SOURCES: json.dumps(sources), DBT_SCHEMAS: json.dumps(changed)}


def find_clock(manifest: Any) -> str | None:
    """Return the file that asks Jinja for the time or has microbatches; None where none does."""
    for macro in manifest.macros.values():
        if macro.package_name not in {"dbt", "dbt_duckdb"} and _CLOCK.search(macro.macro_sql):
            return str(macro.original_file_path)
    for node in manifest.nodes.values():
        if _CLOCK.search(node.raw_code or "") or node.config.get("incremental_strategy") == "microbatch":
            return str(node.original_file_path)
    return None


def _side(rows: Any, side: str) -> Any:
    """One side of a unit test's rows, which are told apart by their last column."""
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    *names, told = rows.column_names
    return rows.filter(pc.equal(rows.column(told), side)).select(names)


def _spell(criterion: str, request: Request) -> str:
    """Return a criterion as the test wrote it: version 2 writes out the method."""
    plain = criterion.replace("fqn:", "")
    return next((given for given in request.criteria if given.replace("fqn:", "") == plain), criterion)
