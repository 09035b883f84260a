"""What a dbt command came to, node by node; and the error for one that failed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import SkipTest

from pipeproof.environments.dbt.errors import DbtNodeError
from pipeproof.environments.dbt.identity import spell_out, tell_apart
from pipeproof.environments.dbt.packages import find_packages
from pipeproof.errors import Location, PipeproofError
from pipeproof.text import closest

UNPROVEN = "unproven"
"""The status of a node whose SQL cannot be run in the embedded database as the project's warehouse would."""

BROKEN = {"error", "fail", "runtime error", "partial success", UNPROVEN}
"""The statuses of nodes that did not do what they should."""


@dataclass(frozen=True, slots=True)
class DbtNode:
    """What became of a node.

    Args:
        name: Its name in the project.
        unique_id: dbt's name for it: `model.shop.orders`.
        resource_type: `model`, `seed`, `snapshot`, `test`, `unit_test`, `operation`.
        status: `success`, `pass`, `fail`, `warn`, `error`, `skipped`, `unproven`.
        rows_affected: How many rows the database says it wrote; `None` where it says nothing.
        message: What dbt says about it.
        duration: Seconds.
        started: When dbt began with it, in seconds since the epoch; `None` where it does not say.
        file: The file of the project that it comes from.
        compiled: Its SQL as it was sent.
        failures: How many rows a data test found.
        relation: Where it was built.
        materialized: How.
        longer_names: What tells it apart from others of its name: `dim.v1`, `shop.dim`, `orders.positive`.
    """

    name: str
    unique_id: str
    resource_type: str
    status: str
    rows_affected: int | None = None
    message: str = ""
    duration: float = 0.0
    started: float | None = None
    file: Path | None = None
    compiled: str | None = field(default=None, repr=False)
    failures: int | None = None
    relation: str | None = None
    materialized: str | None = None
    longer_names: tuple[str, ...] = field(default=(), repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it goes by, shortest first; the last one no other node has."""
        return (*dict.fromkeys((self.name, *self.longer_names, self.unique_id)),)

    @property
    def broken(self) -> bool:
        """Whether it did not do what it should."""
        return self.status in BROKEN


class NodesByName(Mapping[str, DbtNode]):
    """Nodes by the shortest name that each has for itself; they are found by their longer names and unique ids too.

    Args:
        nodes: The nodes.
    """

    def __init__(self, nodes: Iterable[DbtNode] = ()) -> None:
        self._nodes = tell_apart(nodes, lambda node: node.names)
        self._keys: dict[str, list[str]] = {}
        for key, node in self._nodes.items():
            for name in node.names:
                self._keys.setdefault(name, []).append(key)

    def __getitem__(self, name: str) -> DbtNode:
        keys = [name] if name in self._nodes else self._keys.get(name, [])
        if len(keys) == 1:
            return self._nodes[keys[0]]
        if keys:
            raise DbtNodeError(f"dbt ran several nodes of the name {name!r}", hint=f"say which one: {', '.join(keys)}")
        close = closest(str(name), self._nodes)
        hint = f"what ran is {', '.join(self._nodes) or 'nothing'}"
        raise DbtNodeError(f"dbt ran no {name!r}", hint=f"{hint}; did you mean {close}?" if close else hint)

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, name: object) -> bool:
        return name in self._keys

    def get(self, name: str, default: Any = None) -> Any:
        """As of any mapping; a name that several nodes have is an error here too."""
        return self[name] if name in self._keys else default

    def __repr__(self) -> str:
        return f"NodesByName({self._nodes!r})"


@dataclass(frozen=True, slots=True)
class DbtResult:
    """What a command ran.

    Args:
        command: `run`, `build`, `test`, ….
        nodes: By the shortest name that each has for itself: `orders`; `dim.v1` and `dim.v2`; `orders.positive` where
            another test is called so; `package.orders`.
        duration: Seconds, from the call to the result.
    """

    command: str
    nodes: Mapping[str, DbtNode]
    duration: float = 0.0

    @property
    def success(self) -> bool:
        """Whether every node did what it should."""
        return not any(node.broken for node in self.nodes.values())

    def __getitem__(self, name: str) -> DbtNode:
        return self.nodes[name]


class DbtFailed(PipeproofError):  # noqa: N818 - the interface's name
    """dbt, or a node that it ran, failed.

    Args:
        message: What failed, with the database's words.
        hint: What to do about it.
        location: The line of the project's file that is at fault.
        result: What ran, where it came so far.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        location: Location | None = None,
        result: DbtResult | None = None,
    ) -> None:
        super().__init__(message, hint=hint, location=location)
        self.result = result


class DbtUnproven(PipeproofError, SkipTest):  # noqa: N818 - neither passed nor failed
    """A node's SQL cannot be run in the embedded database as the project's warehouse would: it proves nothing.

    It is no [DbtFailed][]: a test that expects a failure has not seen one. It is a `unittest.SkipTest`, so that whoever
    runs the test skips it: it has neither passed nor failed.

    Args:
        message: The function or construct, and why.
        location: The line of the project's file.
        result: What ran, where it came so far.
    """

    def __init__(self, message: str, *, location: Location | None = None, result: DbtResult | None = None) -> None:
        super().__init__(message, location=location)
        self.result = result


def read_nodes(results: Any, manifest: Any, project_dir: Path) -> NodesByName:
    """Return the nodes of dbt's results."""
    return NodesByName(_read_node(result, manifest, project_dir) for result in results or ())


def _read_node(result: Any, manifest: Any, project_dir: Path) -> DbtNode:
    node = result.node
    declared = manifest.unit_tests.get(node.unique_id, node)  # a unit test that ran has its version in its name
    response = getattr(result, "adapter_response", None) or {}
    affected = response.get("rows_affected")
    config = getattr(node, "config", None)
    return DbtNode(
        name=declared.name,
        unique_id=node.unique_id,
        resource_type=str(node.resource_type),
        status=str(getattr(result, "status", "success")),
        rows_affected=affected if isinstance(affected, int) and affected >= 0 else None,
        message=str(getattr(result, "message", None) or ""),
        duration=float(getattr(result, "execution_time", 0.0) or 0.0),
        started=_find_start(getattr(result, "timing", None)),
        file=find_file(node, project_dir),
        compiled=getattr(node, "compiled_code", None),
        failures=getattr(result, "failures", None),
        relation=getattr(node, "relation_name", None),
        materialized=getattr(config, "materialized", None),
        longer_names=spell_out(declared),
    )


def _find_start(timing: Any) -> float | None:
    """Return when the first step of a node began; dbt's times are in UTC, also where they do not say it."""
    moments = [getattr(step, "started_at", None) for step in timing or ()]
    found = [datetime.fromisoformat(one) if isinstance(one, str) else one for one in moments if one]
    return min((one.replace(tzinfo=one.tzinfo or UTC).timestamp() for one in found), default=None)


def find_file(node: Any, project_dir: Path, path: str = "") -> Path | None:
    """The file that a node of the project, or of a package installed in it, comes from; `path` names another of its."""
    path = path or getattr(node, "original_file_path", None) or ""
    installed = project_dir / find_packages(project_dir) / str(getattr(node, "package_name", ""))
    root = installed if (installed / "dbt_project.yml").is_file() else project_dir
    return root / path if path else None
