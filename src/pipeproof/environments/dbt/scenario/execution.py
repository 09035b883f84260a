"""One command of dbt's, run in this process for one test: with its manifest, under a guard."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeproof.environments.dbt.guard.watch import Guard, refusal
from pipeproof.environments.dbt.in_process import runner
from pipeproof.environments.dbt.in_process.graph import LazyGraph
from pipeproof.environments.dbt.in_process.patches.contents import Known
from pipeproof.environments.dbt.in_process.patches.dialects import Translation
from pipeproof.environments.dbt.log import Log
from pipeproof.environments.dbt.project import manifest as manifests
from pipeproof.environments.dbt.project.sources import move_sources, order_by_makers, redirect_source
from pipeproof.environments.dbt.requests import Request, names_outright, write_arguments, write_listing
from pipeproof.environments.dbt.result import NodesByName, read_nodes
from pipeproof.environments.dbt.scenario.ran import Ran
from pipeproof.environments.dbt.scenario.unproven import mark_unproven
from pipeproof.environments.dbt.session.project import DbtProject
from pipeproof.environments.dbt.session.schemas import Schemas

_TESTLESS = {"run", "seed", "snapshot"}
"""The commands that run no tests."""


def execute(project: DbtProject, request: Request, schemas: Schemas, created: set[str]) -> Ran:
    """Let dbt run a command.

    Args:
        project: The project.
        request: The command.
        schemas: The test's schemas.
        created: The unqualified names that the test itself has created so far; what this creates is added.

    Raises:
        DbtRefusedError: A hook names another schema to write to; nothing has run.
    """
    manifest = make_manifest(project, request, schemas)
    arguments = write_arguments(request, project.folder)
    if request.text and not request.only:
        arguments += ["--inline", request.text]
    for unique_id in request.only if request.text else ():
        manifest.nodes[unique_id].raw_code = request.text
    _refuse_escapes(project, request, arguments, manifest, schemas.own)
    schemas.make()
    database = str(project.live_adapter().config.credentials.database)
    files = project.folder / "external"
    guard = Guard(
        schemas.own, database, created, files, unqualified=project.puts_unqualified, throwaway=project.profile.embedded
    )
    known = Known(schemas.names, schemas.warehouse.relations)
    log = Log(print)  # to where pytest captures what the test itself prints

    def hear(event: Any) -> None:
        guard(event)
        log(event)

    runs = request.command != "compile" or request.runs
    translation = Translation(project.dialect) if project.dialect and runs else None
    outcome = runner.invoke(
        project.folders, arguments, manifest, schemas.own, hear, known, request.only, translation, schemas.clock
    )
    schemas.warehouse.share()
    schemas.names |= guard.schemas
    nodes = read_nodes(getattr(outcome.result, "results", None), manifest, project.path)
    nodes = _add_reasons(nodes, log.batches)
    unproven = translation.unproven if translation is not None else {}
    if translation is not None:
        nodes = mark_unproven(nodes, unproven)
    return Ran(manifest, nodes, outcome.exception, guard.unmatched, guard.refused, log.said, log.wrong, unproven)


def _add_reasons(nodes: NodesByName, batches: Mapping[str, Sequence[str]]) -> NodesByName:
    """Nodes with why their batches failed: dbt's results say no more than that some did."""
    if not batches:
        return nodes
    return NodesByName(
        replace(node, message="\n".join((node.message, *batches.get(node.unique_id, ())))) for node in nodes.values()
    )


def make_manifest(project: DbtProject, request: Request, schemas: Schemas) -> Any:
    """Return the project as the invocation sees it: in the test's schemas, with what stands in."""
    manifest = project.copy_manifest(request.vars, tests=request.command not in _TESTLESS, only=request.only)
    adapter = project.live_adapter()
    manifests.move_nodes(manifest, adapter, schemas.own)
    makers = project.view(request.vars).makers
    move_sources(manifest, adapter, schemas.own, makers)
    if request.only:
        order_by_makers(manifest, makers)
    manifests.move_files(manifest, project.folder / "external")
    for unique_id, relation in schemas.given.items():
        node = manifest.nodes.get(unique_id)
        if unique_id in manifest.sources:
            redirect_source(manifest, adapter, unique_id, relation)
        elif node is not None and (request.command == "test" or not names_outright(request, node)):
            manifests.stand_in(manifest, unique_id, relation)
    if request.command in {"run", "build"}:
        manifests.build_ephemerals(
            manifest, lambda node: node.unique_id not in schemas.given and names_outright(request, node)
        )
    manifest.flat_graph = LazyGraph(manifest)
    return manifest


def _refuse_escapes(
    project: DbtProject, request: Request, arguments: Sequence[str], manifest: Any, schema: str
) -> None:
    """Refuse, before anything runs, hooks that name another schema to write to."""
    escapes = project.view(request.vars).escapes
    if not escapes:
        return
    listing = write_listing(arguments)
    listed = runner.invoke(project.folders, listing, manifest, schema, lambda _event: None)
    selected = {json.loads(line)["unique_id"] for line in listed.result or ()}
    for unique_id, write in escapes.items():
        hook = unique_id.startswith("operation.")
        if hook and project.profile.embedded:
            continue  # the guard sees what it writes to
        runs_always = hook and request.command != "compile"
        if runs_always or unique_id in selected:
            raise refusal([(unique_id.split(".", 2)[-1], write)], schema)
