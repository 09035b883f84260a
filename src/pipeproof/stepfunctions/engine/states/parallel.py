"""The Parallel state: its branches side by side."""

from collections.abc import Iterator
from typing import Any

from pipeproof.stepfunctions.engine.fan_out import Group, Line, add_aborted
from pipeproof.stepfunctions.engine.history import Thread
from pipeproof.stepfunctions.engine.interpreter import run_graph
from pipeproof.stepfunctions.engine.run import Outcome, Place
from pipeproof.stepfunctions.engine.scheduler import Work
from pipeproof.stepfunctions.engine.states.steps import effective_input, find_payload, result_outcome
from pipeproof.stepfunctions.engine.visits import KeptLine
from pipeproof.stepfunctions.errors import StateFailure


def run_parallel(place: Place) -> Work[Outcome]:
    """Runs its branches side by side; the result is the list of their outputs."""
    frame, visit, graphs = place.frame, place.visit, place.state.graphs
    attempt, before = visit.attempts[-1], visit.take_lines()
    payload = attempt.payload = find_payload(place, effective_input(place))
    started = frame.thread.last if before else frame.add_event("ParallelStateStarted", {})
    results = [before[index].output if index in before else None for index in range(len(graphs))]

    def lines() -> Iterator[Line]:
        for index, graph in enumerate(graphs):
            kept = before.get(index) or KeptLine(frame.inner(Thread(started)))
            if frame.run.keeps_lines:
                visit.keep_line(index, kept)
            if not kept.is_done:
                yield Line(index, kept.frame, run_graph(graph, payload, kept.frame))

    def succeeded(line: Line, output: Any) -> None:
        results[line.index] = output
        if frame.run.keeps_lines:
            visit.lines[line.index].output = output
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
