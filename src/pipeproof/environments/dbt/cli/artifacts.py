"""dbt's artifacts, read as the objects that its Python parts would give."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.identity import spell_out
from pipeproof.environments.dbt.result import DbtNode, NodesByName, find_file


class Facts(dict[str, Any]):
    """A JSON object whose fields are attributes too, as the nodes of dbt's manifest have them."""

    def __getattr__(self, name: str) -> Any:
        for key in (name, name.replace("_", "-")):
            if key in self:
                return self[key]
        raise AttributeError(name)

    @property
    def depends_on_nodes(self) -> Sequence[str]:
        """What a node is made of."""
        return list(self.get("depends_on", {}).get("nodes", ()))


def read_facts(path: Path) -> Facts:
    """An artifact."""
    found: Facts = json.loads(path.read_text(encoding="utf-8"), object_hook=Facts)
    return found


def read_run_results(path: Path, manifest: Facts, project_dir: Path) -> NodesByName:
    """The nodes of `run_results.json`."""
    results = read_facts(path).results if path.is_file() else ()
    return NodesByName(_read_result(result, manifest, project_dir) for result in results)


def _read_result(result: Facts, manifest: Facts, project_dir: Path) -> DbtNode:
    node = manifest.nodes.get(result.unique_id) or manifest.unit_tests.get(result.unique_id) or Facts()
    affected = (result.get("adapter_response") or {}).get("rows_affected")
    return DbtNode(
        name=str(node.get("name") or result.unique_id.split(".", 2)[-1]),
        unique_id=result.unique_id,
        resource_type=result.unique_id.split(".")[0],
        status=str(result.status),
        rows_affected=affected if isinstance(affected, int) and affected >= 0 else None,
        message=str(result.get("message") or ""),
        duration=float(result.get("execution_time") or 0.0),
        file=find_file(node, project_dir),
        compiled=result.get("compiled_code"),
        failures=result.get("failures"),
        relation=result.get("relation_name"),
        materialized=(node.get("config") or {}).get("materialized"),
        longer_names=spell_out(node) if node else (),
    )
