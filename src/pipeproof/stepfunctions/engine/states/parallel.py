"""The Parallel state: its branches side by side."""

from collections.abc import Iterator
from typing import Any

from pipeproof.stepfunctions.engine.fan_out import Group, Line, add_aborted
from pipeproof.stepfunctions.engine.history import Thread
from pipeproof.stepfunctions.engine.interpreter import run_graph
from pipeproof.stepfunctions.engine.run import Outcome, Place
from pipeproof.stepfunctions.engine.scheduler import Work
from pipeproof.stepfunctions.engine.states.steps import find_payload, result_outcome
from pipeproof.stepfunctions.errors import StateFailure


def run_parallel(place: Place) -> Work[Outcome]:
    """Runs its branches side by side; the result is the list of their outputs."""
    frame, attempt, graphs = place.frame, place.visit.attempts[-1], place.state.graphs
    payload = attempt.payload = find_payload(place)
    started = frame.add_event("ParallelStateStarted", {})
    results: list[Any] = [None] * len(graphs)

    def lines() -> Iterator[Line]:
        for index, graph in enumerate(graphs):
            inner = frame.inner(Thread(started))
            yield Line(index, inner, run_graph(graph, payload, inner))

    def succeeded(line: Line, output: Any) -> None:
        results[line.index] = output
        frame.thread.last = max(frame.thread.last, line.frame.thread.last)

    def failed(line: Line, failure: StateFailure) -> StateFailure:
        add_aborted(line.frame)
        frame.thread.last = max(frame.thread.last, line.frame.thread.last)
        return failure

    group = Group(frame, lines(), 0, on_success=succeeded, on_failure=failed, on_abort=lambda _: None)
    yield from group.run()
    frame.add_event("ParallelStateSucceeded", {}, leaf=True)
    attempt.result = results
    return result_outcome(place, results)
