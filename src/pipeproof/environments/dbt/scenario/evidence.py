"""What a test did with dbt, as records for the report.

`dbt.project`, once a process, is what the project consists of::

    {"project", "path", "adapter", "target", "nodes": [{"id", "name", "type", "materialized", "file",
     "depends_on": [id], "tests", "columns": [name]}],
     "checks": [{"id", "name", "file", "node": id, "column"}]}

where `tests` counts the project's own tests of the node, which `checks` are. `dbt.run` is one command::

    {"command", "select", "schema", "duration", "given": [id], "nodes": [{"id", "name", "type", "status", "duration",
     "started", "rows", "message", "file", "relation", "materialized", "incremental"}]}

where `incremental` says whether an incremental model added to what was there. `dbt.expect` is one comparison::

    {"id", "columns": [name]}
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from pipeproof.environments.dbt.requests import Request
from pipeproof.environments.dbt.result import DbtNode, DbtResult
from pipeproof.environments.dbt.session.project import DbtProject


def describe_run(
    project: DbtProject,
    schema: str,
    request: Request,
    result: DbtResult,
    given: Iterable[str],
    there: Collection[str] = (),
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the records for one command: the project's, the first time, and the command's own.

    Args:
        project: The project.
        schema: The test's schema.
        request: The command.
        result: What it came to.
        given: What stands in.
        there: The unique ids of what had rows before.
    """
    if project.describe_once():
        yield (
            "dbt.project",
            {
                "project": project.name,
                "path": str(project.path),
                "adapter": project.adapter,
                "target": project.profile.target,
                "nodes": project.nodes,
                "checks": project.checks,
            },
        )
    yield (
        "dbt.run",
        {
            "command": request.command,
            "select": request.criteria,
            "schema": schema,
            "duration": round(result.duration, 6),
            "given": sorted(given),
            "nodes": [
                {
                    "id": node.unique_id,
                    "name": node.name,
                    "type": node.resource_type,
                    "status": node.status,
                    "duration": round(node.duration, 6),
                    "started": node.started,
                    "rows": node.rows_affected if node.rows_affected is not None else node.failures,
                    "message": node.message,
                    "file": str(node.file.relative_to(project.path)) if node.file else None,
                    "relation": node.relation,
                    "materialized": node.materialized,
                    "incremental": _adds(node, request, there),
                }
                for node in result.nodes.values()
            ],
        },
    )


def _adds(node: DbtNode, request: Request, there: Collection[str]) -> bool | None:
    """Return whether a model added to what was there; None of what is not incremental."""
    if node.materialized != "incremental":
        return None
    return node.unique_id in there and not request.full_refresh
