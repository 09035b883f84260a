"""A parsed project to look at, and what of the environment it depends on."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from pipeproof import environ
from pipeproof.environments.dbt.project import manifest as manifests
from pipeproof.variables import DBT_SCHEMA


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The environment's variables that a project looked at while it was parsed.

    Args:
        names: Their names.
        digest: What stands for their values, which are written nowhere.
    """

    names: tuple[str, ...] = ()
    digest: str = ""

    @classmethod
    def of(cls, names: Iterable[str]) -> "Surroundings":
        """What the variables are now."""
        known = tuple(sorted({*names} - {DBT_SCHEMA}))
        return cls(known, _digest(known))

    def hold(self) -> bool:
        """Whether they are still what they were."""
        return _digest(self.names) == self.digest


def _digest(names: Iterable[str]) -> str:
    return sha256(json.dumps([environ.get(name) for name in names]).encode()).hexdigest()


class View:
    """A project as it was parsed with some variables and in some environment; each fact is found out once.

    Args:
        parsed: The parsed project.
        variables: As `--vars`.
        adapter: The adapter's type.
        find_escapes: Finds what names another schema to write to.
    """

    def __init__(
        self,
        parsed: Any,
        variables: Mapping[str, Any],
        adapter: str,
        find_escapes: Callable[[Any], Mapping[str, str]],
    ) -> None:
        self.parsed = parsed
        self.variables = variables
        self._adapter = adapter
        self._find_escapes = find_escapes

    @cached_property
    def manifest(self) -> Any:
        """dbt's manifest as it was parsed, to look at."""
        return self.parsed.copy()

    @cached_property
    def names(self) -> Mapping[str, Any]:
        """Nodes and sources by the names that a test may use."""
        return _index_names(self.manifest)

    @cached_property
    def escapes(self) -> Mapping[str, str]:
        """The nodes and hooks that name another schema to write to, with what they write."""
        return self._find_escapes(self.manifest)

    @cached_property
    def uses_graph(self) -> bool:
        """Whether something of the project looks at dbt's `graph` variable."""
        return manifests.uses_graph(self.manifest, self._adapter)

    @cached_property
    def lineage(self) -> list[Mapping[str, Any]]:
        """The nodes and sources for the report."""
        return manifests.lineage(self.manifest)


def _index_names(manifest: Any) -> dict[str, Any]:
    """Nodes and sources by the names that a test may use; the project's own before its packages'."""
    names: dict[str, Any] = {}
    own = manifest.metadata.project_name
    built = [node for node in manifest.nodes.values() if node.resource_type in manifests.BUILT_KINDS]
    for node in sorted(built, key=lambda node: (node.package_name != own, node.unique_id)):
        version = getattr(node, "version", None)
        if version is not None:
            names.setdefault(f"{node.name}.v{version}", node)
            if version != node.latest_version:
                continue
        names.setdefault(node.name, node)
        names.setdefault(f"{node.package_name}.{node.name}", node)
    for source in sorted(manifest.sources.values(), key=lambda source: (source.package_name != own, source.unique_id)):
        names.setdefault(f"{source.source_name}.{source.name}", source)
    return names
