"""The distributed Map: a Map Run with a child execution for each item or batch of items.

Children have histories of their own, as in AWS: the parent's shows MapRunStarted and MapRunSucceeded. Where
MaxConcurrency sets no limit, a thousand children run at a time (AWS: up to ten thousand), so that memory stays bounded.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeproof.stepfunctions.engine.fan_out import Group, Line
from pipeproof.stepfunctions.engine.history import History, Thread
from pipeproof.stepfunctions.engine.interpreter import run_graph
from pipeproof.stepfunctions.engine.items.datasets import STATE_DATA, Dataset, entries_of
from pipeproof.stepfunctions.engine.items.writer import ResultFiles, Results
from pipeproof.stepfunctions.engine.map_runs import Child
from pipeproof.stepfunctions.engine.run import Frame, Place, Run
from pipeproof.stepfunctions.engine.scheduler import Cancelled, Work
from pipeproof.stepfunctions.engine.settings import EXPRESS_SECONDS
from pipeproof.stepfunctions.engine.states.map_fields import (
    find_concurrency,
    given_items,
    not_items,
    select_item,
)
from pipeproof.stepfunctions.engine.states.map_run import MapRun
from pipeproof.stepfunctions.engine.states.tolerance import (
    THRESHOLD,
    THRESHOLD_CAUSE,
    exceeds_tolerance,
    find_tolerance,
)
from pipeproof.stepfunctions.engine.visits import KeptLine
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.expressions.environment import Scope
from pipeproof.stepfunctions.values import MISSING, byte_size, dump, random_uuid

CHILDREN_RECORDED = 100
"""Of one Map Run, the visits of so many children are remembered: memory stays bounded.

Of executions through the API, which may be redriven, all children are, without their visits.
"""
CONCURRENT_CHILDREN = 1_000


def run_distributed(place: Place, effective: Any) -> Work[Any]:
    """Runs a distributed Map; gives its result."""
    raw, frame = place.state.raw, place.frame
    before = place.visit.take_lines()
    if before and place.visit.map_run is not None:
        return (yield from _run_again(place, before))
    given = None if "ItemReader" in raw else given_dataset(place, effective)
    map_run = MapRun(place, effective)
    record = map_run.record
    record.max_concurrency = find_concurrency(place, effective)
    frame.add_event("MapStateStarted", {"length": 0 if given is None else len(given.items)})
    record.tolerated_count, record.tolerated_percentage = find_tolerance(place, effective)
    map_run.refuse_children()
    frame.add_event("MapRunStarted", {"mapRunArn": map_run.arn})
    return (yield from _finish(map_run, given, {}))


def _run_again(place: Place, before: Mapping[int, KeptLine]) -> Work[Any]:
    """Redrives a Map Run: children that succeeded keep their results; it reads its items no second time."""
    map_run, dataset = place.visit.map_run
    map_run.failed_items = 0
    map_run.record.redrive(place.run.clock.now)
    redriven = {"mapRunArn": map_run.arn, "redriveCount": len(map_run.record.redrives)}
    place.frame.add_event("MapRunRedriven", redriven)
    return (yield from _finish(map_run, dataset, before))


def _finish(map_run: MapRun, given: Dataset | None, before: Mapping[int, KeptLine]) -> Work[Any]:
    """Runs the children of a Map Run that has been started; gives the state's result."""
    record, frame, visit = map_run.record, map_run.place.frame, map_run.place.visit
    try:
        dataset = given if given is not None else map_run.read()
        if frame.run.keeps_lines:
            visit.map_run = (map_run, dataset)
        results = map_run.results()
        record.has_writer = isinstance(results, ResultFiles)
        yield from _run_children(map_run, dataset, results, before)
        result = results.finish(map_run.arn)
    except Cancelled:
        record.end("ABORTED", frame.run.clock.now)
        raise
    except StateFailure as failure:
        record.end("FAILED", frame.run.clock.now)
        details = {"error": failure.error, "cause": failure.cause}
        frame.add_event("MapRunFailed", {key: text for key, text in details.items() if text is not None})
        raise
    record.end("SUCCEEDED", frame.run.clock.now)
    last = frame.thread.last
    frame.add_event("MapRunSucceeded", {})
    frame.add_event("MapStateSucceeded", {})
    frame.thread.last = last
    return result


def note_inputs(place: Place, effective: Any, dataset: Dataset) -> None:
    """Notes for TestState what ItemSelector and ItemBatcher make of the items."""
    raw = place.state.raw
    if not raw.keys() & {"ItemSelector", "ItemBatcher"}:
        return
    map_run = MapRun(place, effective)
    selected = list(_selected(map_run, dataset))
    if "ItemSelector" in raw:
        place.note("afterItemSelector", selected)
    if "ItemBatcher" in raw:
        place.note("afterItemBatcher", [payload for payload, _ in _batches(map_run, iter(selected))])


def given_dataset(place: Place, effective: Any) -> Dataset:
    """Return the items where no reader gives them; an object's are its entries."""
    found = given_items(place, effective)
    dataset = Dataset()
    if isinstance(found, dict):
        dataset.add(STATE_DATA, entries_of(found), keyed=True)
    elif isinstance(found, list):
        dataset.add(STATE_DATA, found)
    else:
        raise not_items(place.state, found)
    return dataset


def _batches(map_run: MapRun, items: Iterator[Any]) -> Iterator[tuple[Any, int]]:
    """Yield each child's input, and how many items it has."""
    raw = map_run.place.state.raw.get("ItemBatcher")
    if raw is None:
        for item in items:
            yield item, 1
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
    for item in items:
        item_size = byte_size(item) + 1
        if batch and ((most and len(batch) >= most) or (most_bytes and size + item_size > most_bytes)):
            yield {**common, "Items": batch}, len(batch)
            batch, size = [], empty
        batch.append(item)
        size += item_size
    if batch:
        yield {**common, "Items": batch}, len(batch)


def _selected(map_run: MapRun, dataset: Dataset) -> Iterator[Any]:
    """Yield what becomes of each item."""
    place, frame = map_run.place, map_run.place.frame
    if "ItemSelector" not in place.state.raw and "Parameters" not in place.state.raw:
        yield from dataset.items
        return
    for index, item in enumerate(dataset.items):
        inner = frame.inner(frame.thread)
        inner.items = {"Item": dataset.context(index)}
        yield select_item(place, item, map_run.effective, inner)


def _run_children(
    map_run: MapRun, dataset: Dataset, results: Results | ResultFiles, before: Mapping[int, KeptLine]
) -> Work[None]:
    visit, keeps = map_run.place.visit, map_run.place.run.keeps_lines
    seen, clock = map_run.record, map_run.place.run.clock
    map_run.total = seen.items = len(dataset.items)
    parent, graph = map_run.place.frame, map_run.place.state.graphs[0]
    sizes: dict[int, int] = {}

    def lines() -> Iterator[Line]:
        for index, (payload, size) in enumerate(_batches(map_run, _selected(map_run, dataset))):
            if size != 1:
                sizes[index] = size
            kept = before.get(index)
            if kept is not None and kept.is_done:
                visit.keep_line(index, kept)
                add_result(Line(index, kept.frame, run_graph(graph, payload, kept.frame)), kept.output)
                continue
            recorded = index < CHILDREN_RECORDED
            if kept is not None and map_run.child_type == "STANDARD" and kept.frame.execution:
                frame = kept.frame
                frame.execution = {**frame.execution, "RedriveCount": frame.execution["RedriveCount"] + 1}
                seen.child_redriven(index, size)
            else:
                frame = _child_frame(map_run, index, payload, recorded=recorded and parent.recorded)
                frame.position = (graph.start_at, payload)
                seen.child_started(index, size, _child(frame, clock.now, size) if recorded or keeps else None)
            if keeps:
                visit.keep_line(index, KeptLine(frame))
            yield Line(index, frame, run_graph(graph, payload, frame))

    def add_result(line: Line, output: Any) -> None:
        results.add(
            line.index, "SUCCEEDED", lambda: _record(map_run, line, "SUCCEEDED", {"Output": dump(output)}), output
        )

    def succeeded(line: Line, output: Any) -> None:
        seen.child_ended(line.index, sizes.pop(line.index, 1), "succeeded", clock.now, output=output)
        if keeps:
            visit.lines[line.index].output = output
        add_result(line, output)

    def failed(line: Line, failure: StateFailure) -> StateFailure | None:
        size = sizes.pop(line.index, 1)
        map_run.failed_items += size
        how = "timedOut" if failure is line.expired else "failed"
        seen.child_ended(line.index, size, how, clock.now, error=failure.error, cause=failure.cause)
        error = {"Error": failure.error, "Cause": failure.cause}
        status = "TIMED_OUT" if how == "timedOut" else "FAILED"
        results.add(line.index, "FAILED", lambda: _record(map_run, line, status, error), MISSING)
        if _tolerated(map_run):
            return None
        return StateFailure(THRESHOLD, THRESHOLD_CAUSE, exception=failure.exception)

    limit = seen.max_concurrency or CONCURRENT_CHILDREN
    seconds = EXPRESS_SECONDS if map_run.child_type == "EXPRESS" else None
    group = Group(
        parent, lines(), limit, on_success=succeeded, on_failure=failed, on_abort=lambda _: None, seconds=seconds
    )
    seen.apply = lambda: group.set_limit(seen.max_concurrency or CONCURRENT_CHILDREN)
    yield from group.run()


def _tolerated(map_run: MapRun) -> bool:
    count, share = map_run.record.tolerated_count, map_run.record.tolerated_percentage
    if count is None and share is None:
        return False
    return not exceeds_tolerance(map_run.failed_items, map_run.total or 1, count, share)


def _child(frame: Frame, now: float, size: int) -> Child:
    execution = frame.execution or {}
    return Child(execution["Id"], execution["Name"], execution["Input"], now, size)


def _child_frame(map_run: MapRun, index: int, payload: Any, *, recorded: bool) -> Frame:
    run: Run = map_run.place.run
    settings = run.settings
    history = History(None if map_run.child_type == "EXPRESS" else settings.event_limit, keep=False)
    name = random_uuid(run.random)
    frame = Frame(run, Scope(), Thread(), history, (*map_run.place.frame.iterations, index))
    frame.concurrent, frame.recorded = True, recorded
    frame.execution = {
        "Id": f"{map_run.child_arn}:{name}",
        "Input": payload,
        "StartTime": run.clock.text(),
        "Name": name,
        "RoleArn": settings.role_arn,
        "RedriveCount": 0,
    }
    frame.add_event("ExecutionStarted", {})
    return frame


def _record(map_run: MapRun, line: Line, status: str, end: Mapping[str, Any]) -> dict[str, Any]:
    """Return a child execution as ResultWriter describes it."""
    execution = line.frame.execution or {}
    redrivable = status != "SUCCEEDED" and map_run.child_type == "STANDARD"
    reason = {} if redrivable else {"RedriveStatusReason": f"Execution is {status} and cannot be redriven"}
    return {
        "ExecutionArn": execution["Id"],
        "Input": dump(execution["Input"]),
        "InputDetails": {"Included": True},
        "Name": execution["Name"],
        **end,
        **({"OutputDetails": {"Included": True}} if "Output" in end else {}),
        "RedriveCount": execution["RedriveCount"],
        "RedriveStatus": "REDRIVABLE" if redrivable else "NOT_REDRIVABLE",
        **reason,
        "StartDate": execution["StartTime"],
        "StateMachineArn": map_run.child_machine_arn,
        "Status": status,
        "StopDate": map_run.place.run.clock.text(),
    }
