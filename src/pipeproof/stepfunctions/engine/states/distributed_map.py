"""The distributed Map: a Map Run with a child execution for each item or batch of items.

Children have histories of their own, as in AWS: the parent's shows MapRunStarted and MapRunSucceeded. Where
MaxConcurrency sets no limit, a thousand children run at a time (AWS: up to ten thousand), so that memory stays bounded.
"""

import itertools
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from pipeproof.stepfunctions.answers.handlers import Reply, Request
from pipeproof.stepfunctions.answers.mocks import TaskContext
from pipeproof.stepfunctions.definition.resources import parse_resource
from pipeproof.stepfunctions.engine.fan_out import Group, Line
from pipeproof.stepfunctions.engine.history import History, Thread
from pipeproof.stepfunctions.engine.interpreter import run_graph
from pipeproof.stepfunctions.engine.map_runs import Child, MapRunRecord
from pipeproof.stepfunctions.engine.run import Frame, Place, Run
from pipeproof.stepfunctions.engine.scheduler import Cancelled, Work
from pipeproof.stepfunctions.engine.states.item_readers import read_items, reader_failure
from pipeproof.stepfunctions.engine.states.map_fields import (
    find_concurrency,
    find_number,
    given_items,
    not_items,
    select_item,
)
from pipeproof.stepfunctions.engine.states.result_writer import ResultFiles
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.expressions.environment import Scope
from pipeproof.stepfunctions.expressions.payload import fill_expressions, fill_template
from pipeproof.stepfunctions.values import MISSING, byte_size, dump

CHILDREN_RECORDED = 100
"""Of one Map Run, the visits of so many children are remembered: memory stays bounded."""
CONCURRENT_CHILDREN = 1_000
THRESHOLD = "States.ExceedToleratedFailureThreshold"
THRESHOLD_CAUSE = "The specified tolerated failure threshold was exceeded"


class MapRun:
    """One Map Run: where its items come from, what was given, and how many failed."""

    def __init__(self, place: Place, effective: Any) -> None:
        state = place.state
        self.place = place
        self.effective = effective
        random = place.run.random
        self.id = str(uuid.UUID(int=random.getrandbits(128), version=4))
        settings = place.run.settings
        label = state.raw.get("Label") or str(uuid.UUID(int=random.getrandbits(128), version=4))
        self.child_machine = f"{settings.machine_name}/{label}"
        self.arn = f"arn:aws:states:{settings.region}:{settings.account}:mapRun:{self.child_machine}:{self.id}"
        self.results: dict[int, Any] = {}
        self.failed_items = 0
        self.total: int | None = None
        self.writer: ResultFiles | None = None
        self.record = MapRunRecord(self.arn, self.child_machine, place.run.clock.now)
        place.run.map_runs.append(self.record)

    def number(self, raw: Mapping[str, Any], field: str, prefix: str = "") -> float | None:
        """A number of the state's own fields, or of a part's."""
        return find_number(self.place, raw, field, self.effective, prefix=prefix)

    def answer(self, arn: str, payload: Any) -> Reply:
        """What a reader or writer's resource answers."""
        run, state = self.place.run, self.place.state
        attempts, context_object = len(self.place.visit.attempts), self.place.environment.context()
        context = TaskContext(state.name, arn, attempts, None, None, context_object)
        location = run.definition.locate(state)
        request = Request(
            state.name,
            parse_resource(arn),
            payload,
            context,
            self.place.frame.iterations,
            run.random,
            location,
            is_task=False,
        )
        return run.handlers.answer(request)

    def fill(self, template: Any, field: str) -> Any:
        """A template of a reader, a writer or a batcher."""
        place = self.place
        if place.state.is_jsonata:
            return fill_expressions(template, field, {"input": place.value}, place.environment)
        return fill_template(template, self.effective, place.environment)

    def call_parameters(self, raw: Mapping[str, Any], field: str) -> Any:
        """Parameters or Arguments of a reader or writer."""
        name = "Arguments" if self.place.state.is_jsonata else "Parameters"
        return self.fill(raw.get(name, {}), f"{field}/{name}")


def run_distributed(place: Place, effective: Any) -> Work[Any]:
    """Runs a distributed Map; gives its result."""
    raw, frame = place.state.raw, place.frame
    items = None if "ItemReader" in raw else _given_items(place, effective)
    map_run = MapRun(place, effective)
    record = map_run.record
    record.max_concurrency = find_concurrency(place, effective)
    record.tolerated_count = map_run.number(raw, "ToleratedFailureCount")
    record.tolerated_percentage = map_run.number(raw, "ToleratedFailurePercentage")
    frame.add_event("MapStateStarted", {"length": 0 if items is None else len(items)})
    frame.add_event("MapRunStarted", {"mapRunArn": map_run.arn})
    try:
        source = items if items is not None else _read(map_run)
        map_run.writer = _writer(map_run)
        record.has_writer = map_run.writer is not None
        yield from _run_children(map_run, source)
    except Cancelled:
        record.end("ABORTED", frame.run.clock.now)
        raise
    except StateFailure as failure:
        record.end("FAILED", frame.run.clock.now)
        details = {"error": failure.error, "cause": failure.cause}
        frame.add_event("MapRunFailed", {key: text for key, text in details.items() if text is not None})
        raise
    record.end("SUCCEEDED", frame.run.clock.now)
    before = frame.thread.last
    frame.add_event("MapRunSucceeded", {})
    frame.add_event("MapStateSucceeded", {})
    frame.thread.last = before
    if map_run.writer is not None:
        return {"MapRunArn": map_run.arn, "ResultWriterDetails": map_run.writer.finish(map_run.arn)}
    return [map_run.results[index] for index in sorted(map_run.results)]


def _given_items(place: Place, effective: Any) -> list[Any]:
    """The items where no reader gives them; an object's are its pairs."""
    found = given_items(place, effective)
    if isinstance(found, dict):
        return [{"Key": key, "Value": item} for key, item in found.items()]
    if isinstance(found, list):
        return found
    raise not_items(place.state, found)


def _read(map_run: MapRun) -> list[Any]:
    """The items that ItemReader gives."""
    raw = map_run.place.state.raw["ItemReader"]
    config = raw.get("ReaderConfig", {})
    limit = map_run.number(config, "MaxItems", "ItemReader/ReaderConfig/")
    if limit is not None and limit < 0:
        raise reader_failure("field MaxItems must be positive")
    parameters = map_run.call_parameters(raw, "ItemReader")

    def fetch(where: Mapping[str, Any]) -> bytes:
        content = _content(map_run.answer("arn:aws:states:::s3:getObject", dict(where)))
        content = content.get("Body", content) if isinstance(content, dict) else content
        return content if isinstance(content, bytes) else str(content).encode()

    content = _content(map_run.answer(raw["Resource"], parameters))
    items = read_items(config, content, fetch, parameters)
    count = int(limit) if limit else None
    return list(itertools.islice(items, count))


def _content(reply: Reply) -> Any:
    if reply.failure is not None:
        raise reader_failure(reply.failure.cause or reply.failure.error or "")
    return reply.value


def _writer(map_run: MapRun) -> ResultFiles | None:
    raw = map_run.place.state.raw.get("ResultWriter")
    if not raw or "Resource" not in raw:
        return None
    parameters = map_run.call_parameters(raw, "ResultWriter")
    prefix = str(parameters.get("Prefix", "")).rstrip("/")

    def put(entry: Mapping[str, Any]) -> None:
        reply = map_run.answer("arn:aws:states:::s3:putObject", dict(entry))
        if reply.failure is not None:
            raise StateFailure("States.ResultWriterFailed", reply.failure.cause)

    return ResultFiles(
        str(parameters.get("Bucket", "")),
        f"{prefix}/{map_run.id}" if prefix else map_run.id,
        put,
        raw.get("WriterConfig", {}),
    )


def _batches(map_run: MapRun, items: Iterator[tuple[Any, Any]]) -> Iterator[tuple[Any, int]]:
    """Each child's input, and how many items it has; `items` are pairs of item and selected item."""
    raw = map_run.place.state.raw.get("ItemBatcher")
    if raw is None:
        for selected in items:
            yield selected[1], 1
        return

    def number(field: str) -> int | None:
        found = map_run.number(raw, field, "ItemBatcher/")
        return int(found) if found else None

    most, most_bytes = number("MaxItemsPerBatch"), number("MaxInputBytesPerBatch")
    common: dict[str, Any] = {}
    if "BatchInput" in raw:
        common = {"BatchInput": map_run.fill(raw["BatchInput"], "ItemBatcher/BatchInput")}
    batch: list[Any] = []
    size = empty = byte_size({**common, "Items": []})
    for _, item in items:
        item_size = byte_size(item) + 1
        if batch and ((most and len(batch) >= most) or (most_bytes and size + item_size > most_bytes)):
            yield {**common, "Items": batch}, len(batch)
            batch, size = [], empty
        batch.append(item)
        size += item_size
    if batch:
        yield {**common, "Items": batch}, len(batch)


def _selected(map_run: MapRun, items: list[Any]) -> Iterator[tuple[Any, Any]]:
    place, frame = map_run.place, map_run.place.frame
    if "ItemSelector" not in place.state.raw and "Parameters" not in place.state.raw:
        for item in items:
            yield item, item
        return
    for index, item in enumerate(items):
        inner = frame.inner(frame.thread, items={"Item": {"Index": index, "Value": item}})
        yield item, select_item(place, item, map_run.effective, inner)


def _run_children(map_run: MapRun, items: list[Any]) -> Work[None]:
    seen, clock = map_run.record, map_run.place.run.clock
    map_run.total = seen.items = len(items)
    parent, graph = map_run.place.frame, map_run.place.state.graphs[0]
    sizes: dict[int, int] = {}
    inputs: dict[int, Any] = {}

    def lines() -> Iterator[Line]:
        for index, (payload, size) in enumerate(_batches(map_run, _selected(map_run, items))):
            sizes[index] = size
            if map_run.writer is not None:
                inputs[index] = payload
            recorded = index < CHILDREN_RECORDED
            frame = _child_frame(map_run, index, payload, recorded=recorded and parent.recorded)
            seen.child_started(index, size, _child(frame, clock.now, size) if recorded else None)
            yield Line(index, frame, run_graph(graph, payload, frame))

    def succeeded(line: Line, output: Any) -> None:
        seen.child_ended(line.index, sizes.pop(line.index, 1), "succeeded", clock.now, output=output)
        if map_run.writer is None:
            map_run.results[line.index] = output
        else:
            record = _record(map_run, line, inputs.pop(line.index), "SUCCEEDED", {"Output": dump(output)})
            map_run.writer.add("SUCCEEDED", record, output)

    def failed(line: Line, failure: StateFailure) -> StateFailure | None:
        size = sizes.pop(line.index, 1)
        map_run.failed_items += size
        seen.child_ended(line.index, size, "failed", clock.now, error=failure.error, cause=failure.cause)
        if map_run.writer is not None:
            error = {"Error": failure.error, "Cause": failure.cause}
            map_run.writer.add("FAILED", _record(map_run, line, inputs.pop(line.index), "FAILED", error), MISSING)
        return None if _tolerated(map_run) else StateFailure(THRESHOLD, THRESHOLD_CAUSE)

    limit = seen.max_concurrency or CONCURRENT_CHILDREN
    group = Group(parent, lines(), limit, on_success=succeeded, on_failure=failed, on_abort=lambda _: None)
    seen.apply = lambda: group.set_limit(seen.max_concurrency or CONCURRENT_CHILDREN)
    yield from group.run()


def _tolerated(map_run: MapRun) -> bool:
    count, percentage = map_run.record.tolerated_count, map_run.record.tolerated_percentage
    if count is None and percentage is None:
        return False
    if count is not None and map_run.failed_items > count:
        return False
    share = 100 * map_run.failed_items / max(1, map_run.total or 1)
    return percentage is None or share <= percentage


def _child(frame: Frame, now: float, size: int) -> Child:
    execution = frame.execution or {}
    return Child(execution["Id"], execution["Name"], execution["Input"], now, size)


def _child_frame(map_run: MapRun, index: int, payload: Any, *, recorded: bool) -> Frame:
    run: Run = map_run.place.run
    settings = run.settings
    history = History(settings.event_limit, keep=False)
    name = str(uuid.UUID(int=run.random.getrandbits(128), version=4))
    frame = Frame(
        run,
        Scope(),
        Thread(),
        history=history,
        iterations=(*map_run.place.frame.iterations, index),
        concurrent=True,
        recorded=recorded,
        execution={
            "Id": f"arn:aws:states:{settings.region}:{settings.account}:execution:{map_run.child_machine}:{name}",
            "Input": payload,
            "StartTime": run.clock.text(),
            "Name": name,
            "RoleArn": settings.role_arn,
            "RedriveCount": 0,
        },
    )
    frame.add_event("ExecutionStarted", {})
    return frame


def _record(map_run: MapRun, line: Line, payload: Any, status: str, end: Mapping[str, Any]) -> dict[str, Any]:
    """A child execution as ResultWriter describes it."""
    execution = line.frame.execution or {}
    settings = map_run.place.run.settings
    return {
        "ExecutionArn": execution["Id"],
        "Input": dump(payload),
        "InputDetails": {"Included": True},
        "Name": execution["Name"],
        **end,
        **({"OutputDetails": {"Included": True}} if "Output" in end else {}),
        "StartDate": execution["StartTime"],
        "StateMachineArn": f"arn:aws:states:{settings.region}:{settings.account}:stateMachine:{map_run.child_machine}",
        "Status": status,
        "StopDate": map_run.place.run.clock.text(),
    }
