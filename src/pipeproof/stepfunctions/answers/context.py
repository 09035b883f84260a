"""The second argument of whatever answers a Task: Lambda's context object, and what tests want to know beside it.

Source of Lambda's part: the developer guide's page on the context object in Python, and the runtime's own class.
"""

import base64
import json
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from pipeproof.stepfunctions.definition.resources import function_name
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.options import check_amount
from pipeproof.virtual_time import VirtualClock

DEFAULT_TIMEOUT = 900.0
"""Seconds that a function has whose timeout nobody says: the most that Lambda allows."""

_CLIENT = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


@dataclass(slots=True)
class FunctionIdentity:
    """Which function a handler runs as.

    Attributes:
        name: Its name.
        arn: The ARN by which it was called, with a version or an alias where that was said.
        version: `$LATEST`, or the version's number.
        memory: MB that it has.
        timeout: Seconds that it has.
    """

    name: str
    arn: str
    version: str = "$LATEST"
    memory: int = 128
    timeout: float = DEFAULT_TIMEOUT


@dataclass(slots=True)
class TaskContext:
    """What a callable can ask for as its second argument.

    Attributes:
        state: The state's name.
        resource: Its Resource.
        attempt: Which attempt of this visit it is, from 1.
        iteration: The index of the innermost Map iteration around it, or None.
        token: The task token, of a task that waits for one.
        execution: The context object's Execution, State and so on.
        aws_request_id: The id of this invocation; an error's payload has it too.
        function: The function that it runs as.
        client_context: What `lambda:invoke` was given as ClientContext, in the form of the runtime for Python.
        identity: A Cognito identity; Step Functions gives none.
        tenant_id: A tenant; Step Functions gives none.
    """

    state: str
    resource: str
    attempt: int
    iteration: int | None
    token: str | None
    execution: Mapping[str, Any] = field(default_factory=dict)
    aws_request_id: str = ""
    function: FunctionIdentity | None = None
    client_context: Any = None
    identity: Any = field(
        default_factory=lambda: SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
    )
    tenant_id: str | None = None
    clock: VirtualClock | None = None

    def takes(self, seconds: float) -> None:
        """Lets virtual time pass, as if the task had worked for so long.

        Raises:
            MachineOptionError: It is negative, or no number.
        """
        check_amount("takes(seconds)", seconds)
        if self.clock is None:
            self.clock = VirtualClock()
        self.clock.pass_time(seconds)

    @property
    def seconds(self) -> float:
        """Virtual seconds that the task has taken so far: see [takes][], and what it has slept."""
        return self.clock.elapsed if self.clock is not None else 0.0

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout, on the virtual clock; real time counts in whole seconds."""
        timeout = self.function.timeout if self.function is not None else DEFAULT_TIMEOUT
        real = int(self.clock.real) if self.clock is not None else 0
        return max(0, int((timeout - self.seconds - real) * 1000))

    def log(self, message: object) -> None:
        """Writes to the function's log: standard output."""
        sys.stdout.write(str(message))

    @property
    def function_name(self) -> str:
        """The function's name; of a task that calls none the last part of the Resource."""
        return self.function.name if self.function is not None else self.resource.rsplit(":", 1)[-1]

    @property
    def function_version(self) -> str:
        """The function's version."""
        return self.function.version if self.function is not None else "$LATEST"

    @property
    def invoked_function_arn(self) -> str:
        """The ARN by which the function was called."""
        return self.function.arn if self.function is not None else self.resource

    @property
    def memory_limit_in_mb(self) -> str:
        """The function's memory, as text: so the runtime for Python gives it."""
        return str(self.function.memory) if self.function is not None else "128"

    @property
    def log_group_name(self) -> str:
        """The function's log group."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """A log stream's name, as Lambda makes them; the same for all invocations of a function."""
        return f"2026/01/01/[{self.function_version}]{uuid.uuid5(uuid.NAMESPACE_URL, self.function_name).hex}"


def identify(
    reference: str, qualifier: str, account: str, region: str, *, memory: int, timeout: float
) -> FunctionIdentity:
    """Return the identity of the function that a name, partial ARN or ARN stands for.

    Args:
        reference: What the Task calls.
        qualifier: The version or alias, where it is said apart from that.
        account: The account of a function that is only named.
        region: Its region.
        memory: MB that it has.
        timeout: Seconds that it has.
    """
    name, within = function_name(reference), _qualifier(reference)
    arn = reference if reference.startswith("arn:") else f"arn:aws:lambda:{region}:{account}:function:{name}"
    qualifier = qualifier or within
    if qualifier and not (reference.startswith("arn:") and within):
        arn = f"{arn}:{qualifier}"
    version = qualifier if qualifier.isdigit() else "$LATEST"
    return FunctionIdentity(name, arn, version, memory, timeout)


def _qualifier(reference: str) -> str:
    """Return the version or alias in a reference, or nothing."""
    parts = reference.split(":")
    if "function" in parts:
        return ":".join(parts[parts.index("function") + 2 :])
    return parts[1] if len(parts) == 2 else ""


def read_client_context(text: object) -> Any:
    """Return the client context in base64 as handlers see it, or None.

    Raises:
        StateFailure: It is not a JSON object in base64.
    """
    if not isinstance(text, str) or not text:
        return None
    try:
        given = json.loads(base64.b64decode(text, validate=True))
        if not isinstance(given, dict):
            raise ValueError("no object")
    except ValueError as error:
        cause = f"Client context must be a valid Base64-encoded JSON object. ({error}; Service: Lambda)"
        raise StateFailure("Lambda.InvalidRequestContentException", cause) from error
    client = given.get("client")
    return SimpleNamespace(
        custom=given.get("custom"),
        env=given.get("env"),
        client=None if client is None else SimpleNamespace(**{name: client.get(name) for name in _CLIENT}),
    )
