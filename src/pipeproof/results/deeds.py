"""Deeds: what a test ran, as the audit tells it: each flow run, execution and dbt command, out of its evidence."""

from collections.abc import Iterator, Mapping
from typing import Any


def describe_evidence(kind: str, data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the audit's events for one record of evidence; what is not in the form of its kind has none.

    `flow run` has flow, run, name, state and when it ended; `execution` machine, definition, execution and status;
    `dbt` the command, its selection, the schema that it wrote to, and how many nodes came to which status.
    """
    if kind == "prefect.flow_run":
        yield from _flow(data)
    elif kind == "stepfunctions.execution" and isinstance(data.get("machine"), str):
        names = {
            "machine": "machine",
            "definition": "file",
            "execution": "execution",
            "status": "status",
            "error": "error",
        }
        yield {"event": "execution", **_texts(data, names)}
    elif kind == "dbt.run" and isinstance(data.get("command"), str):
        yield {"event": "dbt", **_texts(data, {"command": "command", "schema": "schema"}), **_nodes(data)}


def _flow(run: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    told = _texts(run, {"flow": "flow", "run": "flow_run_id", "name": "flow_run_name", "error": "error"})
    state, states, inner = run.get("state"), run.get("states"), run.get("subflows")
    if isinstance(state, Mapping):
        told |= _texts(state, {"state": "name"})
    if isinstance(states, list) and states and isinstance(states[-1], Mapping):
        told |= _texts(states[-1], {"ended": "timestamp"})
    if "flow" in told:
        yield {"event": "flow run", **told}
    for subflow in inner if isinstance(inner, list) else ():
        if isinstance(subflow, Mapping):
            yield from _flow(subflow)


def _nodes(run: Mapping[str, Any]) -> dict[str, Any]:
    counts: dict[str, int] = {}
    nodes, selection = run.get("nodes"), run.get("select")
    for node in nodes if isinstance(nodes, list) else ():
        if isinstance(node, Mapping):
            status = str(node.get("status"))
            counts[status] = counts.get(status, 0) + 1
    chosen = [str(one) for one in selection] if isinstance(selection, list) else []
    return {key: value for key, value in {"select": chosen, "nodes": counts}.items() if value}


def _texts(source: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    return {name: source[key] for name, key in names.items() if isinstance(source.get(key), str)}
