"""One test's dbt by the command line; see [cli_project][pipeproof.environments.dbt.cli.project]."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

from pipeproof.environments.dbt.cli.artifacts import read_facts, read_run_results
from pipeproof.environments.dbt.cli.project import CliProject
from pipeproof.environments.dbt.guard.watch import refusal
from pipeproof.environments.dbt.project.profile import PARSE_SCHEMA
from pipeproof.environments.dbt.requests import Request, names_outright, write_arguments, write_listing
from pipeproof.environments.dbt.result import NodesByName
from pipeproof.environments.dbt.run_names import is_inside, place_schema
from pipeproof.environments.dbt.scenario.ran import Ran
from pipeproof.environments.dbt.scenario.scenario import Dbt
from pipeproof.variables import DBT_SCHEMAS, DBT_SOURCES

_WRITES_OTHERS = {"build", "seed", "snapshot"}
"""The commands that would build a seed or a snapshot that a table stands in for."""


class CliDbt(Dbt):
    """The project in an isolated schema; see [Dbt][pipeproof.environments.dbt.scenario.scenario.Dbt]."""

    @property
    def _cli(self) -> CliProject:
        return cast("CliProject", self.project)

    def close(self) -> None:
        """Drop the test's schemas, with those that dbt made beside the first."""
        if self._schemas.made:
            with suppress(Exception):
                _, rows = self._warehouse.read("select schema_name from information_schema.schemata")
                self._schemas.names |= {str(name) for (name,) in rows if is_inside(str(name), self.schema)}
        super().close()

    def _execute(self, request: Request) -> Ran:
        """Let dbt run a command, in a process of its own."""
        manifest = self._cli.parsed(request.vars).copy()
        given = {at: manifest.nodes[at] for at in self._given if at in manifest.nodes}
        kept = {
            at: node for at, node in given.items() if request.command == "test" or not names_outright(request, node)
        }
        models = [node for node in kept.values() if node.resource_type == "model"]
        others = [node.name for node in kept.values() if node.resource_type != "model"]
        arguments = write_arguments(request, self.project.folder)
        if others and request.command in _WRITES_OTHERS:
            arguments += ["--exclude", *others]
        views = [
            node for at, node in manifest.nodes.items()
            if names_outright(request, node) and at not in given and request.command in {"run", "build"}
            and node.resource_type == "model" and node.config.materialized == "ephemeral"
        ]  # fmt: skip
        with self._cli.changed(models, views):
            self._refuse_escapes(request, arguments)
            self._schemas.make()
            self._warehouse.close()
            outcome = self._cli.run_dbt(arguments, self.schema, self._variables(manifest))
            self._warehouse.share()
        results = self.project.folders.target / "run_results.json"
        written = self.project.folders.target / "manifest.json"
        manifest = read_facts(written) if written.is_file() else manifest
        nodes = read_run_results(results, manifest, self.project.path)
        nodes = NodesByName(
            node
            for node in nodes.values()
            if (node.unique_id not in kept or node.resource_type != "model")
            and (not request.only or node.unique_id in request.only or node.resource_type == "operation")
        )
        return Ran(
            manifest,
            nodes,
            None if results.is_file() else outcome.exception,
            [criterion for criterion in outcome.unmatched if criterion not in others],
        )

    def _refuse_escapes(self, request: Request, arguments: Sequence[str]) -> None:
        """Refuse, before anything runs, what says that it writes elsewhere."""
        escapes = self.project.view(request.vars).escapes
        if not escapes or request.command == "compile":
            return
        listing = write_listing(arguments)
        listed = self._cli.run_dbt(listing, self.schema, {})
        selected = {json.loads(line)["unique_id"] for line in listed.lines if line.startswith('{"unique_id"')}
        for unique_id, write in escapes.items():
            if unique_id.startswith("operation.") or unique_id in selected:
                raise refusal([(unique_id.split(".", 2)[-1], write)], self.schema)

    def _variables(self, manifest: Any) -> dict[str, str]:
        """What the copy's macros are told of this test."""
        sources = {
            f"{source.source_name}.{source.name}": self._given[at].identifier
            for at, source in manifest.sources.items()
            if at in self._given
        }
        schemas = {}
        for node in manifest.nodes.values():
            placed = f"{self.schema}{str(node.get('schema') or PARSE_SCHEMA)[len(PARSE_SCHEMA) :]}"
            schemas[placed] = place_schema(str(node.get("schema") or PARSE_SCHEMA), PARSE_SCHEMA, self.schema)
        changed = {placed: short for placed, short in schemas.items() if placed != short}
        return {DBT_SOURCES: json.dumps(sources), DBT_SCHEMAS: json.dumps(changed)}
