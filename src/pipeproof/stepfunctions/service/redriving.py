"""RedriveExecution: executions that did not succeed go on from where they ended."""

from typing import Any

from pipeproof.stepfunctions.service.describing import why_not_redrivable
from pipeproof.stepfunctions.service.errors import ServiceError
from pipeproof.stepfunctions.service.executions import drive, find
from pipeproof.stepfunctions.service.state import Service

Parameters = dict[str, Any]
Answer = dict[str, Any]


def redrive(service: Service, parameters: Parameters) -> Answer:
    """RedriveExecution; a client token that was used before gives the same answer.

    Raises:
        ServiceError: ExecutionNotRedrivable, and those of [find][].
    """
    started = find(service, parameters["executionArn"])
    token = parameters.get("clientToken")
    if token in started.redrive_tokens:
        return {"redriveDate": started.redrive_tokens[token]}
    reason = why_not_redrivable(started.running.result())
    if reason is not None:
        raise ServiceError("ExecutionNotRedrivable", reason)
    date = service.now()
    started.redrives.append(date)
    if token is not None:
        started.redrive_tokens[token] = date
    started.running.redrive(date)
    drive(service, started, started.running)
    return {"redriveDate": date}
