"""Activities through the API: workers take their tasks, and answer them by their tokens."""

from collections import deque
from typing import Any

from pipeproof.stepfunctions.answers import tokens
from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.engine.run import CURRENT
from pipeproof.stepfunctions.service.arns import StatesArn, check_name, parse_arn
from pipeproof.stepfunctions.service.errors import ServiceError
from pipeproof.stepfunctions.service.machines import backend_of
from pipeproof.stepfunctions.service.state import ActivityTask, Service
from pipeproof.stepfunctions.values import dump

Parameters = dict[str, Any]
Answer = dict[str, Any]

_MOST_OUTPUT = 262_144


def create(_: Service, parameters: Parameters, backend: Any) -> Answer:
    """CreateActivity: one that is there already is given again, unless it is encrypted in another way."""
    name, encryption = parameters["name"], parameters.get("encryptionConfiguration")
    check_name(name)
    existing = next((one for one in backend.activities.values() if one.name == name), None)
    if existing is not None and encryption is not None and encryption != existing.encryption_configuration:
        raise ServiceError("ActivityAlreadyExists", f"Activity already exists: '{existing.arn}'")
    found = existing or backend.create_activity(
        name=name, tags=parameters.get("tags"), encryption_configuration=encryption
    )
    return {"activityArn": found.arn, "creationDate": found.creation_date}


def schedule(service: Service, request: Request) -> Reply | None:
    """Return the reply to a Task of an activity: it waits for a worker; None where there is no such activity."""
    arn = parse_arn(request.resource.arn, "activity")
    run, token = CURRENT.get(), request.context.token
    if run is None or token is None or arn.text not in backend_of(arn).activities:
        return None
    task = ActivityTask(token, request.payload, run.tokens[token])
    service.tasks.setdefault(arn.text, deque()).append(task)
    return Reply(waits=True)


def get_task(service: Service, parameters: Parameters) -> Answer:
    """GetActivityTask: the task that waits longest; without one it answers at once, not after AWS's 60 seconds.

    Raises:
        ServiceError: InvalidArn or ActivityDoesNotExist.
    """
    arn = _known(parameters["activityArn"])
    waiting = service.tasks.get(arn.text, deque())
    while waiting:
        task = waiting.popleft()
        if task.pending.is_open:
            if task.pending.pick_up is not None:
                task.pending.pick_up(parameters.get("workerName"))
            return {"taskToken": task.token, "input": dump(task.input)}
    return {}


def _known(text: str) -> StatesArn:
    arn = parse_arn(text, "activity")
    if text not in backend_of(arn).activities:
        raise ServiceError("ActivityDoesNotExist", f"Activity Does Not Exist: '{text}'")
    return arn


def send_success(_: Service, parameters: Parameters) -> Answer:
    """SendTaskSuccess."""
    if len(parameters["output"].encode()) > _MOST_OUTPUT:
        raise ServiceError("InvalidOutput", "Invalid Output: 'The size of the output exceeds the limit'")
    tokens.succeed(parameters["taskToken"], parameters["output"])
    return {}


def send_failure(_: Service, parameters: Parameters) -> Answer:
    """SendTaskFailure."""
    tokens.fail(parameters["taskToken"], parameters.get("error"), parameters.get("cause"))
    return {}


def send_heartbeat(_: Service, parameters: Parameters) -> Answer:
    """SendTaskHeartbeat: the time until the next one starts anew."""
    tokens.find(parameters["taskToken"]).beat()
    return {}
