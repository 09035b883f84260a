"""Where machines are deployed to: the stub of Step Functions that is open, if one is.

A stub announces itself here, and a machine and its Tasks find it here: neither side has to know the other. What opens
the engine on the stubs of the `aws` fixture is the first call of Step Functions that anybody makes, so [deploy][] makes
one before it looks.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.errors import DefinitionError


class Stub(Protocol):
    """A stub of Step Functions that runs machines by this engine."""

    def deploy(self, machine: Any, mocks: Mapping[str, Any] | None) -> str:
        """Creates the machine there, or lets it run in the place of the one of its name; gives its ARN."""

    def schedule(self, request: Request) -> Reply | None:
        """Return the reply to a Task of an activity, which a worker takes; None where there is no such activity."""


_open: list[Stub] = []


@contextmanager
def announced(stub: Stub) -> Iterator[None]:
    """Lets machines and Tasks find a stub while the context is open."""
    _open.append(stub)
    try:
        yield
    finally:
        _open.remove(stub)


def current() -> Stub | None:
    """Return the stub of the innermost open context."""
    return _open[-1] if _open else None


def deploy(machine: Any, mocks: Mapping[str, Any] | None, *, first_call: Callable[[], bool]) -> str:
    """Creates a machine on the stub that is open; gives its ARN.

    Args:
        machine: The machine.
        mocks: What answers its Tasks in executions that are started there.
        first_call: Calls Step Functions where AWS is stubbed, and says whether it is.

    Raises:
        DefinitionError: No stub is open.
    """
    stub = current() if first_call() else None
    if stub is None:
        raise DefinitionError(
            "no stub of Step Functions is open to deploy to",
            hint="Use the `aws` fixture in the test, or open engine_in_moto() inside of mock_aws().",
        )
    return stub.deploy(machine, mocks)
