"""dbt's artifacts, read as the objects that its Python parts would give: those of version 1 and those of version 2.

What is there is taken, whatever the version: version 2 leaves out fields that are null, says of nodes little more than
their status, and has no results of `compile`; the rest is in its log, in `target/compiled`, or in the manifest.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.cli.log import CliOutcome, Hook
from pipeproof.environments.dbt.identity import spell_out
from pipeproof.environments.dbt.result import DbtNode, NodesByName, find_file

_MAPPINGS = {
    "columns",
    "config",
    "contract",
    "depends_on",
    "disabled",
    "functions",
    "meta",
    "quoting",
    "source_meta",
    "unit_tests",
}
_LISTS = {"constraints", "given"}
_BARE = {"", "error", "fail", "no-op", "pass", "skipped", "succeeded", "success", "warn"}
"""Messages of version 2 that repeat the status."""


class Facts(dict[str, Any]):
    """A JSON object whose fields are attributes too, as the nodes of dbt's manifest have them; absent ones are null."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        for key in (name, name.replace("_", "-")):
            if key in self:
                return self[key]
        return Facts() if name in _MAPPINGS else [] if name in _LISTS else None

    @property
    def depends_on_nodes(self) -> Sequence[str]:
        """What a node is made of."""
        return list(self.depends_on.get("nodes") or ())


def read_manifest(path: Path, project_dir: Path) -> Facts:
    """Return the manifest, with the rows of unit tests as version 1 has them: a list, however they are written."""
    manifest = read_facts(path)
    for test in manifest.unit_tests.values():
        for part in (*test.given, test.expect):
            if part and part.format == "csv" and not isinstance(part.rows, list):
                part["rows"] = _read_rows(part, project_dir)
    return manifest


def _read_rows(part: Facts, project_dir: Path) -> list[dict[str, str | None]]:
    """Return the rows of a part of a unit test, written as CSV, or in a file of `tests/fixtures`."""
    text = part.rows
    if text is None:
        file = next(iter(sorted(project_dir.glob(f"**/fixtures/**/{part.fixture}.csv"))), None)
        text = file.read_text(encoding="utf-8-sig") if file is not None else ""
    rows = csv.DictReader(str(text).strip().splitlines())
    return [{name: value or None for name, value in row.items()} for row in rows]


def read_facts(path: Path) -> Facts:
    """Return an artifact."""
    found: Facts = json.loads(path.read_text(encoding="utf-8"), object_hook=Facts)
    return found


def read_results(target: Path, manifest: Facts, outcome: CliOutcome, project_dir: Path) -> NodesByName:
    """Return what became of the nodes of an invocation.

    Args:
        target: Where dbt has written its artifacts.
        manifest: The project as it was run.
        outcome: What dbt said.
        project_dir: The project.
    """
    path = target / "run_results.json"
    found = read_facts(path).results if path.is_file() else []
    told = [] if found else [Facts(unique_id=at) for at in outcome.statuses]  # of `compile`
    results = [*found, *told, *_read_hooks(outcome.hooks, {result.unique_id for result in found})]
    hooked = any(hook.status == "error" for hook in outcome.hooks.values())
    nodes = []
    for result in results:
        if hooked and "operation" not in result.unique_id:
            # Version 2 takes a failing hook for the failure of each node, those included that were built.
            result |= {"status": outcome.statuses.get(result.unique_id, "skipped")}
        result.setdefault("status", outcome.statuses.get(result.unique_id, "success"))
        places = (manifest.nodes, manifest.unit_tests, manifest.functions)
        node = next((place[result.unique_id] for place in places if result.unique_id in place), Facts())
        if result.status == "error" and str(result.message or "").lower() in _BARE:
            result["message"] = outcome.reasons.get(result.unique_id)  # version 2 has it of batches in its log alone
        nodes.append(_read_result(result, node, target, project_dir))
    return NodesByName(node for node in nodes if node.broken or node.materialized != "ephemeral" or told)


def _read_hooks(hooks: Mapping[str, Hook], known: set[str]) -> Iterator[Facts]:
    """Yield the hooks that the results leave out, as results."""
    for unique_id, hook in hooks.items():
        if unique_id not in known:
            yield Facts(unique_id=unique_id, status=hook.status, execution_time=hook.duration, message=hook.message)


def _read_result(result: Facts, node: Facts, target: Path, project_dir: Path) -> DbtNode:
    kind = str(result.unique_id).split(".")[0]
    status, message, failures = str(result.status), str(result.message or ""), result.failures
    if message.lower() in _BARE:
        if kind == "unit_test" and status == "error":  # as version 1 says it; what could not run has a message
            status = "fail"
        message = _explain(kind, status, failures, node)
    response = result.adapter_response or Facts()
    affected = response.rows_affected
    counts = isinstance(affected, int) and affected >= (
        0 if "_message" in response else 1
    )  # 0 of version 2 is "unknown"
    return DbtNode(
        name=str(node.name or result.unique_id.split(".", 2)[-1]),
        unique_id=result.unique_id,
        resource_type=kind,
        status=status,
        rows_affected=affected if counts else None,
        message=message,
        duration=float(result.execution_time or 0.0),
        file=find_file(node, project_dir),
        compiled=result.compiled_code or node.compiled_code or _find_compiled(target, node),
        failures=failures,
        relation=result.relation_name,
        materialized=node.config.materialized,
        longer_names=spell_out(node) if node else (),
    )


def _explain(kind: str, status: str, failures: int | None, node: Facts) -> str:
    """Return what version 1 would have said of a node."""
    if kind == "test" and failures and status in {"fail", "warn"}:
        limit = node.config.error_if if status == "fail" else node.config.warn_if
        return f"Got {failures} result{'s' if failures > 1 else ''}, configured to {status} if {limit or '!= 0'}"
    return ""


def _find_compiled(target: Path, node: Facts) -> str | None:
    """Return the SQL of a node in `target/compiled`: under the path of its own file, or under its name."""
    folder = target / "compiled" / str(node.package_name)
    path = folder / str(node.original_file_path)
    if path.suffix == ".sql" and path.is_file():
        return path.read_text(encoding="utf-8")
    found = (file for name in (node.alias, node.name) if name for file in sorted(folder.rglob(f"{name}.sql")))
    return next((file.read_text(encoding="utf-8") for file in found), None)
