"""What dbt made of one command of a test's, before anybody judges it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeproof.environments.dbt.guard.names import Write
from pipeproof.environments.dbt.in_process.patches.dialects import Unproven
from pipeproof.environments.dbt.result import DbtNode


@dataclass(frozen=True, slots=True)
class Ran:
    """What dbt made of a command.

    Args:
        manifest: The project as it was run.
        nodes: What ran, by name.
        exception: What ended it, where something did.
        unmatched: The parts of the selection that match nothing.
        refused: The nodes that would have written elsewhere, with what they would have written.
        said: What dbt said in its log alone.
        wrong: What is wrong with the text that was to be rendered, where dbt says it in its log alone.
        unproven: What cannot be proven in the embedded database, by the unique ids of nodes.
    """

    manifest: Any
    nodes: Mapping[str, DbtNode]
    exception: BaseException | None = None
    unmatched: Sequence[str] = ()
    refused: Sequence[tuple[str, Write | str]] = ()
    said: Sequence[str] = ()
    wrong: Sequence[str] = ()
    unproven: Mapping[str, Unproven] = field(default_factory=dict)
