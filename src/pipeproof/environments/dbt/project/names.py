"""What a test calls the nodes and sources of a project: three spaces of names, and a rule where they meet.

A name with a dot is a source's first (`raw.orders`), then a version's (`dim.v1`) or a package's node (`shop.orders`); a
plain one is the project's own node before a package's, and its latest version. `source:` and `model:` say which space
is meant, as in dbt's selections; a `unique_id` is a name too.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from pipeproof.environments.dbt.errors import DbtNameError
from pipeproof.environments.dbt.identity import spell_out, tell_apart
from pipeproof.environments.dbt.project import mistakes
from pipeproof.environments.dbt.project.manifest import BUILT_KINDS

_KINDS = {"source": {"source"}, "model": BUILT_KINDS, "seed": {"seed"}, "snapshot": {"snapshot"}}
"""What stands behind a prefix; `model:` is whatever `ref` finds."""


class Names:
    """The names of one project.

    Args:
        manifest: The project.
    """

    def __init__(self, manifest: Any) -> None:
        self._manifest = manifest
        built = [node for node in manifest.nodes.values() if node.resource_type in BUILT_KINDS]
        self._named: dict[str, list[Any]] = {}
        for node in (*built, *manifest.sources.values()):
            for name in spell_out(node):
                if ":" not in name:
                    self._named.setdefault(name, []).append(node)

    def __iter__(self) -> Iterator[str]:
        """Return all names but the unique ids, for suggestions."""
        return (name for name, nodes in self._named.items() if name != nodes[0].unique_id)

    def find(self, name: object) -> Any:
        """Return the node or source of a name.

        Raises:
            DbtNameError: There is none, or there are several.
        """
        if not isinstance(name, str):
            raise mistakes.unknown_name(name, self, self._manifest)
        kind, _, plain = name.rpartition(":")
        if kind and kind not in _KINDS:
            raise DbtNameError(
                f"{name!r}: there is no kind {kind!r}", hint=f"say {', '.join(f'{one}:' for one in _KINDS)}"
            )
        fitting = self._fitting(plain, kind)
        if not fitting:
            raise mistakes.unknown_name(name, self, self._manifest)
        if len(fitting) > 1:
            ways = ", ".join(self.spell(node.unique_id) for node in fitting)
            raise DbtNameError(f"{name!r} is the name of several", hint=f"say which one: {ways}")
        return fitting[0]

    def __contains__(self, name: object) -> bool:
        kind, _, plain = name.rpartition(":") if isinstance(name, str) else ("?", "", "")
        return bool(self._fitting(plain, kind))

    def spell(self, unique_id: str) -> str:
        """Return the shortest name under which a node or source is found."""
        return self._spellings.get(unique_id, unique_id)

    @cached_property
    def _spellings(self) -> dict[str, str]:
        everything = {node.unique_id: node for nodes in self._named.values() for node in nodes}
        apart = tell_apart(everything.values(), spell_out)
        longer = {node.unique_id: name for name, node in apart.items()}

        def shortest(node: Any) -> str:
            names = (name for name in spell_out(node) if self._is_found(name, node))
            return next(names, longer[node.unique_id])

        return {unique_id: shortest(node) for unique_id, node in everything.items()}

    def _is_found(self, name: str, node: Any) -> bool:
        kind, _, plain = name.rpartition(":")
        version = getattr(node, "version", None)
        if version is not None and plain.rsplit(".", 1)[-1] == node.name:
            return False  # of a version the name alone is too little
        return [found.unique_id for found in self._fitting(plain, kind)] == [node.unique_id]

    def _fitting(self, name: str, kind: str) -> list[Any]:
        """Return what a name stands for: one thing, none, or several that nothing tells apart."""
        kinds = _KINDS.get(kind, set() if kind else {"source", *BUILT_KINDS})
        found = [node for node in self._named.get(name, ()) if node.resource_type in kinds]
        sources = [node for node in found if node.resource_type == "source"]
        own = [node for node in sources or found if node.package_name == self._manifest.metadata.project_name]
        fitting = own or sources or found
        latest = [node for node in fitting if getattr(node, "version", None) == getattr(node, "latest_version", None)]
        return latest if latest and len(fitting) > 1 else fitting
