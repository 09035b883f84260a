"""What failed in the words of its domain: task, state, model, permission; out of the evidence that a test left.

A flow or an execution that a test lets fail (`check=False`) and then looks at is told of by no exception; and what AWS
says of a denied call names the action, but not the template's line at which the role stands.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeproof.events import MALFORMED
from pipeproof.report.relative import leave_out
from pipeproof.results.model import Failure, TestResult

Record = Mapping[str, Any]

_FACTS = 5
_NAMES_THE_MODEL = re.compile(r"\A\s*\w+ Error in .*\n")
"""`Runtime Error in model revenue (models/revenue.sql)`, with which dbt begins."""
_FINE = ("success", "pass", "skipped", "warn")


def domain_facts(result: TestResult, failure: Failure, workspace: Path) -> list[str]:
    """Say, a line each, what went wrong in the flows, machines, models and calls of a test that failed.

    What the failure says itself is not said again. Evidence is written by the tests' process: a record that is not in
    its form is passed over.
    """
    relative = leave_out(workspace)
    said = relative(f"{failure.message}\n{failure.traceback}")
    facts: dict[str, None] = {}
    for record in result.evidence:
        tell = _TELLERS.get(str(record.get("kind")))
        try:
            told = list(tell(record["data"], workspace)) if tell else []
        except MALFORMED:
            continue
        facts.update((relative(fact), None) for fact, known in told if not known or relative(known) not in said)
    return list(facts)[:_FACTS]


def _flow(run: Record, _workspace: Path) -> Iterator[tuple[str, str]]:
    """Yield the tasks that failed; where none did, the flow itself. Each with the words by which it would be known."""
    name, state = run["flow"], run["state"]
    known = f"flow {name!r} ended in state"
    failed = [task for task in run["task_runs"] if task["state"]["type"] in ("FAILED", "CRASHED")]
    for task in failed:
        reason = task["error"] or task["state"]["message"]
        attempts = f"{task['attempts']} attempt{'' if task['attempts'] == 1 else 's'}"
        yield f"flow {name}: task {task['task']} {task['state']['name']} after {attempts}{_because(reason)}", known
    if not failed and state["type"] in ("FAILED", "CRASHED", "CANCELLED"):
        yield f"flow {name}: {state['name']}{_because(run['error'] or state['message'])}", known
    for subflow in run.get("subflows") or ():
        yield from _flow(subflow, _workspace)


def _execution(run: Record, _workspace: Path) -> Iterator[tuple[str, str]]:
    if run["status"] in ("SUCCEEDED", "RUNNING"):
        return
    failing = run.get("failing")
    where = f" in state {failing['state']} with the input {failing['input']}" if failing else ""
    known = f"the execution {run['execution']!r}"
    yield f"state machine {run['machine']}: {run['status']}{where}{_because(run['error'])}", known


def _models(run: Record, _workspace: Path) -> Iterator[tuple[str, str]]:
    for node in run["nodes"]:
        if node["status"] not in _FINE:
            where = f" ({node['file']})" if node["file"] else ""
            message = str(node["message"])
            yield (
                f"{node['type']} {node['name']}{where}: {node['status']}{_because(message)}",
                _said_by_the_database(message),
            )


def _policy(usage: Record, workspace: Path) -> Iterator[tuple[str, str]]:
    place = usage["place"]
    where = f", {_relative(place, workspace)}" if place else ""
    for missing in usage["missing"]:
        yield f"missing: {missing['action']} on {missing['resource']} (policy {usage['policy']}{where})", ""


_TELLERS: Mapping[str, Callable[[Any, Path], Iterator[tuple[str, str]]]] = {
    "prefect.flow_run": _flow,
    "stepfunctions.execution": _execution,
    "dbt.run": _models,
    "aws.policy": _policy,
}


def _because(reason: object) -> str:
    return f": {reason}" if reason else ""


def _said_by_the_database(message: str) -> str:
    """Return the line by which a message of dbt's is known: not the one that only names the model."""
    return _first_line(_NAMES_THE_MODEL.sub("", message)) or _first_line(message)


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _relative(place: str, workspace: Path) -> str:
    return os.path.relpath(place, workspace) if Path(place).is_absolute() else place
