"""The Map state, inline: one line of states for each item."""

from collections.abc import Iterator
from typing import Any

from pipeproof.stepfunctions.engine.fan_out import Group, Line, add_aborted
from pipeproof.stepfunctions.engine.history import Thread
from pipeproof.stepfunctions.engine.interpreter import run_graph
from pipeproof.stepfunctions.engine.items.datasets import STATE_DATA
from pipeproof.stepfunctions.engine.run import Outcome, Place
from pipeproof.stepfunctions.engine.scheduler import Work
from pipeproof.stepfunctions.engine.states.distributed_map import run_distributed
from pipeproof.stepfunctions.engine.states.map_fields import (
    find_concurrency,
    given_items,
    not_items,
    select_item,
)
from pipeproof.stepfunctions.engine.states.steps import effective_input, result_outcome
from pipeproof.stepfunctions.engine.states.tolerance import find_tolerance
from pipeproof.stepfunctions.engine.visits import KeptLine
from pipeproof.stepfunctions.errors import StateFailure


def run_map(place: Place) -> Work[Outcome]:
    """Runs its processor for each item; the result is the list of the outputs, in the items' order."""
    effective = effective_input(place)
    if place.state.is_distributed:
        result = yield from run_distributed(place, effective)
    else:
        result = yield from _run_inline(place, effective, find_items(place, effective))
    place.visit.attempts[-1].result = result
    return result_outcome(place, result)


def find_items(place: Place, effective: Any) -> list[Any]:
    """Return the items: of Items (JSONata), of ItemsPath, or the input itself."""
    found = given_items(place, effective)
    if not isinstance(found, list):
        raise not_items(place.state, found)
    return found


def _run_inline(place: Place, effective: Any, items: list[Any]) -> Work[list[Any]]:
    state, frame, visit = place.state, place.frame, place.visit
    limit, before = find_concurrency(place, effective), visit.take_lines()
    started = frame.thread.last if before else frame.add_event("MapStateStarted", {"length": len(items)})
    find_tolerance(place, effective)
    results = [before[index].output if index in before else None for index in range(len(items))]
    graph = state.graphs[0]
    marks: dict[int, dict[str, Any]] = {}

    def lines() -> Iterator[Line]:
        for index, item in enumerate(items):
            marks[index] = {"index": index, "name": state.name}
            kept = before.get(index)
            if kept is not None:
                visit.keep_line(index, kept)
                if not kept.is_done:
                    yield Line(index, kept.frame, run_graph(graph, None, kept.frame))
                continue
            inner = frame.inner(Thread(frame.thread.last if limit == 1 else started))
            inner.iterations = (*frame.iterations, index)
            inner.items = {"Item": {"Index": index, "Value": item, "Source": STATE_DATA}}
            inner.concurrent = limit != 1
            payload = select_item(place, item, effective, inner)
            inner.position = (graph.start_at, payload)
            if frame.run.keeps_lines:
                visit.keep_line(index, KeptLine(inner))
            inner.add_event("MapIterationStarted", marks[index])
            yield Line(index, inner, run_graph(graph, payload, inner))

    def succeeded(line: Line, output: Any) -> None:
        results[line.index] = output
        if frame.run.keeps_lines:
            visit.lines[line.index].output = output
        before = line.frame.thread.last
        event = line.frame.add_event("MapIterationSucceeded", marks[line.index])
        frame.thread.last = event if line.index == len(items) - 1 else before

    def failed(line: Line, failure: StateFailure) -> StateFailure:
        line.frame.current = None
        before = line.frame.thread.last
        line.frame.add_event("MapIterationFailed", marks[line.index])
        frame.thread.last = before
        return failure

    def aborted(line: Line) -> None:
        add_aborted(line.frame)
        line.frame.add_event("MapIterationAborted", marks[line.index])

    group = Group(frame, lines(), limit, on_success=succeeded, on_failure=failed, on_abort=aborted)
    yield from group.run()
    frame.add_event("MapStateSucceeded", {}, leaf=True)
    return results
