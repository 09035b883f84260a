"""What the Step Functions room raises for its users, and the failures that travel inside an execution."""

from collections.abc import Iterable
from typing import Any

from pipeproof.errors import InputError, PipeproofError
from pipeproof.text import closest


class DefinitionError(InputError):
    """A state machine's definition cannot be read, or the service would not accept it."""


class MachineOptionError(PipeproofError, ValueError):
    """An option of a state machine, or of a run of one, has a value that it cannot have."""


class TaskNotHandled(PipeproofError):  # noqa: N818 - it says what happened, as the kinds of ExecutionNotSucceeded do
    """A Task was reached that no mock, function or stub answers."""


class MockError(PipeproofError):
    """A mock cannot be what it says: of a wrong form, used up, or at odds with the service's model."""


class LambdaLayerWarning(UserWarning):
    """A layer of a Lambda function is not here, and with it what the layer brings."""


class StateNameError(PipeproofError, KeyError):
    """The machine has no state of that name."""

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:  # none in a pickle, which brings the words
        states = list(known)
        close = closest(name, states)
        meant = f"; did you mean {close!r}?" if close else ""
        super().__init__(f"there is no state {name!r}", hint=f"there are {', '.join(map(repr, states))}{meant}")


class StateFailure(Exception):  # noqa: N818 - AWS calls it an error of a state; it never leaves the engine
    """A state failed with an error name and a cause, as the Amazon States Language means it.

    Args:
        error: The error's name, or None where a Fail state gives none.
        cause: The text for humans, or None.
        terminal: No Retrier and no Catcher may handle it (States.Runtime).
        wrap: The engine puts "An error occurred while executing the state ..." before the cause.
        location: The field at fault (`Output/total`), for EvaluationFailed events.
        also: Other names under which Retry and Catch know it.
        exception: What a handler raised, for the failed test's traceback.
    """

    def __init__(
        self,
        error: str | None,
        cause: str | None,
        *,
        terminal: bool = False,
        wrap: bool = False,
        location: str | None = None,
        also: tuple[str, ...] = (),
        exception: BaseException | None = None,
    ) -> None:
        super().__init__(error, cause)
        self.also = also
        self.error = error
        self.cause = cause
        self.terminal = terminal
        self.wrap = wrap
        self.location = location
        self.exception = exception

    @property
    def output(self) -> dict[str, Any]:
        """What a Catcher hands on."""
        return {"Error": self.error or "", "Cause": self.cause or ""}


def runtime_failure(cause: str) -> StateFailure:
    """Return the service's answer to a state that cannot be processed; nothing catches it."""
    return StateFailure("States.Runtime", cause, terminal=True, wrap=True)


def evaluation_failure(cause: str, location: str) -> StateFailure:
    """Return a JSONata expression that failed, or gave what its field cannot take."""
    return StateFailure("States.QueryEvaluationError", cause, wrap=True, location=location)
