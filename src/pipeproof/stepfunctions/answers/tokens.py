"""Task tokens that are out: whoever has one answers it, be it a handler, another execution or a test through boto3."""

import json
from typing import Any, Protocol
from weakref import WeakValueDictionary

from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.errors import StateFailure


class Waiting(Protocol):
    """A task that waits for its token."""

    @property
    def is_open(self) -> bool:
        """Whether it still can be answered."""

    def answer(self, reply: Reply) -> None:
        """Hands it its answer."""

    def beat(self) -> None:
        """Notes a heartbeat."""


_waiting: WeakValueDictionary[str, Waiting] = WeakValueDictionary()


class TokenError(Exception):
    """A token that cannot be answered: `code` is AWS's name of the error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def note(token: str, waiting: Waiting) -> None:
    """Keeps who waits for a token, as long as its execution is there."""
    _waiting[token] = waiting


def find(token: str) -> Waiting:
    """Who waits for a token.

    Raises:
        TokenError: InvalidToken where there never was such a token, TaskTimedOut where nobody waits for it any more.
    """
    waiting = _waiting.get(token)
    if waiting is None:
        raise TokenError("InvalidToken", "Invalid Token: 'Invalid token'")
    if not waiting.is_open:
        raise TokenError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
    return waiting


def succeed(token: str, output: Any) -> None:
    """SendTaskSuccess: `output` is JSON text.

    Raises:
        TokenError: As [find][]; InvalidOutput.
    """
    waiting = find(token)
    try:
        value = json.loads(output)
    except (TypeError, ValueError) as error:
        raise TokenError("InvalidOutput", "Invalid Output: 'the output is not valid JSON'") from error
    waiting.answer(Reply(value))


def fail(token: str, error: str | None, cause: str | None) -> None:
    """SendTaskFailure.

    Raises:
        TokenError: As [find][].
    """
    find(token).answer(Reply(failure=StateFailure(error, cause)))


def answer_by_task(request: Request) -> Reply | None:
    """Return the reply to a Task that itself sends a token back (`aws-sdk:sfn:sendTaskSuccess` and its kin), or None.

    Other machines of the test may do so where no stub of AWS is active.
    """
    action = request.resource.action
    if request.resource.sdk_service not in ("sfn", "states") or not action.startswith("sendTask"):
        return None
    payload = request.payload if isinstance(request.payload, dict) else {}
    token = str(payload.get("TaskToken"))
    try:
        if action == "sendTaskSuccess":
            output = payload.get("Output")
            succeed(token, output if isinstance(output, str) else json.dumps(output))
        elif action == "sendTaskFailure":
            fail(token, payload.get("Error"), payload.get("Cause"))
        else:
            find(token).beat()
    except TokenError as error:
        return Reply(failure=StateFailure(f"Sfn.{error.code}Exception", error.message))
    return Reply({})
