"""A failed invocation as an error: what failed, with the database's words, on the line of the project's file."""

import re
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.errors import DbtFailed
from pipeproof.environments.dbt.lines import locate_node, locate_parse_error
from pipeproof.environments.dbt.project import DbtProject
from pipeproof.environments.dbt.result import DbtNode, DbtResult

_MISSING = re.compile(r"(?:does not exist|not found|unknown (?:table|relation))", re.IGNORECASE)


def explain_failure(
    project: DbtProject, manifest: Any, result: DbtResult, exception: BaseException | None
) -> DbtFailed:
    """The error for what failed first; the others are named."""
    broken = [node for node in result.nodes.values() if node.broken]
    if not broken:
        text = str(exception).strip() or type(exception).__name__
        error = DbtFailed(
            f"dbt {result.command}: {text}", location=locate_parse_error(text, project.path), result=result
        )
        error.__cause__ = exception
        return error
    first = broken[0]
    location, remark = locate_node(first, manifest, project.path)
    lines = [f"{first.resource_type} {first.name}: {_words(first)}"]
    if first.compiled:
        lines.append(f"compiled SQL: {_write_compiled(project.folder, first)}")
    if remark:
        lines.append(remark)
    lines += [f"{node.resource_type} {node.name} failed too: {_words(node).splitlines()[0]}" for node in broken[1:]]
    skipped = [node.name for node in result.nodes.values() if node.status == "skipped"]
    if skipped:
        lines.append(f"not run because of that: {', '.join(skipped)}")
    return DbtFailed("\n".join(lines), hint=_hint(manifest, first), location=location, result=result)


def _words(node: DbtNode) -> str:
    """What the database or dbt says, without the lines that we say better."""
    text = re.sub(r"^(?:Database|Runtime|Compilation) Error in .*$", "", node.message, flags=re.MULTILINE)
    text = re.sub(r"^\s*compiled code at .*$", "", text, flags=re.MULTILINE)
    return text.strip() or node.status


def _write_compiled(folder: Path, node: DbtNode) -> Path:
    path = folder / "compiled" / f"{node.unique_id}.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(node.compiled or "", encoding="utf-8")
    return path


def _hint(manifest: Any, node: DbtNode) -> str | None:
    """What to do when an input is not there: name the inputs that were neither built nor given."""
    if not _MISSING.search(node.message):
        return None
    found = manifest.nodes.get(node.unique_id)
    for parent in getattr(found, "depends_on_nodes", ()):
        source = manifest.sources.get(parent)
        other = manifest.nodes.get(parent)
        name = f"{source.source_name}.{source.name}" if source else getattr(other, "name", None)
        table = (source.identifier if source else getattr(other, "alias", None)) or ""
        if name and table.lower() in node.message.lower():
            return f'give it rows: dbt.given("{name}", […])' + (
                "" if source else f', or build it first: "+{node.name}"'
            )
    return None
