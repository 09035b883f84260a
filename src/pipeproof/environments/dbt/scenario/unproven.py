"""What cannot be proven in the embedded database: a third verdict, with the construct and the line of the model."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.in_process.patches.dialects import Unproven
from pipeproof.environments.dbt.result import UNPROVEN, DbtNode, DbtResult, DbtUnproven, NodesByName, find_file
from pipeproof.environments.dbt.session.project import DbtProject
from pipeproof.errors import Location
from pipeproof.sql.rewriting import message_of, refusal_of

_SAID = "cannot be proven here"


def mark_unproven(nodes: NodesByName, unproven: dict[str, Unproven]) -> NodesByName:
    """Return nodes with the status of those that cannot be proven; what DuckDB met as it ran is noted too."""

    def mark(node: DbtNode) -> DbtNode:
        met = refusal_of(node.message)
        if met is not None and node.unique_id not in unproven:
            unproven[node.unique_id] = Unproven(met, "met as the query ran")
        if node.broken and node.unique_id in unproven:
            return replace(node, status=UNPROVEN, message=_write(unproven[node.unique_id]))
        own = message_of(node.message)
        return replace(node, message=own) if own is not None else node

    return NodesByName(mark(node) for node in nodes.values())


def raise_unproven(project: DbtProject, manifest: Any, result: DbtResult, unproven: Mapping[str, Unproven]) -> None:
    """Raise for nodes that cannot be proven, where no other failed.

    Raises:
        DbtUnproven: One cannot; the first one's line is its location, the others are named.
    """
    failed = [node for node in result.nodes.values() if node.broken and node.status != UNPROVEN]
    if failed or not unproven:
        return
    found = list(unproven.items())
    lines, first = [], None
    for at, what in found:
        node = manifest.nodes.get(at) or manifest.unit_tests.get(at)
        place = _locate(project.path, node, what) if node is not None else None
        first = first or place
        where = f"{place.file.relative_to(project.path)}:{place.line}" if place is not None else at
        lines.append(f"{where}: {_write(what).removeprefix(f'{_SAID}: ')}")
    text = f"{_SAID}, as {project.dialect} would run it: {lines[0]}"
    others = "".join(f"\nnor here: {line}" for line in lines[1:])
    raise DbtUnproven(f"{text}{others}", location=first, result=result)


def _write(unproven: Unproven) -> str:
    return f"{_SAID}: {unproven.what}{f' ({unproven.why})' if unproven.why else ''}"


def _locate(folder: Path, node: Any, unproven: Unproven) -> Location | None:
    """Return the line of a node's file: that which reads as the compiled one, else the only one that has the word."""
    file = find_file(node, folder)
    if file is None or not file.is_file() or not file.is_relative_to(folder):
        return None
    raw = file.read_text(encoding="utf-8").splitlines()
    text = unproven.text.splitlines()
    wanted = text[unproven.line - 1].strip() if unproven.line and unproven.line <= len(text) else ""
    word = re.escape(unproven.what.split()[-1].split("(")[0])
    lines = [at for at, line in enumerate(raw, 1) if wanted and wanted == line.strip()]
    if not lines:
        lines = [at for at, line in enumerate(raw, 1) if re.search(rf"(?<!\w){word}(?!\w)", line, re.IGNORECASE)]
    return Location(file, lines[0] if lines else 1)
