"""The Task state: Lambda functions, activities and service integrations, with timeouts, heartbeats and task tokens."""

from collections.abc import Generator, Mapping
from typing import Any

from pipeproof.stepfunctions.answers.handlers import Reply, Request
from pipeproof.stepfunctions.answers.mocks import TaskContext
from pipeproof.stepfunctions.definition.model import State
from pipeproof.stepfunctions.definition.resources import Resource, parse_resource
from pipeproof.stepfunctions.engine.interpreter import Outcome, worker
from pipeproof.stepfunctions.engine.run import Frame, PendingToken, Visit
from pipeproof.stepfunctions.engine.scheduler import Signal, Sleep, Timer
from pipeproof.stepfunctions.errors import StateFailure, evaluation_failure, runtime_failure
from pipeproof.stepfunctions.expressions.environment import Environment
from pipeproof.stepfunctions.expressions.payload import (
    assignments,
    fill_expressions,
    fill_template,
    place_result,
    select,
)
from pipeproof.stepfunctions.values import MISSING, byte_size, dump, is_number

Work = Generator[Sleep | Signal | None, Any, Outcome]


@worker("Task")
def run_task(state: State, value: Any, frame: Frame, visit: Visit) -> Work:
    """Calls what the Resource names, and waits for its answer in virtual time."""
    resource = parse_resource(state.raw["Resource"])
    token = frame.run.new_token() if resource.pattern or resource.kind == "activity" else None
    environment = frame.environment(visit, token if resource.kind == "integration" else None)
    payload = task_payload(state, value, environment)
    timeout = task_seconds(state, "TimeoutSeconds", value, environment)
    heartbeat = task_seconds(state, "HeartbeatSeconds", value, environment)
    visit.attempts[-1].payload = payload
    _add_scheduled(resource, payload, timeout, heartbeat, frame)
    request = Request(
        state.name,
        resource,
        payload,
        TaskContext(
            state.name,
            resource.arn,
            len(visit.attempts),
            frame.iterations[-1] if frame.iterations else None,
            token,
            environment.context(),
        ),
        frame.iterations,
        frame.run.random,
        frame.run.definition.locate(state),
        frame.run.clock.date(),
    )
    reply = frame.run.handlers.answer(request)
    reply = yield from _await_reply(reply, resource, timeout, heartbeat, token, frame)
    if reply.exception is not None:
        frame.run.exception = reply.exception
    visit.attempts[-1].result = reply.value
    _raise_failure(reply, resource, frame)
    _add_ended(resource, "Succeeded", {"output": reply.value, "outputDetails": {"truncated": False}}, frame)
    return result_outcome(state, value, reply.value, environment)


def task_payload(state: State, value: Any, environment: Environment) -> Any:
    """What the task's handler is given."""
    raw = state.raw
    if state.is_jsonata:
        if "Arguments" not in raw:
            return value
        return fill_expressions(raw["Arguments"], "Arguments", {"input": value}, environment)
    effective = select(raw, "InputPath", value, environment)
    return fill_template(raw["Parameters"], effective, environment) if "Parameters" in raw else effective


def result_outcome(state: State, value: Any, result: Any, environment: Environment) -> Outcome:
    """The end of a Task, Parallel or Map that gave a result."""
    raw = state.raw
    if state.is_jsonata:
        states = {"input": value, "result": result}
        output = fill_expressions(raw["Output"], "Output", states, environment) if "Output" in raw else result
        return Outcome(output, state.next, assignments(raw.get("Assign"), state.language, None, states, environment))
    assigned = assignments(raw.get("Assign"), state.language, result, {}, environment)
    selected = fill_template(raw["ResultSelector"], result, environment) if "ResultSelector" in raw else result
    placed = place_result(raw, value, selected)
    return Outcome(select(raw, "OutputPath", placed, environment), state.next, assigned)


def task_seconds(state: State, field: str, value: Any, environment: Environment) -> float | None:
    """TimeoutSeconds or HeartbeatSeconds, in any of their forms."""
    raw = state.raw
    if f"{field}Path" in raw:
        effective = select(raw, "InputPath", value, environment)
        found = environment.query(raw[f"{field}Path"], effective)
        if not is_number(found) or found != int(found) or found <= 0:
            raise runtime_failure(
                f"The {field}Path parameter does not reference a positive integer value: {raw[field + 'Path']} == "
                f"{dump(found)}"
            )
        return float(found)
    if field not in raw:
        return None
    found = fill_expressions(raw[field], field, {"input": value}, environment)
    if not is_number(found) or found != int(found) or found <= 0:
        raise evaluation_failure(
            f"The JSONata expression '{raw[field]}' specified for the field '{field}' must give a positive integer, "
            f"not {dump(found)}",
            field,
        )
    return float(found)


def _add_scheduled(
    resource: Resource, payload: Any, timeout: float | None, heartbeat: float | None, frame: Frame
) -> None:
    limits: dict[str, Any] = {}
    if timeout is not None:
        limits["timeoutInSeconds"] = int(timeout)
    if heartbeat is not None and resource.kind != "lambda":
        limits["heartbeatInSeconds"] = int(heartbeat)
    if resource.kind == "lambda":
        frame.add_event("LambdaFunctionScheduled", {"resource": resource.arn, "input": payload, **limits})
        frame.add_event("LambdaFunctionStarted", {})
    elif resource.kind == "activity":
        frame.add_event("ActivityScheduled", {"resource": resource.arn, "input": payload, **limits})
        frame.add_event("ActivityStarted", {"workerName": resource.name})
    else:
        scheduled = {"region": frame.run.settings.region, "parameters": payload, **limits}
        frame.add_event("TaskScheduled", {**_names(resource), **scheduled})
        frame.add_event("TaskStarted", _names(resource))


def _names(resource: Resource) -> dict[str, str]:
    if resource.kind == "unknown":
        return {"resourceType": "unknown", "resource": resource.arn}
    return {"resourceType": resource.service, "resource": resource.event_resource}


def _add_ended(resource: Resource, how: str, details: Mapping[str, Any], frame: Frame) -> None:
    if resource.kind in ("lambda", "activity"):
        kind = "LambdaFunction" if resource.kind == "lambda" else "Activity"
        frame.add_event(kind + how, details)
    else:
        frame.add_event("Task" + how, {**_names(resource), **details})


def _await_reply(
    reply: Reply,
    resource: Resource,
    timeout: float | None,
    heartbeat: float | None,
    token: str | None,
    frame: Frame,
) -> Generator[Sleep | Signal | None, Any, Reply]:
    """Waits until the task has its answer, or too long."""
    if reply.failure is None and resource.kind == "integration" and resource.pattern:
        submitted = reply.submitted if reply.submitted is not MISSING else {}
        frame.add_event("TaskSubmitted", {**_names(resource), "output": submitted})
    if not reply.after and not reply.waits and reply.later is None:
        return reply
    scheduler, now = frame.run.scheduler, frame.run.clock.now
    pending = frame.run.tokens[token] if token is not None else PendingToken()
    timers = []
    if not reply.waits:
        later = reply.later
        timers.append(
            scheduler.call_at(now + reply.after, lambda: pending.signal.set(later() if later is not None else reply))
        )
    if timeout is not None:
        timers.append(scheduler.call_at(now + timeout, lambda: pending.signal.set(_timed_out())))
    if heartbeat is not None:
        _watch_heartbeat(pending, heartbeat, frame)
    answered: Reply = yield pending.signal
    for timer in timers:
        timer.cancel()
    if pending.heartbeat is not None:
        pending.heartbeat(last=True)
    if answered.after and answered.later is None and not reply.after and answered is not reply:
        yield Sleep(frame.run.clock.now + answered.after)
    return answered


def _timed_out(*also: str) -> Reply:
    return Reply(failure=StateFailure("States.Timeout", None, also=also))


def _watch_heartbeat(pending: PendingToken, seconds: float, frame: Frame) -> None:
    """Lets the task time out where no heartbeat comes in time; each one that comes starts the time anew."""
    scheduler = frame.run.scheduler
    timers: list[Timer] = []

    def beat(*, last: bool = False) -> None:
        while timers:
            timers.pop().cancel()
        if not last:
            late = frame.run.clock.now + seconds
            timers.append(scheduler.call_at(late, lambda: pending.signal.set(_timed_out("States.HeartbeatTimeout"))))

    pending.heartbeat = beat
    beat()


def _raise_failure(reply: Reply, resource: Resource, frame: Frame) -> None:
    """Writes a failed attempt down and raises its failure."""
    limit = frame.run.settings.payload_limit
    failure = reply.failure
    if failure is None and limit is not None and byte_size(reply.value) > limit:
        name = resource.service if resource.kind == "integration" else resource.arn
        failure = StateFailure(
            "States.DataLimitExceeded",
            f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service "
            "limit.",
        )
    if failure is None:
        return
    details = {"error": failure.error, "cause": failure.cause}
    how = "TimedOut" if failure.error == "States.Timeout" else "Failed"
    _add_ended(resource, how, {key: text for key, text in details.items() if text is not None}, frame)
    raise failure
