"""Executions through the API: started, described, listed, stopped, and their histories."""

import json
from collections.abc import Mapping
from typing import Any

from pipeproof.environments.aws.botocore_hooks import acting_as
from pipeproof.stepfunctions.aws.executions import describe_sync
from pipeproof.stepfunctions.engine.running import RunningExecution
from pipeproof.stepfunctions.service import machines
from pipeproof.stepfunctions.service.arns import check_name, parse_arn
from pipeproof.stepfunctions.service.describing import describe_execution, summarize
from pipeproof.stepfunctions.service.errors import ServiceError, no_execution, no_resource, validation, wrong_type
from pipeproof.stepfunctions.service.map_runs import child_executions, find_map_run
from pipeproof.stepfunctions.service.paging import page
from pipeproof.stepfunctions.service.state import Service, Started

Parameters = dict[str, Any]
Answer = dict[str, Any]

_MOST_INPUT = 262_144
_DATA = ("input", "inputDetails", "output", "outputDetails", "assignedVariables", "assignedVariablesDetails")
"""What `includeExecutionData=False` leaves out of a history."""


def start(service: Service, parameters: Parameters) -> Answer:
    """StartExecution: runs it, as far as it goes by itself.

    Raises:
        ServiceError: As the API says.
    """
    given = _input(parameters)
    target = machines.resolve(service, parameters["stateMachineArn"])
    name = parameters.get("name") or machines.new_id(service)
    check_name(name)
    machine, mocks = service.machine_of(target.found)
    arn = f"{target.arn.replace(':stateMachine:', ':execution:')}:{name}"
    is_express = machine.settings.type == "EXPRESS"
    before = None if is_express else service.executions.get(arn)
    if before is not None:
        if not before.running.is_over and json.loads(before.input) == json.loads(given):
            return {"executionArn": arn, "startDate": before.start}
        raise ServiceError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
    now = service.now()
    running = machine.start(json.loads(given), mocks, execution_name=name, start_time=now)
    arn = running.run.settings.execution_arn
    started = Started(
        arn, name, machine, target.arn, given, running, target.version_arn, target.alias_arn,
        parameters.get("traceHeader"),
        described={
            **machines.describe_found(service, target, with_data=True), "updateDate": target.found.update_date,
        },
    )  # fmt: skip
    service.executions[arn] = started
    drive(service, started, running)
    return {"executionArn": arn, "startDate": now}


def drive(service: Service, started: Started, running: RunningExecution) -> None:
    """Lets an execution go on as far as it goes by itself."""
    machine = started.machine
    running.run.keeps_lines = True
    running.when_over(lambda over: service.tell(machine, over.result()))
    with acting_as(machine.settings.role_arn):  # not the caller's role, whose policy the test may enforce
        running.advance(hold=True)


def start_sync(service: Service, parameters: Parameters) -> Answer:
    """StartSyncExecution: runs an Express execution to its end.

    Raises:
        ServiceError: As the API says.
    """
    given = _input(parameters)
    target = machines.resolve(service, parameters["stateMachineArn"])
    machine, mocks = service.machine_of(target.found)
    if machine.settings.type != "EXPRESS":
        raise wrong_type()
    name = parameters.get("name") or machines.new_id(service)
    check_name(name)
    now = service.now()
    running = machine.start(json.loads(given), mocks, execution_name=name, start_time=now)
    with acting_as(machine.settings.role_arn):
        running.advance()
    execution = running.result(strict=True)
    service.tell(machine, execution)
    answer = describe_sync(target.arn, execution, now, with_data=_wants_data(parameters))
    if "traceHeader" in parameters:
        answer["traceHeader"] = parameters["traceHeader"]
    return answer


def _input(parameters: Parameters) -> str:
    given = parameters.get("input", "{}")
    if len(given.encode()) > _MOST_INPUT:
        raise validation(
            f"1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less "
            f"than or equal to {_MOST_INPUT}"
        )
    try:
        json.loads(given)
    except ValueError as error:
        raise ServiceError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from error
    return str(given)


def _wants_data(parameters: Mapping[str, Any]) -> bool:
    return str(parameters.get("includedData")) != "METADATA_ONLY"


def find(service: Service, arn: str) -> Started:
    """Return an execution of a Standard machine.

    Raises:
        ServiceError: InvalidArn (also for Express, of which the API tells nothing) or ExecutionDoesNotExist.
    """
    parse_arn(arn, "execution")
    started = service.executions.get(arn)
    if started is None:
        raise no_execution(arn)
    return started


def describe(service: Service, parameters: Parameters) -> Answer:
    """DescribeExecution."""
    arn, with_data = parameters["executionArn"], _wants_data(parameters)
    child = child_executions(service).get(arn) if arn not in service.executions else None
    if child is not None:
        return child.describe(with_data=with_data)
    return describe_execution(find(service, arn), with_data=with_data)


def stop(service: Service, parameters: Parameters) -> Answer:
    """StopExecution: of one that has ended already it changes nothing."""
    started = find(service, parameters["executionArn"])
    started.running.stop(parameters.get("error"), parameters.get("cause"))
    return {"stopDate": started.running.ended}


def list_all(service: Service, parameters: Parameters) -> Answer:
    """ListExecutions, of a machine, a version, an alias or a Map Run; the latest first.

    Raises:
        ServiceError: As the API says.
    """
    arn, run_arn = parameters.get("stateMachineArn"), parameters.get("mapRunArn")
    status, redriven = parameters.get("statusFilter"), parameters.get("redriveFilter")
    if (arn is None) == (run_arn is None):
        raise validation("Must provide a StateMachine ARN or MapRun ARN, and not both")
    if arn is not None and status == "PENDING_REDRIVE":
        raise validation("The statusFilter PENDING_REDRIVE is only supported with a mapRunArn")
    if run_arn is not None:
        find_map_run(service, run_arn)
        children = child_executions(service).values()
        found = [child.summarize() for child in children if child.map_run_arn == run_arn]
    else:
        found = [summarize(started) for started in _of(service, str(arn))]
    if status:
        found = [item for item in found if item["status"] == status]
    if redriven:
        found = [item for item in found if bool(item.get("redriveCount")) == (redriven == "REDRIVEN")]
    running = [item for item in found if "stopDate" not in item]
    ended = [item for item in found if "stopDate" in item]
    running.sort(key=lambda item: item["redriveDate" if "redriveDate" in item else "startDate"], reverse=True)
    ended.sort(key=lambda item: item["stopDate"], reverse=True)
    items, token = page([*running, *ended], parameters, f"{arn or run_arn} {status}")
    return {"executions": items, **token}


def _of(service: Service, arn: str) -> list[Started]:
    """Return the executions of a machine, a version or an alias, the latest first."""
    target = machines.resolve(service, arn)
    if target.found.type == "EXPRESS":
        raise wrong_type()
    qualifier = parse_arn(arn, "stateMachine").qualifier
    return [
        started
        for started in reversed(service.executions.values())
        if started.machine_arn == target.arn and (qualifier is None or arn in (started.version_arn, started.alias_arn))
    ]


def history(service: Service, parameters: Parameters) -> Answer:
    """GetExecutionHistory.

    Raises:
        ServiceError: As the API says.
    """
    started = find(service, parameters["executionArn"])
    events = started.history()
    if parameters.get("reverseOrder"):
        events.reverse()
    if parameters.get("includeExecutionData") is False:
        events = [_without_data(event) for event in events]
    items, token = page(events, parameters, started.arn)
    return {"events": items, **token}


def _without_data(event: Answer) -> Answer:
    return {
        key: {name: item for name, item in value.items() if name not in _DATA} if isinstance(value, dict) else value
        for key, value in event.items()
    }


def describe_machine(service: Service, parameters: Parameters) -> Answer:
    """DescribeStateMachineForExecution: the machine as it was when the execution was started."""
    started = find(service, parameters["executionArn"])
    machine = machines.try_resolve(service, started.version_arn or started.machine_arn)
    if machine is None:
        raise no_resource(started.arn)
    answer = {key: value for key, value in started.described.items() if key not in ("status", "type", "creationDate")}
    if not _wants_data(parameters):
        answer["definition"] = "{}"
    return {**answer, "stateMachineArn": started.machine_arn}
