"""A parsed project to look at, and what of the environment it depends on."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipeproof import environ
from pipeproof.environments.dbt.project import manifest as manifests
from pipeproof.environments.dbt.project.fixtures import find_fixtures
from pipeproof.environments.dbt.project.names import Names
from pipeproof.environments.dbt.project.sources import find_makers
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
        """Return what the variables are now."""
        known = tuple(sorted({*names} - {DBT_SCHEMA}))
        return cls(known, _digest(known))

    def hold(self) -> bool:
        """Return whether they are still what they were."""
        return _digest(self.names) == self.digest


def _digest(names: Iterable[str]) -> str:
    return sha256(json.dumps([environ.get(name) for name in names]).encode()).hexdigest()


class View:
    """A project as it was parsed with some variables and in some environment; each fact is found out once.

    Args:
        parsed: The parsed project.
        variables: As `--vars`.
        adapter: The adapter's type.
        target_schema: What the project's profile calls the target's schema, where that is known.
        find_escapes: Finds what names another schema to write to.
    """

    def __init__(
        self,
        parsed: Any,
        variables: Mapping[str, Any],
        adapter: str,
        target_schema: str | None,
        find_escapes: Callable[[Any], Mapping[str, str]],
    ) -> None:
        self.parsed = parsed
        self.variables = variables
        self._adapter = adapter
        self._target_schema = target_schema
        self._find_escapes = find_escapes

    @cached_property
    def manifest(self) -> Any:
        """dbt's manifest as it was parsed, to look at."""
        return self.parsed.copy()

    @cached_property
    def names(self) -> Names:
        """The names that a test may use for nodes and sources."""
        return Names(self.manifest)

    @cached_property
    def escapes(self) -> Mapping[str, str]:
        """The nodes and hooks that name another schema to write to, with what they write."""
        return self._find_escapes(self.manifest)

    @cached_property
    def makers(self) -> Mapping[str, str]:
        """The sources that the project builds itself, with what builds them."""
        return find_makers(self.manifest, self._target_schema)

    def fixtures(self, project_dir: Path) -> Mapping[str, Path]:
        """Return the files with rows of the project's sources, by the sources' unique ids."""
        return find_fixtures(self.manifest, project_dir)

    @cached_property
    def uses_graph(self) -> bool:
        """Whether something of the project looks at dbt's `graph` variable."""
        return manifests.uses_graph(self.manifest, self._adapter)

    @cached_property
    def lineage(self) -> list[Mapping[str, Any]]:
        """The nodes and sources for the report."""
        return manifests.lineage(self.manifest)
