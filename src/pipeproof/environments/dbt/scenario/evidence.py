"""What a test did with dbt, as records for the report.

`dbt.project`, once a process, is what the project consists of::

    {"project", "path", "adapter", "target", "nodes": [{"id", "name", "type", "materialized", "file",
     "depends_on": [id], "tests"}]}

where `tests` counts the project's own tests of the node. `dbt.run` is one command::

    {"command", "select", "schema", "duration", "given": [id], "nodes": [{"id", "name", "type", "status", "duration",
     "rows", "message", "file", "relation", "materialized"}]}
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeproof.environments.dbt.requests import Request
from pipeproof.environments.dbt.result import DbtResult
from pipeproof.environments.dbt.session.project import DbtProject


def describe_run(
    project: DbtProject, schema: str, request: Request, result: DbtResult, given: Iterable[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the records for one command: the project's, the first time, and the command's own."""
    if project.describe_once():
        yield (
            "dbt.project",
            {
                "project": project.name,
                "path": str(project.path),
                "adapter": project.adapter,
                "target": project.profile.target,
                "nodes": project.nodes,
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
                    "rows": node.rows_affected if node.rows_affected is not None else node.failures,
                    "message": node.message,
                    "file": str(node.file.relative_to(project.path)) if node.file else None,
                    "relation": node.relation,
                    "materialized": node.materialized,
                }
                for node in result.nodes.values()
            ],
        },
    )
