"""The Task state: Lambda functions, activities and service integrations, with timeouts, heartbeats and task tokens."""

from collections.abc import Mapping
from typing import Any

from pipeproof.stepfunctions.answers.context import TaskContext
from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.definition.resources import Resource, parse_resource
from pipeproof.stepfunctions.engine.run import Frame, Outcome, PendingToken, Place
from pipeproof.stepfunctions.engine.scheduler import Sleep, Timer, Work
from pipeproof.stepfunctions.engine.states.steps import (
    effective_input,
    find_payload,
    result_outcome,
    shown_expression,
)
from pipeproof.stepfunctions.errors import StateFailure, evaluation_failure, runtime_failure
from pipeproof.stepfunctions.expressions.payload import fill_expressions
from pipeproof.stepfunctions.expressions.templates import fill_template
from pipeproof.stepfunctions.values import MISSING, byte_size, dump, is_number


def run_task(place: Place) -> Work[Outcome]:
    """Calls what the Resource names, and waits for its answer in virtual time."""
    run, attempt = place.run, place.visit.attempts[-1]
    resource = parse_resource(place.state.raw["Resource"])
    token = run.new_token() if resource.pattern or resource.kind == "activity" else None
    if token is not None and resource.kind == "integration":
        place = Place(place.state, place.value, place.frame, place.visit, token)
    effective = effective_input(place)
    payload = find_payload(place, effective)
    timeout = find_seconds(place, "TimeoutSeconds", effective)
    heartbeat = find_seconds(place, "HeartbeatSeconds", effective)
    attempt.payload = payload
    _add_scheduled(resource, payload, timeout, heartbeat, place.frame)
    request = _request(place, resource, payload, token, timeout)
    request.credentials = _find_role(place, effective)
    reply = run.handlers.answer(request)
    reply = yield from _await_reply(reply, resource, timeout, heartbeat, token, place.frame)
    attempt.result = reply.value
    _raise_failure(reply, resource, place.frame)
    place.note("result", reply.value)
    _add_ended(resource, "Succeeded", {"output": reply.value, "outputDetails": {"truncated": False}}, place.frame)
    return result_outcome(place, reply.value)


def _request(place: Place, resource: Resource, payload: Any, token: str | None, timeout: float | None) -> Request:
    state, iterations, run = place.state, place.frame.iterations, place.run
    context = TaskContext(
        state.name,
        resource.arn,
        len(place.visit.attempts),
        iterations[-1] if iterations else None,
        token,
        place.context(),
    )
    location = run.definition.locate(state)
    return Request(
        state.name, resource, payload, context, iterations, run.random, location, run.clock.date(), timeout=timeout
    )


def _find_role(place: Place, effective: Any) -> str | None:
    """Return the role of `Credentials`, which makes the call in place of the machine's."""
    written = place.state.raw.get("Credentials")
    if written is None:
        return None
    if place.state.is_jsonata:
        found = fill_expressions(written, "Credentials", {"input": place.value}, place)
    else:
        found = fill_template(written, effective, place)
    role = found.get("RoleArn") if isinstance(found, dict) else None
    return role if isinstance(role, str) else None


def find_seconds(place: Place, field: str, effective: Any) -> float | None:
    """TimeoutSeconds or HeartbeatSeconds, in any of their forms."""
    raw = place.state.raw
    if f"{field}Path" in raw:
        found = place.query(raw[f"{field}Path"], effective)
        if not is_number(found) or found != int(found) or found <= 0:
            raise runtime_failure(
                f"The {field}Path parameter does not reference a positive integer value: {raw[field + 'Path']} == "
                f"{dump(found)}"
            )
        return float(found)
    if field not in raw:
        return None
    found = fill_expressions(raw[field], field, {"input": place.value}, place)
    if not is_number(found) or found != int(found) or found <= 0:
        raise evaluation_failure(
            f"The JSONata expression '{shown_expression(raw[field])}' specified for the field '{field}' must give a "
            f"positive integer, not {dump(found)}",
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
) -> Work[Reply]:
    """Waits until the task has its answer, or too long."""
    if reply.failure is None and resource.kind == "integration" and resource.pattern:
        submitted = reply.submitted if reply.submitted is not MISSING else {}
        frame.add_event("TaskSubmitted", {**_names(resource), "output": submitted})
    is_polled = resource.kind == "activity" and reply.waits
    if resource.kind == "activity" and not is_polled:
        frame.add_event("ActivityStarted", {"workerName": resource.name})
    if not reply.after and not reply.waits and reply.later is None:
        return reply
    pending = frame.run.tokens[token] if token is not None else PendingToken(frame.run)
    pending.outside = reply.waits
    timers: list[Timer] = [] if reply.waits else [_answer_later(pending, reply)]

    def start(worker: str | None = None) -> None:
        pending.pick_up = None
        if is_polled:
            frame.add_event("ActivityStarted", {"workerName": worker} if worker else {})
        _limit(pending, timeout, heartbeat, timers)

    if is_polled:  # its limits count from when a worker has taken the task
        pending.pick_up = start
    else:
        start()
    try:
        answered: Reply = yield pending.signal
    finally:  # of a task that is aborted, too
        pending.signal.set()
        for timer in timers:
            timer.cancel()
        if pending.heartbeat is not None:
            pending.heartbeat(last=True)
    if answered.after and answered.later is None and not reply.after and answered is not reply:
        yield Sleep(frame.run.clock.now + answered.after)
    return answered


def _answer_later(pending: PendingToken, reply: Reply) -> Timer:
    """Answers a task after the virtual time that its mock takes."""
    run, later = pending.run, reply.later
    return run.scheduler.call_at(
        run.clock.now + reply.after, lambda: pending.signal.set(later() if later is not None else reply)
    )


def _limit(pending: PendingToken, timeout: float | None, heartbeat: float | None, timers: list[Timer]) -> None:
    """Lets the task time out where its answer, or a heartbeat, does not come in time."""
    run = pending.run
    if timeout is not None:
        late = run.clock.now + timeout
        timers.append(run.scheduler.call_at(late, lambda: pending.signal.set(_timed_out()), lambda: pending.is_waiting))
    if heartbeat is not None:
        _watch_heartbeat(pending, heartbeat)


def _timed_out(*also: str) -> Reply:
    return Reply(failure=StateFailure("States.Timeout", None, also=also))


def _watch_heartbeat(pending: PendingToken, seconds: float) -> None:
    """Lets the task time out where no heartbeat comes in time; each one that comes starts the time anew."""
    run = pending.run
    timers: list[Timer] = []

    def late() -> None:
        pending.signal.set(_timed_out("States.HeartbeatTimeout"))

    def beat(*, last: bool = False) -> None:
        while timers:
            timers.pop().cancel()
        if not last:
            timers.append(run.scheduler.call_at(run.clock.now + seconds, late, lambda: pending.is_waiting))

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
    failure.exception = reply.exception
    details = {"error": failure.error, "cause": failure.cause}
    how = "TimedOut" if failure.error == "States.Timeout" else "Failed"
    _add_ended(resource, how, {key: text for key, text in details.items() if text is not None}, frame)
    raise failure
