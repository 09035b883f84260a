"""The Map state, inline: one line of states for each item."""

from collections.abc import Generator, Iterator
from typing import Any

from pipeproof.stepfunctions.definition.model import State
from pipeproof.stepfunctions.engine.history import Thread
from pipeproof.stepfunctions.engine.interpreter import Outcome, run_graph, worker
from pipeproof.stepfunctions.engine.run import Frame, Visit
from pipeproof.stepfunctions.engine.scheduler import Signal, Sleep
from pipeproof.stepfunctions.engine.states.distributed_map import run_distributed
from pipeproof.stepfunctions.engine.states.fan_out import Group, Line, add_aborted
from pipeproof.stepfunctions.engine.states.map_fields import find_concurrency, select_item
from pipeproof.stepfunctions.engine.states.task import result_outcome
from pipeproof.stepfunctions.errors import StateFailure, evaluation_failure, runtime_failure
from pipeproof.stepfunctions.expressions.environment import Environment
from pipeproof.stepfunctions.expressions.payload import select
from pipeproof.stepfunctions.values import dump, type_name

Work = Generator[Sleep | Signal | None, Any, Outcome]


@worker("Map")
def run_map(state: State, value: Any, frame: Frame, visit: Visit) -> Work:
    """Runs its processor for each item; the result is the list of the outputs, in the items' order."""
    environment = frame.environment(visit)
    effective = value if state.is_jsonata else select(state.raw, "InputPath", value, environment)
    if state.is_distributed:
        result = yield from run_distributed(state, value, effective, frame, visit, environment)
    else:
        items = find_items(state, value, effective, environment)
        result = yield from _run_inline(state, value, effective, items, frame, visit, environment)
    visit.attempts[-1].result = result
    return result_outcome(state, value, result, environment)


def find_items(state: State, value: Any, effective: Any, environment: Environment) -> list[Any]:
    """The items: of Items (JSONata), of ItemsPath, or the input itself."""
    if state.is_jsonata:
        from pipeproof.stepfunctions.expressions.payload import fill_expressions

        raw = state.raw.get("Items")
        found = value if raw is None else fill_expressions(raw, "Items", {"input": value}, environment)
        if not isinstance(found, list):
            shown = raw[2:-2].strip() if isinstance(raw, str) else "$states.input"
            raise evaluation_failure(
                f"The JSONata expression '{shown}' specified for the field 'Items' returned an unexpected result type. "
                f"Expected 'array', but was '{type_name(found)}' for value: {dump(found)}",
                "Items",
            )
        return found
    path = state.raw.get("ItemsPath", "$")
    found = environment.query(path, effective)
    if not isinstance(found, list):
        shown = path[1:] if path.startswith("$$") else path
        raise runtime_failure(f'Reference path "{shown}" must point to array.')
    return found


def _run_inline(
    state: State,
    value: Any,
    effective: Any,
    items: list[Any],
    frame: Frame,
    visit: Visit,
    environment: Environment,
) -> Generator[Sleep | Signal | None, Any, list[Any]]:
    limit = find_concurrency(state, value, effective, environment)
    started = frame.add_event("MapStateStarted", {"length": len(items)})
    results: list[Any] = [None] * len(items)
    graph = state.graphs[0]

    def lines() -> Iterator[Line]:
        for index, item in enumerate(items):
            mark = {"index": index, "name": state.name}
            inner = frame.inner(
                Thread(frame.thread.last if limit == 1 else started),
                iterations=(*frame.iterations, index),
                items={"Item": {"Index": index, "Value": item}},
                concurrent=limit != 1,
            )
            payload = select_item(state, item, value, effective, inner, visit)
            inner.add_event("MapIterationStarted", mark)
            yield Line(index, inner, run_graph(graph, payload, inner))

    def succeeded(line: Line, output: Any) -> None:
        results[line.index] = output
        before = line.frame.thread.last
        event = line.frame.add_event("MapIterationSucceeded", {"index": line.index, "name": state.name})
        frame.thread.last = event if line.index == len(items) - 1 else before

    def failed(line: Line, failure: StateFailure) -> StateFailure:
        line.frame.current = None
        before = line.frame.thread.last
        line.frame.add_event("MapIterationFailed", {"index": line.index, "name": state.name})
        frame.thread.last = before
        return failure

    def aborted(line: Line) -> None:
        add_aborted(line.frame)
        line.frame.add_event("MapIterationAborted", {"index": line.index, "name": state.name})

    group = Group(frame, lines(), limit, on_success=succeeded, on_failure=failed, on_abort=aborted)
    yield from group.run()
    frame.add_event("MapStateSucceeded", {}, leaf=True)
    return results
