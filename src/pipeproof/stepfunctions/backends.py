"""What service integrations reach when no mock answers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeproof.stepfunctions.handlers import Backend
    from pipeproof.stepfunctions.machine import StateMachine


def active_backends(machine: "StateMachine") -> "tuple[Backend, ...]":
    """The backends that are active now."""
    return ()
